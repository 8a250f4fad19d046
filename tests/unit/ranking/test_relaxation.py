"""The ladder widens what was asked for in the order of F-2, and never what was excluded."""

import pytest

from ranking.errors import InvalidQuery
from ranking.relaxation import (
    CompanyFilter,
    Places,
    exclusion,
    ladder,
    scope,
    stop_at,
    widened_range,
)
from ranking.taxonomy import load_taxonomy
from ranking.types import EmployeeRange, Exclusions, Query, Targets

TAXONOMY = load_taxonomy()
EVERYTHING = Targets(
    industries=("hospitals",),
    employees=(EmployeeRange(51, 200),),
    countries=("DE",),
    roles=("engineering",),
    seniorities=("cxo",),
    technologies=("salesforce",),
    stages=("seed",),
)


def names(targets: Targets) -> list[str]:
    return [rung.name for rung in ladder(Query(include=targets), TAXONOMY)]


def places(**targets: tuple[str, ...]) -> Places:
    found = scope(Targets(**targets), TAXONOMY).strict.places
    assert found is not None
    return found


def widened(**targets: tuple[str, ...]) -> Places:
    found = scope(Targets(**targets), TAXONOMY).widened.places
    assert found is not None
    return found


def test_every_step_comes_in_the_order_of_the_requirement() -> None:
    assert names(EVERYTHING) == [
        "strict", "unknown", "technology", "stage", "seniority", "role", "region_widened", "employees_widened",
        "region_dropped", "employees_dropped", "sub_industry_widened", "industry_dropped",
    ]  # fmt: skip


def test_a_query_without_targets_has_one_step() -> None:
    assert names(Targets()) == ["strict"]


def test_steps_of_dimensions_nobody_asked_for_are_absent() -> None:
    assert names(Targets(technologies=("salesforce",))) == ["strict", "unknown", "technology"]
    assert names(Targets(countries=("DE",))) == ["strict", "unknown", "region_widened", "region_dropped"]


def test_steps_that_would_change_nothing_are_absent() -> None:
    assert names(Targets(industries=("healthcare",))) == ["strict", "unknown", "industry_dropped"]
    assert names(Targets(regions=("europe",))) == ["strict", "unknown", "region_dropped"]
    assert names(Targets(employees=(EmployeeRange(),))) == ["strict", "unknown", "employees_dropped"]


def test_only_the_strict_step_refuses_unknown_values() -> None:
    rungs = ladder(Query(include=EVERYTHING), TAXONOMY)
    assert [rung.admit_unknown for rung in rungs] == [False] + [True] * 11


def test_the_last_step_asks_nothing() -> None:
    assert ladder(Query(include=EVERYTHING), TAXONOMY)[-1].filter == CompanyFilter()


def test_a_step_takes_away_its_own_dimension_only() -> None:
    steps = {rung.name: rung.filter for rung in ladder(Query(include=EVERYTHING), TAXONOMY)}
    assert steps["technology"].technologies is None
    assert steps["technology"].stages == {"seed"}
    assert steps["seniority"].seniorities is None
    assert steps["seniority"].roles == TAXONOMY.role_children("engineering")
    assert steps["role"].places == steps["strict"].places
    assert steps["employees_widened"].employees == (EmployeeRange(11, 500),)
    assert steps["region_dropped"].employees == (EmployeeRange(11, 500),)
    assert steps["sub_industry_widened"].industries == TAXONOMY.industry_children("healthcare")


def test_an_industry_covers_its_sub_industries() -> None:
    asked = scope(Targets(industries=("healthcare",)), TAXONOMY).strict
    assert asked.industries == TAXONOMY.industry_children("healthcare")
    assert asked.industries is not None
    assert "hospitals" in asked.industries


@pytest.mark.parametrize(
    ("asked", "wider"),
    [
        (EmployeeRange(51, 200), EmployeeRange(11, 500)),
        (EmployeeRange(50, 500), EmployeeRange(11, 1000)),
        (EmployeeRange(10, 50), EmployeeRange(2, 200)),
        (EmployeeRange(100, 300), EmployeeRange(11, 1000)),
        (EmployeeRange(1000, None), EmployeeRange(501, None)),
        (EmployeeRange(None, 10), EmployeeRange(None, 50)),
        (EmployeeRange(None, 51), EmployeeRange(None, 200)),
        (EmployeeRange(11, 51), EmployeeRange(2, 200)),
        (EmployeeRange(1, 1), EmployeeRange(1, 10)),
        (EmployeeRange(1, 10), EmployeeRange(1, 50)),
        (EmployeeRange(50, 50), EmployeeRange(2, 200)),
        (EmployeeRange(5001, 10000), EmployeeRange(1001, None)),
        (EmployeeRange(10001, None), EmployeeRange(5001, None)),
        (EmployeeRange(20000, 30000), EmployeeRange(5001, None)),
        (EmployeeRange(0, 10), EmployeeRange(0, 50)),
        (EmployeeRange(), EmployeeRange()),
    ],
)
def test_a_range_widens_by_one_bucket_at_each_end(asked: EmployeeRange, wider: EmployeeRange) -> None:
    assert widened_range(asked) == wider


