"""Which suppliers of evidence are in doubt because of what else they send (F-8, F-9)."""

from typing import Final

import numpy as np

from ranking.types import BoolArray, IntArray

# Of 7,648 real postings and launches one was called stuffed; 5 % cannot be bad luck.
_MOST_STUFFED: Final = 0.05
_DEVIATES: Final = 2.576  # a 99 % interval


def doubtful(miner: IntArray, stuffed: BoolArray, counted: BoolArray) -> BoolArray:
    """bool[suppliers], true where even the lower bound of the share of stuffed texts is above 5 %.

    Args:
        miner: int32[s] supplier of each snippet.
        stuffed: bool[s].
        counted: bool[s]; leave out repeats, so that reposts of honest texts buy no trust.

    Source: Wilson's score interval.
    """
    sent = np.bincount(miner, weights=counted)
    share = np.bincount(miner, weights=stuffed & counted) / np.maximum(sent, 1)
    spread = _DEVIATES**2 / np.maximum(sent, 1)
    middle = share + spread / 2
    margin = np.sqrt(spread * (share * (1 - share) + spread / 4))
    in_doubt: BoolArray = (middle - margin) / (1 + spread) > _MOST_STUFFED
    return in_doubt & (sent > 0)
