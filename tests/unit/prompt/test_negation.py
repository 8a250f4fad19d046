"""What a NOT reaches, in pairs of prompts that differ by a word (F-1)."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy

PAIRS = [
    ("hotels, banks", "hotels, not banks"),
    ("hotels only with banks", "hotels without banks"),
    ("not only banks", "not banks"),
    ("we don't exclude banks", "we exclude banks"),
    ("banks are included", "banks are excluded"),
    ("Hotels und Banken", "Hotels ohne Banken"),
    ("nicht nur Banken", "keine Banken"),
    ("auch Banken", "Banken nicht"),
    ("hôtels et banques", "hôtels sauf banques"),
    ("pas seulement des banques", "pas de banques"),
    ("banques incluses", "banques exclues"),
    ("hoteles y bancos", "hoteles excepto bancos"),
    ("no solo bancos", "no bancos"),
    ("hotéis e bancos", "hotéis exceto bancos"),
    ("não só bancos", "não bancos"),
    ("alberghi e banche", "alberghi tranne banche"),
    ("non solo banche", "non banche"),
    ("hotels en banken", "hotels behalve banken"),
    ("niet alleen banken", "geen banken"),
    ("CRM, Banken", "CRM, keine Banken"),
]


@pytest.mark.parametrize(("wanted", "ruled_out"), PAIRS)
def test_one_word_turns_a_wish_into_an_exclusion(wanted: str, ruled_out: str):
    taxonomy = load_taxonomy()
    yes, no = parse(wanted, taxonomy), parse(ruled_out, taxonomy)

    assert "banking" in yes.include.industries
    assert yes.exclude.industries == ()
    assert no.exclude.industries == ("banking",)
    assert "banking" not in no.include.industries


@pytest.mark.parametrize(
    ("prompt", "included", "excluded"),
    [
        ("no banks but hotels", {"hotels"}, {"banking"}),
        ("no banks. Hotels", {"hotels"}, {"banking"}),
        ("no banks, insurers or hotels", set(), {"banking", "insurance", "hotels"}),
        ("no banks, no hotels, insurers only", set(), {"banking", "hotels", "insurance"}),
        ("hotels and banks excluded", set(), {"hotels", "banking"}),
        ("hotels, insurers and banks excluded", set(), {"hotels", "insurance", "banking"}),
        ("for hotels, insurers and banks excluded", {"hotels"}, {"insurance", "banking"}),
        ("hotels (no banks) in Spain", {"hotels"}, {"banking"}),
        ("hotels except (banks, insurers)", {"hotels"}, {"banking", "insurance"}),
        ("exclude:\n- banks\n- insurers\nhotels", {"hotels"}, {"banking", "insurance"}),
        ("not without banks", {"banking"}, set()),
        ("no companies that aren't banks", {"banking"}, set()),
        ("hotels, not insurers, law firms", {"hotels"}, {"insurance", "law_firms"}),
        ("no banks we sell to hotels", {"hotels"}, {"banking"}),
        ("no banks and find hotels", {"hotels"}, {"banking"}),
        ("no banks in Spain and hotels", {"hotels"}, {"banking"}),
        ("hotels, not", {"hotels"}, set()),
        ("excluded", set(), set()),
        ("non-banks", set(), {"banking"}),
        ("non banks and hotels", {"hotels"}, {"banking"}),
        ("non", set(), set()),
        ("banks but please not", {"banking"}, set()),
    ],
)
def test_scope_of_industries(prompt: str, included: set[str], excluded: set[str]):
    query = parse(prompt, load_taxonomy())

    assert set(query.include.industries) == included
    assert set(query.exclude.industries) == excluded


def test_a_scope_does_not_reach_what_follows_in_another_kind():
    query = parse("not banks, 50-500 employees, in Germany, CFOs, using Python", load_taxonomy())

    assert query.exclude.industries == ("banking",)
    assert (
        query.exclude.employees
        == query.exclude.countries
        == query.exclude.roles
        == query.exclude.technologies
        == ()
    )
    assert query.include.countries == ("DE",)
    assert len(query.include.employees) == 1


def test_a_place_right_after_the_cue_is_ruled_out_with_its_list():
    query = parse("banks not in Germany, France or Berlin", load_taxonomy())

    assert query.exclude.countries == ("DE", "FR")
    assert query.exclude.cities == ("berlin",)


def test_unknown_words_in_a_list_are_keywords_and_names_are_companies():
    query = parse("hotels, not wombats, quokkas or Hilton", load_taxonomy())

    assert query.exclude.keywords == ("wombats", "quokkas")
    assert query.exclude.companies == ("Hilton",)


def test_an_unknown_word_after_a_comma_is_no_exclusion_unless_the_list_goes_on():
    query = parse("hotels, not banks, modern", load_taxonomy())

    assert query.exclude.keywords == ()


def test_german_common_nouns_are_keywords_and_german_names_companies():
    query = parse("Hotels ohne Spielhallen und ohne Hilton", load_taxonomy())

    assert query.exclude.keywords == ("spielhallen",)
    assert query.exclude.companies == ("Hilton",)


def test_an_exclusion_wins_over_an_inclusion():
    query = parse("banks and hotels, no banks", load_taxonomy())

    assert query.include.industries == ("hotels",)
    assert query.exclude.industries == ("banking",)
    assert all(span.value != "banking" for span in query.spans if span.field == "include.industries")


def test_the_span_of_the_first_exclusion_begins_at_its_cue():
    prompt = "hotels, not banks or insurers"
    spans = {span.value: span.text for span in parse(prompt, load_taxonomy()).spans}

    assert spans["banking"] == "not banks"
    assert spans["insurance"] == "insurers"


def test_excluded_startups_are_the_young_and_tiny():
    query = parse("banks, no startups", load_taxonomy())

    assert [(span.minimum, span.maximum) for span in query.exclude.employees] == [(1, 10)]
    assert query.exclude.stages == ("pre_seed", "seed", "early")


def test_an_unknown_word_between_known_ones_is_ruled_out_when_the_list_comes_to_its_or():
    query = parse("no banks, wombats or hotels, and insurers", load_taxonomy())

    assert query.exclude.industries == ("banking", "hotels", "insurance")
    assert query.exclude.keywords == ("wombats",)


def test_a_word_before_a_new_wish_does_not_go_on_the_list():
    query = parse("no banks, wombats with 50+ employees", load_taxonomy())

    assert query.exclude.keywords == ()
    assert len(query.include.employees) == 1


def test_a_modifier_of_what_is_ruled_out_is_neither_wanted_nor_ruled_out():
    query = parse("hotels, no Berlin banks", load_taxonomy())

    assert query.exclude.industries == ("banking",)
    assert query.include.cities == query.exclude.cities == ()


@pytest.mark.parametrize("prompt", ["hotels, non", "non"])
def test_a_prefix_with_nothing_behind_it_rules_nothing_out(prompt: str):
    assert parse(prompt, load_taxonomy()).exclude.industries == ()
