"""Reductions over runs of equal keys, for arrays sorted by company."""

import numpy as np
from numpy.typing import NDArray

from ranking.types import FloatArray

IndexArray = NDArray[np.intp]


def run_starts(keys: NDArray[np.integer]) -> IndexArray:
    """Where each run of equal neighbours begins, intp[runs]; empty for no keys."""
    if not len(keys):
        return np.zeros(0, dtype=np.intp)
    changed = np.empty(len(keys), dtype=np.bool_)
    changed[0] = True
    np.not_equal(keys[1:], keys[:-1], out=changed[1:])
    return np.flatnonzero(changed)


def run_top(values: FloatArray, starts: IndexArray, depth: int) -> IndexArray:
    """Find the `depth` highest values of each run, highest first; among equals the earlier.

    Args:
        values: float64[n], finite.
        starts: where the runs begin, as `run_starts` gives them.

    Returns:
        intp[runs, depth] indices into `values`, -1 where a run is shorter. Cost grows with the values that
        are left after each round, not with n x depth.
    """
    top = np.full((len(starts), depth), -1, dtype=np.intp)
    index = np.arange(len(values))
    run = np.arange(len(starts))
    for rank in range(depth):
        if not len(starts):
            break
        sizes = np.diff(starts, append=len(values))
        highest = np.repeat(np.maximum.reduceat(values, starts), sizes)
        at_top = np.flatnonzero(values == highest)
        owner = np.searchsorted(starts, at_top, side="right") - 1
        at_top = at_top[run_starts(owner)]
        top[run, rank] = index[at_top]
        left = np.repeat(sizes > 1, sizes)
        left[at_top] = False
        values, index = values[left], index[left]
        again = np.flatnonzero(sizes > 1)
        run = run[again]
        starts = np.concatenate(([0], np.cumsum(sizes[again] - 1)[:-1])) if len(again) else starts[:0]
    return top
