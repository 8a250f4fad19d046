"""The pool for the dear steps: the best admitted companies by fit and preliminary intent (F-4)."""

import numpy as np

from ranking.segments import IndexArray
from ranking.types import FloatArray, IntArray

POOL_PER_LEAD = 4
POOL_MINIMUM = 200
POOL_MAXIMUM = 2000
_STRIDE = 16
_WORTH_SAMPLING = 4


def pool_size(limit: int) -> int:
    """clamp(4 x K, 200, 2000) companies (F-4)."""
    return min(max(POOL_PER_LEAD * limit, POOL_MINIMUM), POOL_MAXIMUM)


def preliminary_score(fit: FloatArray, intent: FloatArray, final_weights: FloatArray) -> FloatArray:
    """float64[n] in [0, 1]: weighted fit plus weighted intent / 100.

    Args:
        fit: float64[n] in [0, 1].
        intent: float64[n] in [0, 100].
        final_weights: float64[2] for fit and intent, summing to 1.

    Source: F-4, F-7.
    """
    weight_fit, weight_intent = (float(weight) for weight in final_weights)
    return weight_fit * fit + (weight_intent / 100.0) * intent


def best(score: FloatArray, size: int) -> IntArray:
    """int32[min(size, n)] positions of the highest scores, ascending; among equals the lower positions.

    Exact, without a full sort. `score` float64[n] finite, `size` >= 0. Source: F-4.
    """
    count = len(score)
    if size >= count:
        return np.arange(count, dtype=np.int32)
    if size <= 0:
        return np.zeros(0, dtype=np.int32)
    field = _contenders(score, size)
    contending = score if field is None else score[field]
    threshold = np.partition(contending, len(contending) - size)[len(contending) - size]
    above = np.flatnonzero(contending > threshold)
    level = np.flatnonzero(contending == threshold)[: size - len(above)]
    kept = np.concatenate((above, level))
    kept.sort()
    return (kept if field is None else field[kept]).astype(np.int32)


def _contenders(score: FloatArray, size: int) -> IndexArray | None:
    """Ascending positions that hold all of the best, above a floor read from every 16th score, or None."""
    sample = score[::_STRIDE]
    rank = 2 * size // _STRIDE + _STRIDE
    if len(sample) < _WORTH_SAMPLING * rank:
        return None
    floor = np.partition(sample, len(sample) - rank)[len(sample) - rank]
    field = np.flatnonzero(score >= floor)
    return field if len(field) >= size else None
