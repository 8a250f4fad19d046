"""Two readings of one prompt made one query: what is believed, kept, added and left out (F-1)."""

import pytest

from models.llm.reading import BESIDE, Heard, Said
from models.llm.reading_codes import found_in
from models.llm.reading_merge import MOST_CONFIDENCE, merge
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.types import EmployeeRange

TAXONOMY = load_taxonomy()


def said(*readings, language="en"):
    return Said(language, tuple(Heard(*(part.strip() for part in each.split("|"))) for each in readings))


def found(prompt, *readings):
    return [(each.field, each.value) for each in found_in(prompt, said(*readings), TAXONOMY)]


def merged(prompt, *readings, language="en"):
    return merge(prompt, parse(prompt, TAXONOMY), said(*readings, language=language), TAXONOMY)


@pytest.mark.parametrize(
    ("prompt", "reading", "expected"),
    [
        (
            "haulage guys in Texas",
            "include.industries | trucking | haulage guys",
            [("include.industries", "trucking")],
        ),
        ("the land down under", "include.countries | Australia | Down Under", [("include.countries", "AU")]),
        ("für die Österreicher", "include.countries | Austria | osterreicher", [("include.countries", "AT")]),
        ("lifts in sp", "include.cities | São Paulo | sp", [("include.cities", "sao_paulo")]),
        ("head honchos", "include.seniorities | CEO | honchos", [("include.seniorities", "cxo")]),
        ("money men", "include.roles | finance | money men", [("include.roles", "finance")]),
        ("pe backed", "include.stages | private equity | pe backed", [("include.stages", "private_equity")]),
        (
            "on the force of sales",
            "include.technologies | Salesforce | force",
            [("include.technologies", "salesforce")],
        ),
        ("like Northwind Ltd", "exemplars | Northwind | Northwind Ltd", [("exemplars", "Northwind Ltd")]),
        ("like www.northwind.io", "exemplars | x | northwind.io", [("exemplars", "northwind.io")]),
        ("about 50 of them", "limit | 50 | about 50", [("limit", "50")]),
        (
            "50 to 500 folks",
            "include.employees | 50-500 | 50 to 500",
            [("include.employees", EmployeeRange(50, 500))],
        ),
        (
            "over 2k heads",
            "include.employees | 2001+ | over 2k",
            [("include.employees", EmployeeRange(2001, None))],
        ),
        (
            "a handful of people",
            "include.employees | 2-10 | a handful",
            [("include.employees", EmployeeRange(2, 10))],
        ),
        (
            "50 to 500 folks",
            "include.employees | 50 – 500 employees | 50",
            [("include.employees", EmployeeRange(50, 500))],
        ),
        ("the buckeyes", "include.countries | Ohio, USA | buckeyes", [("include.regions", "us_oh")]),
        ("the swabians", "include.cities | Germany | swabians", [("include.countries", "DE")]),
        (
            "pay days",
            "product.concepts | Expense Management | pay days",
            [("product.concepts", "expense_management")],
        ),
        ("wee firms", "include.employees | small | wee", [("include.employees", EmployeeRange(1, 50))]),
        ("spare me hobbyists", "exclude.industries | hobby | hobbyists", [("exclude.keywords", "hobbyists")]),
        (
            "keg tracking",
            "product.concepts | keg tracking | keg tracking",
            [("product.keywords", "keg tracking")],
        ),
    ],
)
def test_words_of_the_prompt_and_known_values_are_found(prompt, reading, expected):
    assert found(prompt, reading) == expected


@pytest.mark.parametrize(
    ("prompt", "reading"),
    [
        ("CRM for banks", "include.countries | France | france"),  # does not stand there
        ("CRM for banks", "include.countries | France | "),
        ("CRM for banks", "include.industries | hotels | banks"),  # known as something else
        ("CRM for France", "include.countries | Germany | France"),
        ("CRM for odd folk", "include.industries | wizardry | odd folk"),  # no such trade
        ("CRM on Frobnicator", "include.technologies | frobnicator | Frobnicator"),
        ("from 50 to 500 folks", "include.employees | 5-9 | 50 to 500 folks"),  # other numbers
        ("from 500 to 50 folks", "include.employees | 500-50 | 500 to 50"),
        ("few folks", "include.employees | few | few"),
        ("few folks", "include.employees | - | few"),
        ("about fifty", "limit | 50 | fifty"),  # not read as a number by us
        ("about 5000", "limit | 5000 | 5000"),
        ("like hospitals", "exemplars | Hospitals | hospitals"),  # a trade and no name
        ("a b c d e f g h", "exemplars | x | a b c d e f g"),
        ("a b c d e f g h", "product.keywords | x | a b c d"),
    ],
)
def test_everything_else_is_left_out(prompt, reading):
    assert found(prompt, reading) == []


def test_startups_ruled_out_are_the_young_and_tiny():
    assert found("no startups", "exclude.stages | startups | startups") == [
        ("exclude.employees", EmployeeRange(1, 10)),
        ("exclude.stages", "pre_seed"),
        ("exclude.stages", "seed"),
        ("exclude.stages", "early"),
    ]


