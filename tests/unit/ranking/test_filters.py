"""Explicit filters override what was parsed, exclusions unite, and what names nothing is refused."""

from dataclasses import replace

import pytest

from ranking.correction import checked
from ranking.errors import InvalidQuery
from ranking.filters import ExcludeFilters, Filters, apply
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.types import EmployeeRange, Exclusions, Product, Query, Targets

TAXONOMY = load_taxonomy()
PARSED = Query(
    include=Targets(
        industries=("banking",), countries=("DE",), cities=("berlin",), roles=("sales",), stages=("seed",)
    ),
    exclude=Exclusions(countries=("AT",), companies=("Acme",), stages=("public",)),
)


def pointers(filters: Filters) -> list[str]:
    with pytest.raises(InvalidQuery) as raised:
        apply(PARSED, filters, TAXONOMY)
    return [fault.pointer for fault in raised.value.errors]


def test_no_filters_change_nothing() -> None:
    assert apply(PARSED, Filters(), TAXONOMY) is PARSED


def test_a_filter_replaces_its_dimension_and_no_other() -> None:
    include = apply(PARSED, Filters(industries=["Hospitals"], employee_min=50), TAXONOMY).include
    assert include == replace(PARSED.include, industries=("hospitals",), employees=(EmployeeRange(50, None),))


@pytest.mark.parametrize("places", [{"countries": ["France"]}, {"regions": ["DACH"]}])
def test_places_are_one_dimension(places: dict[str, list[str]]) -> None:
    include = apply(PARSED, Filters(**places), TAXONOMY).include
    assert include.cities == ()
    assert (include.countries, include.regions) in ((("FR",), ()), ((), ("dach",)))


def test_exclusions_unite() -> None:
    barred = ExcludeFilters(
        countries=["Italy", "Austria"], companies=["Beta"], keywords=["Web-Shop"], roles=["CTO"]
    )
    exclude = apply(PARSED, Filters(exclude=barred), TAXONOMY).exclude
    assert exclude.countries == ("AT", "IT")
    assert exclude.companies == ("Acme", "Beta")
    assert exclude.keywords == ("web shop",)
    assert exclude.stages == ("public",)
    assert exclude.roles


def test_codes_and_words_mean_the_same() -> None:
    by_word = apply(PARSED, Filters(countries=["Deutschland", "DE", "germany"], seniorities=["VP"]), TAXONOMY)
    assert by_word.include.countries == ("DE",)
    assert by_word.include.seniorities == ("vp",)


def test_new_technologies_are_taken_as_words() -> None:
    include = apply(PARSED, Filters(technologies=["Salesforce", "Brand New Thing 9"]), TAXONOMY).include
    assert include.technologies == ("salesforce", "brand new thing 9")


def test_every_fault_is_named() -> None:
    bad = Filters(
        industries=["qwertyuiop"], employee_min=9, employee_max=1, technologies=["?"],
        exclude=ExcludeFilters(companies=["ok", "!"], regions=["Mordor"]),
    )  # fmt: skip
    assert sorted(pointers(bad)) == [
        "/filters/employee_min", "/filters/exclude/companies/1", "/filters/exclude/regions/0", "/filters/industries/0",
        "/filters/technologies/0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "barred", "pointer"),
    [
        ({"industries": ["hospitals"]}, {"industries": ["healthcare"]}, "/filters/exclude/industries"),
        ({"countries": ["Austria"]}, {"regions": ["DACH"]}, "/filters/exclude/countries"),
        ({"regions": ["DACH"]}, {"regions": ["dach"]}, "/filters/exclude/regions"),
        ({"technologies": ["SAP"]}, {"technologies": ["sap"]}, "/filters/exclude/technologies"),
        ({"seniorities": ["VP"]}, {"seniorities": ["vp"]}, "/filters/exclude/seniorities"),
    ],
)
def test_what_is_asked_for_and_barred_is_a_contradiction(
    asked: dict[str, list[str]], barred: dict[str, list[str]], pointer: str
) -> None:
    assert pointers(Filters(**asked, exclude=ExcludeFilters(**barred))) == [pointer]


def test_a_part_of_what_is_asked_for_may_be_barred() -> None:
    part = Filters(industries=["healthcare"], exclude=ExcludeFilters(industries=["hospitals"]))
    assert apply(PARSED, part, TAXONOMY).exclude.industries == ("hospitals",)


@pytest.mark.parametrize(
    "prompt",
    [
        "HR software for healthcare companies in DACH with 50-500 employees, not hospitals, like Doctolib",
        "VP eng series B saas california hiring",
        "analytics like Tableau for finance companies, no banks, top 12",
        "Wir verkaufen CRM an Mittelständler, die Salesforce ablösen",
    ],
)
def test_a_parse_comes_back_as_it_was(prompt: str) -> None:
    query = parse(prompt, TAXONOMY)
    assert checked(query, TAXONOMY) == query


def test_a_correction_in_words_is_read() -> None:
    words = Query(
        include=Targets(countries=("Germany",), cities=("Munich",), stages=("Series A",), roles=("CTO",))
    )
    include = checked(words, TAXONOMY).include
    assert include == checked(replace(words, include=include), TAXONOMY).include
    assert (include.countries, include.cities, include.stages) == (("DE",), ("munich",), ("series_a",))


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (Query(include=Targets(cities=("Atlantis City",))), "/parsed/include/cities/0"),
        (Query(exclude=Exclusions(stages=("ok?",))), "/parsed/exclude/stages/0"),
        (Query(exclude=Exclusions(keywords=("...",))), "/parsed/exclude/keywords/0"),
        (Query(exemplars=("!",)), "/parsed/exemplars/0"),
        (Query(product=Product(concepts=("qwertyuiop",))), "/parsed/product/concepts/0"),
        (Query(product=Product(category="x" * 201)), "/parsed/product/category"),
        (Query(include=Targets(employees=(EmployeeRange(-1, 5),))), "/parsed/include/employees/0"),
        (Query(include=Targets(employees=(EmployeeRange(None, 0),))), "/parsed/include/employees/0"),
        (Query(include=Targets(technologies=("a",) * 201)), "/parsed/include/technologies"),
        (Query(limit=2001), "/parsed/limit"),
        (Query(confidence=-0.1), "/parsed/confidence"),
    ],
)
def test_a_correction_that_says_nothing_is_refused(bad: Query, pointer: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        checked(bad, TAXONOMY)
    assert [fault.pointer for fault in raised.value.errors] == [pointer]
