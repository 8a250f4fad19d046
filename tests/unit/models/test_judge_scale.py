"""The language model's scores on the one scale of intent: rising, drawn to outcomes, its own word without them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.booster import IntentScale
from models.judge_calibration import fit_judge_scale, rising
from models.judge_scale import JudgeScale

HALF = IntentScale(probability=(0.0, 0.5, 1.0), intent=(0.0, 40.0, 60.0))
NOBODY = np.zeros(0), np.zeros(0, dtype=np.bool_)


def test_neighbours_that_fall_are_put_at_their_weighted_mean() -> None:
    values, weights = np.array([1.0, 3.0, 2.0, 5.0]), np.array([1.0, 1.0, 3.0, 1.0])
    middle = (3.0 * 1.0 + 2.0 * 3.0) / 4.0
    np.testing.assert_allclose(rising(values, weights), [1.0, middle, middle, 5.0])
    np.testing.assert_allclose(rising(np.array([3.0, 2.0, 1.0]), np.ones(3)), [2.0, 2.0, 2.0])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), min_size=1, max_size=30))
def test_what_rises_never_falls_and_keeps_the_mean(points: list[tuple[float, float]]) -> None:
    values, weights = (np.array(each) for each in zip(*points, strict=True))
    found = rising(values, weights)
    assert np.all(np.diff(found) >= -1e-12)
    assert found @ weights == pytest.approx(values @ weights)


def test_without_outcomes_a_score_means_what_it_says_as_far_as_the_scale_reaches() -> None:
    judge = fit_judge_scale(*NOBODY, HALF)
    assert judge.chance(np.array([0.0, 40.0, 50.0, 60.0, 90.0])) == pytest.approx([0.0, 0.5, 0.75, 1.0, 1.0])
    assert judge.apply(np.array([0.0, 33.0, 60.0, 90.0])) == pytest.approx([0.0, 33.0, 60.0, 60.0], abs=0.5)


def test_outcomes_draw_the_scale_to_themselves() -> None:
    scores = np.repeat([30.0, 55.0, 80.0], 400)
    bought = np.concatenate([np.arange(400) < count for count in (8, 20, 360)])
    judge = fit_judge_scale(scores, bought, HALF)
    low, middle, high = judge.chance(np.array([30.0, 55.0, 80.0])).tolist()
    assert 0.01 < low < 0.08
    assert low < middle < 0.12
    assert 0.85 < high < 0.95
    assert judge.apply(np.array([55.0]))[0] < 12.0


@given(
    st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=40),
    st.lists(st.floats(0, 100), min_size=2, max_size=20),
)
def test_a_higher_score_is_never_a_lower_intent(known: list[tuple[int, bool]], asked: list[float]) -> None:
    scores = np.array([float(score) for score, _ in known])
    judge = fit_judge_scale(scores, np.array([bought for _, bought in known], dtype=np.bool_), HALF)
    told = judge.apply(np.sort(np.array(asked)))
    assert np.all(np.diff(told) >= 0.0)
    assert told.min() >= 0.0
    assert told.max() <= 100.0


def test_a_map_that_falls_or_lacks_knots_is_refused() -> None:
    for knots in ({"intent": (5.0, 1.0)}, {"intent": (1.0,)}, {"probability": (1.0, 0.0)}):
        fields = {"score": (0.0, 100.0), "probability": (0.0, 1.0), "intent": (0.0, 60.0), **knots}
        with pytest.raises(ValidationError):
            JudgeScale.model_validate(fields)
