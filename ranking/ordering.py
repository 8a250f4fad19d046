"""The order of the list: scores of the pool and the best of it (F-7)."""

from ranking.fit import LEVEL_TABLES, NO_LIKENESS, validate_weights
from ranking.fusion import FinalWeights
from ranking.kernels.ordering import first_of, scored
from ranking.types import Float32Array, FloatArray, IntArray, LevelArray


def pool_scores(
    levels: LevelArray,
    fit_weights: FloatArray,
    likeness: Float32Array | None,
    intent: FloatArray,
    leads: IntArray,
    weights: FinalWeights,
) -> tuple[FloatArray, FloatArray]:
    """Fit (`ranking.fit.fit_scores`) and final score (`ranking.fusion.final_scores`) of the pool, float64[m] each, in one walk.

    Args:
        likeness: float32[m] in place of the industry levels, or None.
        leads: int32[m]; the score is -inf where nobody may be approached, -1.

    Source: F-3, F-7.
    """
    validate_weights(fit_weights)
    likened = NO_LIKENESS if likeness is None else likeness
    return scored(levels, *LEVEL_TABLES, fit_weights, likened, intent, leads, weights.fit, weights.intent)


def top(scores: FloatArray, fit: FloatArray, tie_ranks: IntArray, limit: int, min_score: float) -> IntArray:
    """Positions of the `limit` best, by (score, fit) descending and then tie rank ascending; none below `min_score`.

    Args:
        tie_ranks: int32[n]; the order of the lead ids, so that equal scores always come in one order.

    Source: F-4, F-7.
    """
    return first_of(scores, fit, tie_ranks, limit, min_score)
