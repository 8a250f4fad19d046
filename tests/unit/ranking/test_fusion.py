import numpy as np
import pytest
from pydantic import ValidationError

from ranking.fusion import FinalWeights, final_scores
from ranking.ordering import top


def test_final_score_is_six_tenths_fit_and_four_tenths_intent():
    scores = final_scores(np.array([1.0, 0.5]), np.array([50.0, 100.0]), FinalWeights())
    assert scores.tolist() == [0.6 * 1.0 + 0.4 * (50.0 / 100.0), 0.6 * 0.5 + 0.4 * (100.0 / 100.0)]


@pytest.mark.parametrize(("fit", "intent"), [(0.6, 0.5), (0.0, 0.0), (1.0, 1.0)])
def test_weights_that_do_not_sum_to_one_are_refused(fit, intent):
    with pytest.raises(ValidationError, match="must sum to 1"):
        FinalWeights(fit=fit, intent=intent)


@pytest.mark.parametrize("wrong", [{"fit": -0.1, "intent": 1.1}, {"fit": 0.6, "intent": 0.4, "recency": 0.0}])
def test_weights_outside_their_bounds_or_of_unknown_name_are_refused(wrong):
    with pytest.raises(ValidationError):
        FinalWeights(**wrong)


def test_equal_scores_are_ordered_by_fit_then_by_lead_id():
    scores, fit = np.array([0.5, 0.7, 0.5, 0.5]), np.array([0.2, 0.9, 0.4, 0.4])
    ranks = np.array([0, 1, 3, 2], dtype=np.int32)
    assert top(scores, fit, ranks, 4, 0.0).tolist() == [1, 3, 2, 0]


def test_a_list_is_never_padded_with_scores_below_the_minimum():
    scores = np.array([0.5, 0.1, -np.inf, 0.3])
    assert top(scores, scores, np.arange(4, dtype=np.int32), 10, 0.3).tolist() == [0, 3]


def test_no_more_than_the_limit_are_taken():
    scores = np.linspace(0.0, 1.0, 50)
    assert top(scores, scores, np.arange(50, dtype=np.int32), 3, 0.0).tolist() == [49, 48, 47]
