"""What a booster saves in calls: read from two curves at the same precision, with products drawn for the interval."""

import numpy as np
import pytest

from bench.replay import CONFIGURED, LEAST_GAINS, Replayed, unnecessary

POINTS = len(LEAST_GAINS)


def curve(asked: list[float], precision: list[float], products: int = 6) -> Replayed:
    """The same curve for every product, least gains without a value of their own at the end of the list."""
    rest = POINTS - len(asked)
    asked, precision = asked + asked[-1:] * rest, precision + precision[-1:] * rest
    shape = (products, 1)
    return Replayed(
        tuple(f"p{number}" for number in range(products)), np.tile(precision, shape), np.tile(asked, shape), np.ones(products)
    )  # fmt: skip


def test_the_same_precision_with_half_the_calls_saves_half() -> None:
    before = curve([0.0, 10.0, 20.0], [0.30, 0.35, 0.4025])
    after = curve([0.0, 10.0, 20.0], [0.30, 0.40, 0.41])
    assert before.asked[0, CONFIGURED] == 20.0
    found = unnecessary(before, after, 1)
    half = pytest.approx(1.0 - 10.0 / 20.0)
    assert found == {"share": {"mean": half, "low": half, "high": half}, "resamples_not_there": 0.0}


def test_between_two_points_the_curve_is_straight() -> None:
    before = curve([0.0, 20.0], [0.30, 0.3525])
    after = curve([0.0, 10.0, 20.0], [0.30, 0.34, 0.36])
    # .35 lies half way between 10 and 20 companies
    assert unnecessary(before, after, 1)["share"]["mean"] == pytest.approx(1.0 - 15.0 / 20.0)


def test_a_booster_that_is_as_good_alone_saves_everything_and_one_that_never_is_nothing_known() -> None:
    before = curve([0.0, 20.0], [0.30, 0.40])
    assert unnecessary(before, curve([0.0, 20.0], [0.41, 0.42]), 1)["share"]["mean"] == 1.0
    worse = unnecessary(before, curve([0.0, 20.0], [0.30, 0.39]), 1)
    assert worse == {"share": {"mean": None, "low": None, "high": None}, "resamples_not_there": 1.0}
