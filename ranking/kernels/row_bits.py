"""Packed bits to rows, compiled."""

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import I8, U1S, kernel

# The positions of the set bits of each octet, and how many there are.
_PLACES = np.array(
    [([bit for bit in range(8) if octet & 128 >> bit] + [0] * 8)[:8] for octet in range(256)], dtype=np.int32
)
_ONES = np.array([octet.bit_count() for octet in range(256)], dtype=np.int64)


@kernel(U1S, I8)
def rows_of(bits: NDArray[np.uint8], count: int) -> NDArray[np.int32]:
    """int32[count] positions of the set bits, as np.packbits numbers them, ascending; `count` is how many are set.

    Without a branch that depends on a bit: at a few set bits in a hundred every second guess would be wrong.
    """
    occupied = np.empty(len(bits) + 1, dtype=np.int32)
    octets = 0
    for byte in range(len(bits)):
        occupied[octets] = byte
        octets += bits[byte] != 0
    rows = np.empty(count + 8, dtype=np.int32)
    found = 0
    for place in range(octets):
        byte = occupied[place]
        octet = bits[byte]
        for slot in range(8):
            rows[found + slot] = 8 * byte + _PLACES[octet, slot]
        found += _ONES[octet]
    return rows[:count]
