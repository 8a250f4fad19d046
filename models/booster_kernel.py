"""Probabilities from the booster's tables, compiled. One row after the other: eleven words of bits per feature read."""

import math

import numpy as np
from numpy.typing import NDArray

from models.booster_tables import TreeTables
from ranking.kernels.compiled import F4S_2D, F8S, F8S_2D, I8S, U1S, U8S_2D, kernel
from ranking.types import Float32Array, FloatArray

_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_LOWEST_BIT = np.asarray([0, *((n & -n).bit_length() - 1 for n in range(1, 256))], dtype=np.uint8)
_LOWEST_BIT.flags.writeable = False


def probabilities(tables: TreeTables, features: Float32Array) -> FloatArray:
    """float64[n]: what LightGBM predicts, to the last bit, for features float32[n, columns]."""
    rows = np.ascontiguousarray(features, dtype=np.float32).view()
    if rows.ndim != 2 or rows.shape[1] != tables.columns:
        raise ValueError(f"features have shape {rows.shape}, not (n, {tables.columns})")
    rows.flags.writeable = False  # the kernel is compiled for arrays that nobody writes to
    return _probabilities(
        rows, tables.used, tables.thresholds, tables.starts, tables.alive, tables.leaves, _LOWEST_BIT
    )


@kernel(F4S_2D, I8S, F8S, I8S, U8S_2D, F8S_2D, U1S)
def _probabilities(
    rows: Float32Array,
    used: NDArray[np.int64],
    thresholds: FloatArray,
    starts: NDArray[np.int64],
    alive: NDArray[np.uint64],
    leaves: FloatArray,
    lowest_bit: NDArray[np.uint8],
) -> FloatArray:
    found = np.empty(rows.shape[0])
    words = np.empty(alive.shape[1], np.uint64)
    trees = words.view(np.uint8)
    for row in range(rows.shape[0]):
        words[:] = _ALL
        for place in range(used.size):
            value = np.float64(rows[row, used[place]])
            first, end = starts[place], starts[place + 1]
            at = first + 2 * place
            if math.isnan(value):
                at += end - first + 1
            else:
                for edge in range(
                    first, end
                ):  # at most some twenty: counting beats a search, having no branch
                    at += value > thresholds[edge]
            for word in range(words.size):
                words[word] &= alive[at, word]
        total = 0.0
        for tree in range(
            leaves.shape[0]
        ):  # in LightGBM's order, so that the sum is LightGBM's to the last bit
            total += leaves[tree, lowest_bit[trees[tree]]]
        found[row] = 1.0 / (1.0 + math.exp(-total))
    return found
