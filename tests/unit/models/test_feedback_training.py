"""Learning from clicks: what stood first is not taken for what is worth a click."""

from dataclasses import replace

import numpy as np
import pytest

from models.feedback_training import (
    EXAMINATION_FILE,
    FeedbackRows,
    counted,
    train_on_feedback,
    weighted_area,
)
from models.training import Sample, TrainingRows, fitted, predict
from ranking.examination import Examination
from ranking.features import FEATURES
from ranking.types import Float32Array, FloatArray

PROMPTS, SHOWN, TIMES = 60, 40, 5
LOOKS = Examination.of_power(1.0)
USEFUL, SERVED_BY = FEATURES.index("raw_best"), FEATURES.index("evidence_sum")


def logs(seed: int = 1) -> FeedbackRows:
    """Lists ordered by a feature that says nothing of what is worth a click; another feature says it."""
    draws = np.random.default_rng(seed)
    count = PROMPTS * SHOWN * TIMES
    features = np.zeros((count, len(FEATURES)), dtype=np.float32)
    features[:, USEFUL] = draws.uniform(0.0, 1.0, count)
    order = -np.sort(-draws.uniform(0.0, 1.0, (PROMPTS * TIMES, SHOWN)), axis=1)
    features[:, SERVED_BY] = order.ravel()
    features[:, FEATURES.index("base")] = 20.0
    places = np.tile(np.arange(1, SHOWN + 1, dtype=np.int32), PROMPTS * TIMES)
    clicked = draws.random(count) < LOOKS.at(places) * worth(features)
    queries = np.repeat(np.arange(PROMPTS * TIMES, dtype=np.int32), SHOWN)
    companies = np.array([f"c{number}" for number in range(count)])
    rows = TrainingRows(features, clicked, queries, companies, np.ones(count, dtype=np.bool_))
    return FeedbackRows(rows, places, (queries // TIMES).astype(np.int32))


def worth(features: Float32Array) -> FloatArray:
    return 0.05 + 0.4 * features[:, USEFUL].astype(np.float64) ** 2


def reliance(predicted: FloatArray, features: Float32Array) -> float:
    """How much of the order in which a model puts companies is the order that was served."""
    return abs(float(np.corrcoef(predicted.argsort().argsort(), features[:, SERVED_BY])[0, 1]))


def test_the_first_places_mislead_who_counts_clicks_and_not_who_counts_looks() -> None:
    told = logs()
    features, labels = told.rows.features, told.rows.labels
    held_out = told.prompts % 5 == 0
    naive = fitted(
        Sample(features[~held_out], labels[~held_out]),
        Sample(features[held_out], labels[held_out]),
        "binary",
        7,
    )
    fair = train_on_feedback(told, LOOKS, 7)
    fresh = logs(seed=2).rows.features
    of_naive, of_fair, truth = predict(naive, fresh), predict(fair.booster, fresh), worth(fresh)
    assert reliance(of_naive, fresh) > 0.6
    assert reliance(of_fair, fresh) < 0.3
    assert np.corrcoef(of_fair, truth)[0, 1] > 0.9 > np.corrcoef(of_naive, truth)[0, 1] + 0.2


def test_probabilities_are_of_a_click_by_somebody_who_looks() -> None:
    told = logs()
    fair = train_on_feedback(told, LOOKS, 7)
    truth = float(worth(told.rows.features).mean())
    assert fair.metrics["base_rate"] == pytest.approx(truth, rel=0.15)
    assert fair.metrics["reward_rate_as_logged"] < 0.5 * truth
    assert EXAMINATION_FILE in fair.reports


def test_what_serves_is_asked_about_the_same_rows() -> None:
    fair = train_on_feedback(logs(), LOOKS, 7, lambda features: features[:, SERVED_BY].astype(np.float64))
    assert fair.metrics["auc_held_out_of_parent"] == pytest.approx(0.5, abs=0.06)
    assert fair.metrics["auc_held_out"] > 0.62


def test_a_row_counts_what_its_place_is_looked_at_and_its_worth_is_the_share_of_reward() -> None:
    for chance in (1.0, 0.4, 0.05):
        for value in (0.01, 0.3, 0.9):
            of_reward, of_miss = counted(
                np.array([True, False]), np.full(2, chance), np.full(2, value)
            ).tolist()
            clicks = chance * value
            assert clicks * of_reward + (1.0 - clicks) * of_miss == pytest.approx(chance)
            assert clicks * of_reward == pytest.approx(value * chance)


def test_the_same_logs_make_the_same_model() -> None:
    one, other = (train_on_feedback(logs(), LOOKS, 7).booster.model_to_string() for _ in range(2))
    assert one == other
    assert logs().digest() == logs().digest() != logs(seed=2).digest()


def test_too_few_rewards_are_refused() -> None:
    told = logs()
    for each in (
        replace(told, rows=replace(told.rows, labels=np.zeros_like(told.rows.labels))),
        replace(told, prompts=np.zeros_like(told.prompts)),
        replace(told, rows=replace(told.rows, labels=told.rows.labels & (told.prompts % 5 == 0))),
    ):
        with pytest.raises(ValueError, match="needed to train"):
            train_on_feedback(each, LOOKS, 7)


def test_the_weighted_area_counts_ties_half() -> None:
    labels = np.array([True, False, True, False])
    scores, weights = np.array([3.0, 1.0, 1.0, 2.0]), np.array([2.0, 1.0, 1.0, 3.0])
    # Pairs: 3 above 1 (2 x 1) and above 2 (2 x 3); 1 ties with 1 (1 x 1 / 2), below 2.
    assert weighted_area(scores, labels, weights) == pytest.approx((2 + 6 + 0.5) / (3 * 4))