def test_a_country_widens_to_its_region() -> None:
    assert widened(countries=("DE",)).countries == TAXONOMY.region_countries("dach")
    assert places(countries=("DE",)).countries == {"DE"}


def test_a_region_widens_to_its_parent() -> None:
    parent = TAXONOMY.region_parent("dach")
    assert parent is not None
    assert widened(regions=("dach",)).countries == TAXONOMY.region_countries(
        "dach"
    ) | TAXONOMY.region_countries(parent)


def test_a_state_widens_to_its_country_and_a_city_to_its_state_or_country() -> None:
    assert widened(regions=("us_ca",)).countries == {"US"}
    assert widened(cities=("san_francisco",)).states == {"us_ca"}
    assert widened(cities=("san_francisco",)).countries == frozenset()
    assert widened(cities=("berlin",)).countries == {"DE"}


def test_a_country_that_only_says_where_a_city_or_state_lies_is_no_target_of_its_own() -> None:
    assert places(countries=("DE",), cities=("berlin",)).countries == frozenset()
    assert places(countries=("US",), regions=("us_ca",)).countries == frozenset()
    assert places(regions=("us_ca",), cities=("san_francisco",)).states == frozenset()
    assert places(countries=("FR",), cities=("berlin",)).countries == {"FR"}


def test_regions_and_countries_are_united() -> None:
    assert places(countries=("US",), regions=("dach",)).countries == TAXONOMY.region_countries("dach") | {
        "US"
    }


@pytest.mark.parametrize(
    ("country", "state", "city", "inside", "undecided"),
    [
        ("DE", None, None, True, False),
        ("FR", None, None, False, False),
        (None, None, None, False, True),
        ("US", "us_ca", None, True, False),
        ("US", None, None, False, True),
        ("US", "elsewhere", None, False, False),
        ("GB", None, "london", True, False),
        ("GB", None, None, False, True),
        ("GB", None, "leeds", False, False),
    ],
)
def test_a_place_is_inside_outside_or_undecided(
    country: str | None, state: str | None, city: str | None, inside: bool, undecided: bool
) -> None:
    asked = Places(
        countries=frozenset({"DE"}),
        states=frozenset({"us_ca"}),
        cities=frozenset({"london"}),
        state_countries=frozenset({"US"}),
        city_countries=frozenset({"GB"}),
    )
    assert asked.contains(country, state, city) is inside
    assert asked.undecided(country, state, city) is undecided


def test_a_city_is_undecided_only_where_its_state_could_be_right() -> None:
    asked = places(cities=("san_francisco",))
    assert asked.undecided("US", "us_ca", None)
    assert asked.undecided("US", None, None)
    assert not asked.undecided("US", "us_ny", None)


def test_exclusions_are_united_and_never_narrowed() -> None:
    excluded = exclusion(
        Exclusions(countries=("DE",), regions=("us_ca", "dach"), cities=("berlin",)), TAXONOMY
    )
    assert excluded.places is not None
    assert excluded.places.countries == TAXONOMY.region_countries("dach") | {"DE"}
    assert (excluded.places.states, excluded.places.cities) == ({"us_ca"}, {"berlin"})


def test_an_excluded_industry_covers_its_children() -> None:
    assert exclusion(
        Exclusions(industries=("healthcare",)), TAXONOMY
    ).industries == TAXONOMY.industry_children("healthcare")


def test_excluded_companies_are_known_by_id_name_and_domain() -> None:
    excluded = exclusion(Exclusions(companies=("Müller GmbH", "https://www.acme.com/about")), TAXONOMY)
    assert excluded.company_ids == {"Müller GmbH", "https://www.acme.com/about"}
    assert "muller" in excluded.company_keys
    assert excluded.company_domains == {"acme.com"}


def test_every_word_of_an_excluded_keyword_counts_once() -> None:
    excluded = exclusion(Exclusions(keywords=("Staffing Agency", "!", "paving paving")), TAXONOMY)
    assert excluded.keywords == (("staffing", "agency"), ("paving",))


def test_nothing_excluded_is_nothing() -> None:
    assert exclusion(Exclusions(), TAXONOMY).places is None


@pytest.mark.parametrize(
    "targets",
    [Targets(industries=("nonsense",)), Targets(regions=("nonsense",)), Targets(cities=("nonsense",)),
     Targets(countries=("ZZ",)), Targets(roles=("nonsense",))],
)  # fmt: skip
def test_an_unknown_code_is_the_callers_mistake(targets: Targets) -> None:
    with pytest.raises(InvalidQuery, match=r"nonsense|ZZ"):
        scope(targets, TAXONOMY)


@pytest.mark.parametrize("excluded", [Exclusions(industries=("nonsense",)), Exclusions(cities=("nonsense",))])
def test_an_unknown_excluded_code_is_the_callers_mistake(excluded: Exclusions) -> None:
    with pytest.raises(InvalidQuery, match="nonsense"):
        exclusion(excluded, TAXONOMY)


@pytest.mark.parametrize(("limit", "companies"), [(1, 200), (50, 200), (51, 204), (2000, 8000)])
def test_the_ladder_stops_at_four_times_k_but_not_below_200(limit: int, companies: int) -> None:
    assert stop_at(limit) == companies
