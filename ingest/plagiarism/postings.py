"""A hash table from keys to the texts that hold them: open addressing in two flat arrays, compiled."""

from typing import Final

import numpy as np
from numba import types
from numpy.typing import NDArray

from ranking.kernels.compiled import I8, U8S, kernel
from ranking.types import IntArray

TagArray = NDArray[np.uint32]
KeyArray = NDArray[np.uint64]

_INTO_U4S: Final = types.uint32[::1]
_INTO_I4S: Final = types.int32[::1]
# Fibonacci hashing: keys of a sketch are the smallest hashes of a text, so their high bits are alike.
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
_LOW: Final = np.uint64(0xFFFF_FFFF)


@kernel(_INTO_U4S, _INTO_I4S, U8S, types.int32, I8)
def enter(tags: TagArray, ids: IntArray, keys: KeyArray, text: int, most: int) -> int:
    """Enter `text` under each of `keys`; how many slots that took.

    Args:
        tags: uint32[slots], slots a power of two with room for all keys; they tell keys of one neighbourhood apart.
        ids: int32[slots], -1 where the slot is free.
        keys: uint64[k].
        text: what to enter, >= 0.
        most: a key that so many texts hold takes no more.
    """
    slots = len(ids)
    shift = np.uint64(64 - int(np.round(np.log2(slots))))
    taken = 0
    for key in keys:
        spread = key * _SPREAD
        slot = np.int64(spread >> shift)
        tag = np.uint32(spread & _LOW)
        held = 0
        while ids[slot] >= 0 and held < most:
            held += tags[slot] == tag
            slot = (slot + 1) & (slots - 1)
        if held < most:
            tags[slot] = tag
            ids[slot] = text
            taken += 1
    return taken


@kernel(_INTO_U4S, _INTO_I4S, U8S, I8, _INTO_I4S)
def holders(tags: TagArray, ids: IntArray, keys: KeyArray, most: int, found: IntArray) -> int:
    """Write the texts entered under `keys` to `found`, a text once for each key; how many were written.

    Keys that `most` texts or more hold are boilerplate and name nobody. What does not fit into `found` is left out.
    """
    slots = len(ids)
    shift = np.uint64(64 - int(np.round(np.log2(slots))))
    count = 0
    for key in keys:
        spread = key * _SPREAD
        slot = np.int64(spread >> shift)
        tag = np.uint32(spread & _LOW)
        first = count
        while ids[slot] >= 0 and count < len(found):
            if tags[slot] == tag:
                found[count] = ids[slot]
                count += 1
            slot = (slot + 1) & (slots - 1)
        if count - first >= most:
            count = first
    return count
