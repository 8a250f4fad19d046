import numpy as np
import pytest
from pydantic import ValidationError

from ranking.config import V1_1
from ranking.intent import INTENT_SOURCES, IntentConfig, base_score, combine, route


def routes(best_raw: list[float], llm: bool, threshold: float = 8.0) -> list[str]:
    return [INTENT_SOURCES[code] for code in route(np.array(best_raw, dtype=np.float32), llm, threshold)]


def test_base_halves_the_distance_to_100_with_every_8_points() -> None:
    found = base_score(np.array([0.0, 8.0, 16.0, 4.0]), 8.0)
    assert found.tolist() == pytest.approx([0.0, 50.0, 75.0, 100 * (1 - 2**-0.5)])


def test_bm25_decides_from_the_threshold_on() -> None:
    assert routes([7.99, 8.0, 20.0], llm=False) == ["gbdt", "bm25", "bm25"]


def test_the_llm_scores_what_bm25_leaves_undecided() -> None:
    assert routes([0.5, 7.99, 8.0], llm=True) == ["llm", "llm", "bm25"]


def test_without_evidence_the_booster_scores_never_the_llm() -> None:
    assert routes([0.0], llm=True) == ["gbdt"]
    assert routes([0.0], llm=True, threshold=0.0) == ["gbdt"]


def test_intent_is_the_sum_up_to_100_and_the_cap_is_a_negative_part() -> None:
    base, churn, job = np.array([50.0, 90.0]), np.array([20.0, 20.0]), np.array([15.0, 5.0])
    intent, cap = combine(base, churn, job)
    assert intent.tolist() == [50.0 + 20.0 + 15.0, 100.0]
    assert cap.tolist() == [0.0, 100.0 - (90.0 + 20.0 + 5.0)]
    assert (base + churn + job + cap).tolist() == intent.tolist()


def test_the_reference_has_the_numbers_of_the_requirements() -> None:
    config = V1_1.intent
    assert (config.half_evidence, config.bm25_threshold, config.rank_discount) == (8.0, 8.0, 0.5)
    assert (config.decay.tau_days, config.decay.floor, config.terms.concepts) == (90.0, 0.1, 8)
    assert (config.kindred_weight, config.booster_threshold) == (0.0, config.bm25_threshold)
    boosts = config.boosts
    assert (boosts.churn_points, boosts.churn_tau_days) == (20.0, 60.0)
    assert (boosts.job_points, boosts.job_tau_days, boosts.full_raw) == (15.0, 45.0, 8.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_evidence": 0},
        {"rank_discount": 1.1},
        {"source_weights": {"board": -0.1}},
        {"terms": {"concepts": 9}},
        {"boosts": {"churn_points": 101}},
        {"unknown": 1},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntentConfig.model_validate(wrong)
