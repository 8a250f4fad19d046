"""Which entries of texts name what was asked for: one walk over the terms of the shown texts."""

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import I4S, I8S, U2S_2D, kernel
from ranking.types import IntArray

LongArray = NDArray[np.int64]
SpanArray = NDArray[np.uint16]


@kernel(I8S, I8S, I4S, U2S_2D, I4S)
def spans_of(
    rows: LongArray, offsets: LongArray, terms: IntArray, spans: SpanArray, wanted: IntArray
) -> tuple[LongArray, LongArray]:
    """The spans of the wanted terms, int64[h, 2], text by text, each text's by start, longer ones first; and where each text's end.

    Args:
        rows: int64[k] texts; text i has the entries offsets[i]:offsets[i + 1] of `terms` and `spans`.
        wanted: int32[w], ascending.
    """
    limit = 0
    for row in rows:
        limit += offsets[row + 1] - offsets[row]
    found, ends = np.empty((limit, 2), dtype=np.int64), np.empty(len(rows), dtype=np.int64)
    end = 0
    for text in range(len(rows)):
        first = end
        for entry in range(offsets[rows[text]], offsets[rows[text] + 1]):
            place = np.searchsorted(wanted, terms[entry])
            if place == len(wanted) or wanted[place] != terms[entry]:
                continue
            start, stop = np.int64(spans[entry, 0]), np.int64(spans[entry, 1])
            at = end
            while at > first and (
                found[at - 1, 0] > start or (found[at - 1, 0] == start and found[at - 1, 1] < stop)
            ):
                found[at, 0], found[at, 1] = found[at - 1, 0], found[at - 1, 1]
                at -= 1
            found[at, 0], found[at, 1] = start, stop
            end += 1
        ends[text] = end
    return found[:end], ends
