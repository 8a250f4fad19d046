"""The order of the pool: its fit and score in one walk, and the best of it by a heap."""

import numpy as np

from ranking.kernels.compiled import F4S, F8, F8S, I4S, I8, U2S, inlined, kernel
from ranking.types import Float32Array, FloatArray, IntArray, LevelArray


@kernel(U2S, F8S, F8S, F8S, F8S, F4S, F8S, I4S, F8, F8)
def scored(
    levels: LevelArray,
    industry: FloatArray,
    size: FloatArray,
    region: FloatArray,
    fit_weights: FloatArray,
    likeness: Float32Array,
    intent: FloatArray,
    leads: IntArray,
    of_fit: float,
    of_intent: float,
) -> tuple[FloatArray, FloatArray]:
    """Fit and final score of the pool, float64[m] each; the score is -inf where `leads` int32[m] has nobody.

    Args:
        levels: uint16[m] packed levels; `industry`, `size`, `region` float64[512] tell their values.
        fit_weights: float64[3]; `likeness` float32[m] counts in place of the industry, or is empty.
        intent: float64[m] in [0, 100].
    """
    fit, scores = np.empty(len(levels)), np.empty(len(levels))
    for at in range(len(levels)):
        code = levels[at] & 511
        if len(likeness):
            others = fit_weights[1] * size[code] + fit_weights[2] * region[code]
            value = others + fit_weights[0] * np.float64(likeness[at])
        else:
            value = (
                fit_weights[0] * industry[code] + fit_weights[1] * size[code] + fit_weights[2] * region[code]
            )
        fit[at] = min(value, 1.0)
        scores[at] = of_fit * fit[at] + of_intent * (intent[at] / 100.0) if leads[at] >= 0 else -np.inf
    return fit, scores


@inlined
def _goes_before(scores: FloatArray, fit: FloatArray, ranks: IntArray, one: int, other: int) -> bool:
    if scores[one] != scores[other]:
        return bool(scores[one] > scores[other])
    if fit[one] != fit[other]:
        return bool(fit[one] > fit[other])
    return bool(ranks[one] < ranks[other] or (ranks[one] == ranks[other] and one < other))


@inlined
def _sink(heap: IntArray, top: int, count: int, scores: FloatArray, fit: FloatArray, ranks: IntArray) -> None:
    """Let heap[top] sink to its place; the last of the order stands on top."""
    sinking = heap[top]
    while True:
        child = 2 * top + 1
        if child >= count:
            break
        if child + 1 < count and _goes_before(scores, fit, ranks, heap[child], heap[child + 1]):
            child += 1
        if _goes_before(scores, fit, ranks, heap[child], sinking):
            break
        heap[top] = heap[child]
        top = child
    heap[top] = sinking


@kernel(F8S, F8S, I4S, I8, F8)
def first_of(scores: FloatArray, fit: FloatArray, ranks: IntArray, limit: int, min_score: float) -> IntArray:
    """int32[<= limit] positions, best first, by score and fit descending, then rank and position ascending; none below `min_score`."""
    heap = np.empty(min(limit, len(scores)), dtype=np.int32)
    count = 0
    for at in range(len(scores)):
        if not scores[at] >= min_score:
            continue
        if count < len(heap):
            heap[count] = at
            count += 1
            if count == len(heap):
                for top in range(count // 2 - 1, -1, -1):
                    _sink(heap, top, count, scores, fit, ranks)
        elif count and _goes_before(scores, fit, ranks, at, heap[0]):
            heap[0] = at
            _sink(heap, 0, count, scores, fit, ranks)
    if count < len(heap):
        for top in range(count // 2 - 1, -1, -1):
            _sink(heap, top, count, scores, fit, ranks)
    for last in range(count - 1, 0, -1):
        heap[0], heap[last] = heap[last], heap[0]
        _sink(heap, 0, last, scores, fit, ranks)
    return heap[:count]
