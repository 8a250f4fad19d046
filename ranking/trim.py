"""The pool for the dear steps: the best admitted companies by fit and preliminary intent (F-4)."""

from ranking.types import FloatArray

POOL_PER_LEAD = 4
POOL_MINIMUM = 200
POOL_MAXIMUM = 2000


def pool_size(limit: int) -> int:
    """clamp(4 x K, 200, 2000) companies (F-4)."""
    return min(max(POOL_PER_LEAD * limit, POOL_MINIMUM), POOL_MAXIMUM)


def preliminary_score(fit: FloatArray, intent: FloatArray | float, final_weights: FloatArray) -> FloatArray:
    """float64[n] in [0, 1]: weighted fit plus weighted intent / 100.

    Args:
        fit: float64[n] in [0, 1].
        intent: float64[n] in [0, 100], or one for all.
        final_weights: float64[2] for fit and intent, summing to 1.

    Source: F-4, F-7.
    """
    weight_fit, weight_intent = final_weights.tolist()
    score: FloatArray = weight_fit * fit + (weight_intent / 100.0) * intent
    return score
