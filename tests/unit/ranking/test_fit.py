"""Fit is 0.4 industry + 0.3 size + 0.3 region, each by the levels of F-3."""

from time import perf_counter

import numpy as np
import pytest
from pydantic import ValidationError

from ranking.codebook import UNKNOWN, Codebook
from ranking.errors import InvalidQuery
from ranking.fit import (
    DEFAULT_WEIGHTS,
    NEUTRAL,
    FitWeights,
    effective_weights,
    exact_levels,
    fit_scores,
    industry_levels,
    level_table,
    levels_of,
    pack_levels,
    region_levels,
    size_levels,
    unpack_levels,
    unverified,
)
from ranking.relaxation import scope
from ranking.taxonomy import load_taxonomy
from ranking.types import EmployeeRange, FloatArray, Query, Targets

TAXONOMY = load_taxonomy()
BOOK = Codebook.of(TAXONOMY)
LEVEL_VALUES = np.array([0.0, 0.5, 0.7, 0.8, 1.0])
ALL_TARGETED = Targets(industries=("hospitals",), employees=(EmployeeRange(51, 200),), countries=("DE",))


def codes(book: dict[str, int], *names: str | None) -> np.ndarray:
    return np.array([UNKNOWN if name is None else book[name] for name in names], dtype=np.uint16)


def industries(targets: Targets, *names: str | None) -> list[float]:
    table = level_table(scope(targets, TAXONOMY), BOOK)
    return LEVEL_VALUES[industry_levels(table, codes(BOOK.industries, *names))].tolist()


def sizes(targets: Targets, *counts: int) -> list[float]:
    table = level_table(scope(targets, TAXONOMY), BOOK)
    return LEVEL_VALUES[size_levels(table, np.array(counts, dtype=np.int32))].tolist()


def region(targets: Targets, country: str | None, state: str | None = None, city: str | None = None) -> float:
    table = level_table(scope(targets, TAXONOMY), BOOK)
    levels = region_levels(
        table, codes(BOOK.countries, country), codes(BOOK.regions, state), codes(BOOK.cities, city)
    )
    return float(LEVEL_VALUES[levels[0]])


def packed(industry: int, size: int, place: int) -> np.ndarray:
    as_levels = [np.array([level], dtype=np.uint8) for level in (industry, size, place)]
    return pack_levels(*as_levels, np.array([False]))


def weights(*values: float) -> FloatArray:
    return np.array(values)


def test_industry_is_exact_of_the_same_parent_unknown_or_nothing() -> None:
    sibling = next(iter(TAXONOMY.industry_children("healthcare") - {"healthcare", "hospitals"}))
    stranger = next(
        code for code in TAXONOMY.INDUSTRIES if code not in TAXONOMY.industry_children("healthcare")
    )
    found = industries(Targets(industries=("hospitals",)), "hospitals", sibling, "healthcare", None, stranger)
    assert found == [1.0, 0.7, 0.7, 0.5, 0.0]


def test_a_sub_industry_of_a_targeted_industry_is_exact() -> None:
    assert industries(Targets(industries=("healthcare",)), "hospitals", "healthcare") == [1.0, 1.0]


def test_several_targets_count_by_the_best() -> None:
    other = next(
        code
        for code in TAXONOMY.INDUSTRIES
        if TAXONOMY.industry_parent(code) is None and code != "healthcare"
    )
    assert industries(Targets(industries=("hospitals", other)), other, "healthcare") == [1.0, 0.7]
    ranges = Targets(employees=(EmployeeRange(11, 50), EmployeeRange(201, 500)))
    assert sizes(ranges, 30, 100, 300, 5, 700, 2000) == [1.0, 0.8, 1.0, 0.8, 0.8, 0.0]


def test_size_is_in_range_in_an_adjacent_bucket_unknown_or_nothing() -> None:
    asked = Targets(employees=(EmployeeRange(51, 200),))
    assert sizes(asked, 51, 200, 50, 11, 201, 500, 10, 501, -1) == [1, 1, 0.8, 0.8, 0.8, 0.8, 0, 0, 0.5]


def test_region_is_inside_in_the_same_parent_unknown_or_nothing() -> None:
    asked = Targets(countries=("DE",))
    assert [region(asked, country) for country in ("DE", "AT", None, "US")] == [1.0, 0.5, 0.5, 0.0]


def test_a_state_is_exact_its_country_half() -> None:
    asked = Targets(regions=("us_ca",))
    assert region(asked, "US", "us_ca") == 1.0
    assert region(asked, "US") == 0.5
    assert region(asked, None) == 0.5
    assert region(asked, "DE") == 0.0


