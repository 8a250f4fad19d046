"""Packed sets and short lists of rows, compiled. A set is its octets as np.packbits writes them."""

import numpy as np
from numba import types

from ranking.kernels.compiled import I4S, I8, U1S, inlined, kernel
from ranking.types import BoolArray, ByteArray, IntArray

_INTO_U1S = types.uint8[::1]
_ONES = np.array([octet.bit_count() for octet in range(256)], dtype=np.uint8)


@inlined
def _has(octets: ByteArray, row: int) -> bool:
    return bool((octets[row >> 3] >> (7 - (row & 7))) & 1)


@inlined
def _add(octets: ByteArray, row: int) -> None:
    octets[row >> 3] |= 128 >> (row & 7)


@kernel(U1S, I4S)
def contains(octets: ByteArray, rows: IntArray) -> BoolArray:
    """bool[m]: which of `rows` are in the set; -1 stands for anything."""
    found = np.empty(len(rows), dtype=np.bool_)
    for place in range(len(rows)):
        found[place] = _has(octets, rows[place])
    return found


@kernel(U1S, I4S)
def members(octets: ByteArray, rows: IntArray) -> IntArray:
    """Those of `rows` that are in the set, in their order."""
    found = np.empty(len(rows), dtype=np.int32)
    count = 0
    for row in rows:
        found[count] = row
        count += _has(octets, row)
    return found[:count]


@kernel(_INTO_U1S, I4S)
def add(octets: ByteArray, rows: IntArray) -> None:
    """Put `rows` into the set."""
    for row in rows:
        _add(octets, row)


@kernel(U1S, I4S)
def ranks(octets: ByteArray, rows: IntArray) -> IntArray:
    """int32[m] how many of the set come before each of `rows`, which ascend."""
    found = np.empty(len(rows), dtype=np.int32)
    byte = total = 0
    for place in range(len(rows)):
        row = rows[place]
        for passed in range(byte, row >> 3):
            total += _ONES[octets[passed]]
        byte = row >> 3
        found[place] = total + _ONES[octets[byte] >> (8 - (row & 7))]
    return found


@kernel(_INTO_U1S, U1S, I4S, I4S, I8)
def spread(octets: ByteArray, of: ByteArray, rows: IntArray, groups: IntArray, group_count: int) -> None:
    """Put into the set all of `rows` in whose group one row is in the set `of`; `groups` is the group of each."""
    touched = np.zeros(group_count, dtype=np.bool_)
    for place in range(len(rows)):
        touched[groups[place]] |= _has(of, rows[place])
    for place in range(len(rows)):
        if touched[groups[place]]:
            _add(octets, rows[place])
