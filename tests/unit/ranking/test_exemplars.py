import numpy as np
import pytest

from ranking.exemplars import industry_values
from ranking.fit import DEFAULT_WEIGHTS, effective_weights, fit_scores, pack_levels
from ranking.types import Query, Targets

HALF, EXACT = 1, 4
SIMILARITY = np.array([0.62, -0.1, np.nan, 1.0000001], dtype=np.float32)
LIKE_STRIPE = Query(exemplars=("Stripe",))


def test_likeness_stands_for_the_industry_nobody_named_and_is_half_where_unknown():
    values = industry_values(LIKE_STRIPE, SIMILARITY)
    assert values is not None
    assert values.tolist() == [np.float32(0.62), 0.0, 0.5, 1.0]


def test_a_named_industry_is_not_replaced_by_likeness():
    both = Query(exemplars=("Stripe",), include=Targets(industries=("fintech",)))
    assert industry_values(both, SIMILARITY) is None


def test_without_an_understood_exemplar_the_industry_stays_neutral():
    assert industry_values(LIKE_STRIPE, None) is None


def test_fit_weighs_likeness_as_it_weighs_industry():
    levels = pack_levels(
        np.array([HALF], np.uint8), np.array([EXACT], np.uint8), np.array([HALF], np.uint8), np.array([False])
    )
    likeness = np.array([0.25], dtype=np.float32)
    assert fit_scores(levels, DEFAULT_WEIGHTS, likeness)[0] == pytest.approx(
        0.4 * 0.25 + 0.3 * 1.0 + 0.3 * 0.5
    )


def test_shared_out_weights_count_exemplars_as_a_target_of_industry():
    shared = effective_weights(LIKE_STRIPE, DEFAULT_WEIGHTS, "renormalise")
    assert shared.tolist() == [1.0, 0.0, 0.0]