def test_a_city_is_exact_its_country_or_state_half() -> None:
    assert region(Targets(cities=("berlin",)), "DE", None, "berlin") == 1.0
    assert region(Targets(cities=("berlin",)), "DE") == 0.5
    assert region(Targets(cities=("berlin",)), None) == 0.5
    assert region(Targets(cities=("berlin",)), "FR") == 0.0
    assert region(Targets(cities=("san_francisco",)), "US", "us_ca") == 0.5
    assert region(Targets(cities=("san_francisco",)), "US") == 0.5


def test_what_nobody_asked_for_is_half() -> None:
    assert industries(Targets(), "hospitals", None) == [0.5, 0.5]
    assert sizes(Targets(), 10, -1) == [0.5, 0.5]
    assert region(Targets(), "DE", "us_ca", "berlin") == region(Targets(), None) == 0.5
    assert exact_levels(scope(Targets(), TAXONOMY).strict) == NEUTRAL


def test_a_company_that_matches_everything_scores_one() -> None:
    asked = scope(ALL_TARGETED, TAXONOMY)
    levels = levels_of(
        level_table(asked, BOOK),
        codes(BOOK.industries, "hospitals"),
        np.array([100], dtype=np.int32),
        codes(BOOK.countries, "DE"),
        codes(BOOK.regions, None),
        codes(BOOK.cities, None),
    )
    assert levels.tolist() == [exact_levels(asked.strict)]
    assert fit_scores(levels, DEFAULT_WEIGHTS).tolist() == [1.0]


def test_fit_is_the_weighted_sum_of_the_levels() -> None:
    assert fit_scores(packed(4, 3, 0), DEFAULT_WEIGHTS)[0] == 0.4 * 1.0 + 0.3 * 0.8 + 0.3 * 0.0
    assert fit_scores(packed(2, 1, 1), DEFAULT_WEIGHTS)[0] == 0.4 * 0.7 + 0.3 * 0.5 + 0.3 * 0.5
    assert fit_scores(packed(1, 4, 3), weights(0.2, 0.5, 0.3))[0] == 0.2 * 0.5 + 0.5 * 1.0 + 0.3 * 0.8


def test_levels_come_back_as_they_were_packed() -> None:
    industry, size, place = unpack_levels(packed(2, 3, 4))
    assert (industry[0], size[0], place[0]) == (0.7, 0.8, 1.0)


def test_the_flag_is_beside_the_levels() -> None:
    levels = pack_levels(*[np.array([4, 4], dtype=np.uint8)] * 3, np.array([True, False]))
    assert unverified(levels).tolist() == [True, False]
    assert fit_scores(levels, DEFAULT_WEIGHTS).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "wrong", [(0.4, 0.3, 0.4), (0.5, 0.6, -0.1), (float("nan"), 0.5, 0.5), (0.5, 0.5), (0.0, 0.0, 0.0)]
)
def test_weights_that_do_not_sum_to_one_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InvalidQuery) as raised:
        fit_scores(packed(4, 4, 4), weights(*wrong))
    assert raised.value.errors[0].pointer == "/options/weights/fit"


def test_configured_weights_must_sum_to_one() -> None:
    assert FitWeights(industry=0.2, size=0.2, region=0.6).array().tolist() == [0.2, 0.2, 0.6]
    with pytest.raises(ValidationError, match="sum to 1"):
        FitWeights(industry=0.4, size=0.4, region=0.4)


def test_neutral_keeps_the_weights() -> None:
    query = Query(include=Targets(countries=("DE",)))
    assert effective_weights(query, DEFAULT_WEIGHTS, "neutral").tolist() == [0.4, 0.3, 0.3]


def test_renormalise_shares_the_weight_of_what_nobody_asked_for() -> None:
    query = Query(include=Targets(industries=("hospitals",), regions=("dach",)))
    shared = effective_weights(query, DEFAULT_WEIGHTS, "renormalise")
    assert shared.tolist() == pytest.approx([0.4 / 0.7, 0.0, 0.3 / 0.7])
    assert fit_scores(packed(4, 1, 0), shared)[0] == pytest.approx(0.4 / 0.7)


def test_renormalise_keeps_the_weights_where_nothing_weighs() -> None:
    assert effective_weights(Query(), DEFAULT_WEIGHTS, "renormalise").tolist() == [0.4, 0.3, 0.3]
    only_size = Query(include=Targets(employees=(EmployeeRange(1, 10),)))
    kept = effective_weights(only_size, weights(0.5, 0.0, 0.5), "renormalise")
    assert kept.tolist() == [0.5, 0.0, 0.5]


def test_2000_candidates_are_scored_in_less_than_a_millisecond() -> None:
    levels = np.random.default_rng(1).integers(0, 1024, 2000).astype(np.uint16) & 0b1_001_001_001
    fastest = float("inf")
    for _ in range(50):
        started = perf_counter()
        fit_scores(levels, DEFAULT_WEIGHTS)
        fastest = min(fastest, perf_counter() - started)
    assert fastest < 0.001
