"""The highest scores of many, exactly and without a sort."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import F8S, I4S, I8, U1S, inlined, kernel
from ranking.types import ByteArray, FloatArray, IntArray

_BUCKETS: Final = 512


@kernel(F8S, I8)
def best(score: FloatArray, size: int) -> IntArray:
    """int32[min(size, n)] positions of the highest scores, ascending; among equals the lower positions.

    `score` float64[n] finite, `size` >= 0. Source: F-4.
    """
    kept = np.empty(min(size, len(score)), dtype=np.int32)
    if len(kept) == 0:
        return kept
    lowest, spare = _threshold(score.copy(), np.ones(len(score), dtype=np.int64), len(kept))
    count = 0
    for at in range(len(score)):
        if score[at] > lowest or (score[at] == lowest and spare > 0):
            spare -= score[at] == lowest
            kept[count] = at
            count += 1
    return kept


@kernel(F8S, U1S, I8, I4S, F8S, I8)
def best_of_levels(
    palette: FloatArray, codes: ByteArray, n: int, positions: IntArray, gain: FloatArray, size: int
) -> IntArray:
    """`best` of n scores that few distinct levels make up, plus what some gain.

    Args:
        palette: float64[p] scores. `codes`: uint8[n] which of them each company has; empty when all have the first.
        positions: int32[t] ascending, of those that gain. `gain`: float64[t].
    """
    kept = np.empty(min(size, n), dtype=np.int32)
    if len(kept) == 0:
        return kept
    field, weights = np.empty(len(palette) + len(positions)), np.ones(len(palette) + len(positions), np.int64)
    field[: len(palette)], weights[: len(palette)] = palette, 0
    weights[0] = n if len(codes) == 0 else 0
    for code in codes:
        weights[code] += 1
    for place in range(len(positions)):
        code = codes[positions[place]] if len(codes) > 0 else 0
        weights[code] -= 1
        field[len(palette) + place] = palette[code] + gain[place]
    gained = field[len(palette) :].copy()
    lowest, spare = _threshold(field, weights, len(kept))
    count = place = 0
    for at in range(n):
        score = palette[codes[at] if len(codes) > 0 else 0]
        if place < len(positions) and positions[place] == at:
            score = gained[place]
            place += 1
        if score > lowest or (score == lowest and spare > 0):
            spare -= score == lowest
            kept[count] = at
            count += 1
            if count == len(kept):
                break
    return kept


@inlined
def _threshold(field: FloatArray, weights: NDArray[np.int64], wanted: int) -> tuple[float, int]:
    """The `wanted`-th highest of the values, each counted `weights` times, and how many of that value belong to them.

    The bucket that holds it is divided again until it holds one value. Overwrites its arguments; 1 <= wanted <= all.
    """
    low, high = field.min(), field.max()
    bucket = np.empty(len(field), dtype=np.int32)
    while low < high:
        filled = np.zeros(_BUCKETS, dtype=np.int64)
        for place in range(len(field)):
            bucket[place] = int((field[place] - low) / (high - low) * (_BUCKETS - 1))
            filled[bucket[place]] += weights[place]
        chosen = _BUCKETS - 1
        while filled[chosen] < wanted:
            wanted -= filled[chosen]
            chosen -= 1
        low, high, count = np.inf, -np.inf, 0
        for place in range(len(field)):
            if bucket[place] == chosen:
                field[count], weights[count] = field[place], weights[place]
                low, high = min(low, field[place]), max(high, field[place])
                count += 1
        field, weights = field[:count], weights[:count]
    return low, wanted
