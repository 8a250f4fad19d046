"""How a booster is held against the language model: ranks, intervals over companies, and the spread that is left."""

import numpy as np
import pytest

from models.agreement import (
    agreement,
    auc,
    bands,
    gain,
    interval,
    measured_asking,
    resamples,
)
from ranking.asking import AskingConfig, spread_points
from ranking.correlation import rank_correlation


def test_rank_correlation_is_spearmans_with_mean_ranks_for_ties() -> None:
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 90.0])) == pytest.approx(1.0)
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])) == pytest.approx(-1.0)
    # ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5)
    tied = rank_correlation(np.array([0.0, 5.0, 5.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert tied == pytest.approx(4.5 / np.sqrt(4.5 * 5.0))
    assert np.isnan(rank_correlation(np.ones(3), np.array([1.0, 2.0, 3.0])))


def test_a_resample_takes_all_labels_of_a_company_or_none() -> None:
    companies = np.array(["a", "b", "a", "c", "a"])
    drawn = resamples(companies, seed=3)
    assert len(drawn) == 1000
    for positions in drawn[:50]:
        counts = np.bincount(positions, minlength=5)
        assert counts[0] == counts[2] == counts[4]
    again = resamples(companies, seed=3)
    assert all(np.array_equal(one, other) for one, other in zip(drawn, again, strict=True))


def test_an_interval_holds_its_figure_and_a_gain_compares_the_same_companies() -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0.0, 100.0, 300)
    good, poor = truth + random.normal(0.0, 20.0, 300), truth + random.normal(0.0, 80.0, 300)
    drawn = resamples(np.arange(300).astype(np.str_), seed=1)
    found = interval(rank_correlation, good, truth, drawn)
    assert found.low < found.value < found.high < 1.0
    better = gain(rank_correlation, poor, good, truth, drawn)
    assert better.low > 0.0
    assert better.value == pytest.approx(found.value - rank_correlation(poor, truth))
    assert interval(auc, good, np.ones(300), drawn).model_dump() == {"value": None, "low": None, "high": None}


def test_the_spread_that_is_left_is_measured() -> None:
    random = np.random.default_rng(5)
    base = random.uniform(0.0, 100.0, 4_000)
    true = AskingConfig(edge_points=6.0, middle_points=28.0)
    scores = base + random.normal(0.0, 1.0, 4_000) * spread_points(base, true)
    found = measured_asking(base, scores)
    assert found.edge_points == pytest.approx(6.0, abs=1.0)
    assert found.middle_points == pytest.approx(28.0, abs=1.5)


def test_bands_say_how_far_off_the_booster_is_by_its_own_score() -> None:
    base = np.repeat([2.0, 30.0, 90.0], (5, 6, 4))
    scores = base + np.concatenate((np.full(5, 3.0), np.tile([10.0, -10.0], 3), np.zeros(4)))
    low, middle = bands(base, scores)  # four are too few for a band
    assert (low.low, low.high, low.labels, low.bias, low.rms) == (0.0, 5.0, 5, 3.0, 3.0)
    assert (middle.labels, middle.bias, middle.rms) == (6, 0.0, 10.0)
    told = agreement(base, scores, scores >= 60.0, resamples(np.arange(15).astype(np.str_), 1))
    assert told.auc.value == 1.0
