"""Lists of different lengths, one after the other: `offsets` int64[n + 1] says where list i begins and ends."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ranking.types import IntArray


def offsets_of(lengths: ArrayLike) -> NDArray[np.int64]:
    """int64[n + 1] running sums of n lengths, starting at 0."""
    counts = np.asarray(lengths, dtype=np.int64)
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def places_of(offsets: NDArray[np.int64], rows: IntArray | NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 the places offsets[i]:offsets[i + 1] of every i in `rows`, in the order of `rows`."""
    starts = offsets[rows]
    own = offsets_of(offsets[rows + 1] - starts)
    places: NDArray[np.int64] = np.arange(own[-1]) + np.repeat(starts - own[:-1], np.diff(own))
    return places