def test_what_the_rules_missed_is_added_with_its_words():
    prompt = "sell cyber stuff 2 town halls n school districts ohio"
    query, outcome = merged(
        prompt,
        "product.concepts | cybersecurity | cyber stuff",
        "include.industries | municipalities | 2 town halls",
        "include.industries | schools | school districts",
        "include.regions | Ohio | ohio",
    )
    assert outcome == "merged"
    assert query.product.concepts == ("cybersecurity",)
    assert (query.include.industries, query.include.regions) == (("municipalities", "schools"), ("us_oh",))
    assert query.limit is None  # "2 town halls" is no number of leads
    assert [span.text for span in query.spans if span.field == "product.concepts"] == ["cyber stuff"]
    assert parse(prompt, TAXONOMY).confidence < query.confidence <= MOST_CONFIDENCE


def test_a_reply_that_confirms_less_than_half_of_the_rules_is_not_believed():
    prompt = "peeps for banks in France, not hospitals"
    rules = parse(prompt, TAXONOMY)
    query, outcome = merged(prompt, "include.industries | banking | banks", "product.concepts | crm | peeps")
    assert (outcome, query) == ("disagreed", rules)


def test_one_that_says_the_same_changes_nothing():
    prompt = "banks in France, not hospitals"
    query, outcome = merged(
        prompt,
        "include.industries | banking | banks",
        "include.countries | France | France",
        "exclude.industries | hospitals | hospitals",
    )
    assert (outcome, query) == ("nothing_new", parse(prompt, TAXONOMY))


def test_an_exclusion_of_the_rules_stays_when_the_model_wants_it():
    prompt = "stuff for banks in France, not hospitals"
    query = merged(
        prompt,
        "include.industries | banking | banks",
        "include.countries | France | France",
        "include.industries | hospitals | hospitals",
        "beside | | not hospitals",
        "product.keywords | stuff | stuff",
    ).query
    assert query.exclude.industries == ("hospitals",)
    assert "hospitals" not in query.include.industries


def test_what_the_model_rules_out_in_the_very_words_is_wanted_no_more():
    prompt = "pharmacies in Spain, but spare me hospital pharmacies"
    assert "hospitals" in parse(prompt, TAXONOMY).include.industries
    query = merged(
        prompt,
        "include.industries | pharmacies | pharmacies",
        "include.countries | Spain | Spain",
        "exclude.industries | hospitals | hospital",
    ).query
    assert (query.include.industries, query.exclude.industries) == (("pharmacies",), ("hospitals",))


@pytest.mark.parametrize(
    "reading",
    [
        "exclude.regions | Europe | odd lot",
        "exclude.countries | France | odd lot",
        "exclude.industries | financial_services | odd lot",
        "exclude.industries | banking | odd lot",
    ],
)
def test_the_model_does_not_rule_out_what_the_rules_found_wanted_in_other_words(reading):
    prompt = "odd lot for banks in France"
    query = merged(
        prompt, "include.industries | banking | banks", "include.countries | France | France", reading
    ).query
    assert query.exclude == parse(prompt, TAXONOMY).exclude


@pytest.mark.parametrize(
    ("reading", "places"),
    [
        ("exclude.regions | Texas | odd lot", (("us_tx",), ())),
        ("exclude.cities | Munich | odd lot", ((), ("munich",))),
    ],
)
def test_a_part_of_what_is_wanted_may_be_ruled_out(reading, places):
    prompt = "odd lot for banks in Germany and the USA"
    query = merged(
        prompt,
        "include.industries | banking | banks",
        "include.countries | Germany | Germany",
        "include.countries | United States | USA",
        reading,
    ).query
    assert (query.exclude.regions, query.exclude.cities) == places
    assert set(query.include.countries) == {"DE", "US"}


def test_the_sellers_own_story_asks_for_nothing():
    prompt = "I left Zurich to start a shop in Lyon, we do payroll for clinics in Belgium"
    rules = parse(prompt, TAXONOMY)
    assert set(rules.include.cities) == {"zurich", "lyon"}
    query = merged(
        prompt,
        "beside | | I left Zurich to start a shop in Lyon",
        "product.concepts | payroll | payroll",
        "include.industries | clinics | clinics",
        "include.countries | Belgium | Belgium",
    ).query
    assert query.include.cities == ()
    assert (query.include.countries, query.product.concepts) == (("BE",), ("payroll",))
    assert not any(span.text in ("Zurich", "Lyon") for span in query.spans)


def test_head_counts_and_the_number_of_leads_are_the_rules_own():
    prompt = "20 leads: odd lot for banks with 50-500 employees in France"
    query = merged(
        prompt,
        "include.industries | banking | banks",
        "include.countries | France | France",
        "include.employees | 50+ | 50",
        "limit | 50 | 50",
    ).query
    assert (query.limit, query.include.employees) == (20, (EmployeeRange(50, 500),))


def test_words_that_mean_something_are_keywords_no_more():
    prompt = "shift things for granny homes"
    query = merged(
        prompt, "product.category | x | shift things", "include.industries | elder_care | granny homes"
    ).query
    assert "homes" not in query.product.keywords
    assert query.include.industries == ("elder_care",)
    assert query.product.category == "shift things"


def test_the_language_of_a_believed_reply_counts():
    assert merged(
        "zeug", "product.keywords | zeug | zeug", "include.countries | x | y", language="nl"
    ).query.language in (
        "nl",
        parse("zeug", TAXONOMY).language,
    )


def test_nothing_said_of_nothing_read_is_nothing():
    rules = parse("?!", TAXONOMY)
    assert merge("?!", rules, Said("", (Heard(BESIDE, "", "?!"),)), TAXONOMY).query is rules
