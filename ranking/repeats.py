"""Which of several texts that say the same counts at a given time (F-9).

One of each group counts: the original, or, for a job posting, the newest renewal by the supplier of the
original: a vacancy listed again is still open. Nobody else's repost makes evidence newer.
"""

import numpy as np

from ranking.types import BoolArray, FloatArray, IntArray


def superseded(
    original: IntArray, miner: IntArray, observed: FloatArray, *, posting: BoolArray, eligible: BoolArray
) -> BoolArray:
    """bool[s], true for the members of each group that do not count.

    Where the original is not eligible, another member counts in its place: the first in row order, or the newest
    renewal.

    Args:
        original: int32[s] row of the snippet that each one repeats, its own for originals.
        miner: int32[s] suppliers.
        observed: float64[s] seconds since the epoch, NaN where undated.
        posting: bool[s] job postings.
        eligible: bool[s] known at the time and not flagged; others of a group never count.
    """
    dropped = np.zeros(len(original), dtype=np.bool_)
    repeats = np.flatnonzero(original != np.arange(len(original)))
    if not len(repeats):
        return dropped
    members = np.union1d(repeats, original[repeats])
    group = original[members]
    renewal = posting[members] & (miner[members] == miner[group]) & ~np.isnan(observed[members])
    first = members == group
    # An undated original gives way to a dated renewal, and stands before everything else.
    date = np.where(np.isnan(observed[members]), -np.finfo(np.float64).max, observed[members])
    newness = np.where((first | renewal) & eligible[members], date, -np.inf)
    order = np.lexsort((members, ~first, -newness, ~eligible[members], group))
    ahead = np.ones(len(order), dtype=np.bool_)
    ahead[1:] = group[order][1:] != group[order][:-1]
    dropped[members] = True
    dropped[members[order[ahead]]] = False
    return dropped
