"""Vectors in one byte per dimension, with a bound on what that loses: a nearest-neighbour scan reads a quarter of the bytes.

The codes only rule rows out. Who is left is compared by the exact cosine, so the answer is that of the exact scan, bit for bit
(docs/decisions/0020, docs/ann.md). Sums of integers do not depend on their order, so neither does who is left.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from ranking.types import Float32Array, IntArray

WORTH_BOUNDING = 2_000  # rows; fewer are compared exactly at once, which is as quick (docs/decisions/0020)
_LARGEST = 127.0
_LARGEST_ASKED = (
    32_767.0  # the query is rounded to 16 bits: it is read once and its error counts for every row
)
_WIDEST = 512  # 512 x 127 x 32,767 still fits 31 bits
_BLOCK = 4_096
_FLOAT32_SUMS = (
    1e-4  # a float32 sum of 384 products of unit vectors is off by at most 2.3e-5; both sides, with room
)


class Bounds(NamedTuple):
    """The exact cosine of row i lies in [low[i], high[i]]; float32."""

    low: Float32Array
    high: Float32Array


class VectorCodes:
    """int8[n, d] codes of n vectors of length 1 or 0, the scale of each row and how far its code is from it."""

    def __init__(self, vectors: Float32Array) -> None:
        """Round row by row; 100,000 x 384 take about 0.2 s of CPU and 38 MB.

        Raises:
            ValueError: more dimensions than a 32-bit sum may have.
        """
        count, width = vectors.shape
        if width > _WIDEST:
            raise ValueError(f"vectors have {width} dimensions, at most {_WIDEST} can be coded")
        self._codes = np.empty((count, width), dtype=np.int8)
        self._scale = np.empty(count, dtype=np.float32)
        self._error = np.empty(count, dtype=np.float32)
        for start in range(0, count, _BLOCK):
            self._round(slice(start, start + _BLOCK), np.asarray(vectors[start : start + _BLOCK]))

    @property
    def size_bytes(self) -> int:
        """Memory that the codes take."""
        return int(self._codes.nbytes + self._scale.nbytes + self._error.nbytes)

    def bounds(self, rows: IntArray, to: Float32Array) -> Bounds:
        """Between what the cosines of `rows` int32[m] to the unit vector `to` float32[d] lie, float32[m] each."""
        step = float(np.abs(to).max()) / _LARGEST_ASKED or 1.0
        asked = np.rint(to / step).astype(np.int16)
        lost = float(np.linalg.norm(to.astype(np.float64) - step * asked.astype(np.float64)))
        room = np.float32(lost + _FLOAT32_SUMS)
        return Bounds(
            *_bounds(
                self._codes, self._scale, self._error, _as_kernels_want(rows), asked, np.float32(step), room
            )
        )

    def _round(self, block: slice, vectors: Float32Array) -> None:
        scale = np.abs(vectors).max(axis=1, keepdims=True) / _LARGEST
        codes = np.rint(vectors / np.where(scale > 0, scale, 1))
        self._codes[block] = codes
        self._scale[block] = scale[:, 0]
        self._error[block] = np.linalg.norm(vectors - scale * codes, axis=1)


def cosines(vectors: Float32Array, rows: IntArray, to: Float32Array) -> Float32Array:
    """float32[m]: products of the `rows` int32[m] of float32[n, d] with float32[d], equal rows having equal products."""
    found: Float32Array = _float_products(vectors, _as_kernels_want(rows), to)
    return found


def _as_kernels_want(rows: IntArray) -> IntArray:
    """Rows as one kind of array: numba would compile once more for a read-only or strided one, in the middle of a query."""
    return np.require(rows, np.int32, ("C", "W"))


@numba.njit(nogil=True, cache=True)
def _bounds(
    codes: NDArray[np.int8],
    scale: Float32Array,
    error: Float32Array,
    rows: IntArray,
    asked: NDArray[np.int16],
    step: np.float32,
    room: np.float32,
) -> tuple[Float32Array, Float32Array]:
    low, high = np.empty(rows.size, np.float32), np.empty(rows.size, np.float32)
    for place in range(rows.size):
        row = rows[place]
        code = codes[row]
        total = np.int32(0)
        for each in range(asked.size):
            # int32 said aloud: numba would add up in 64 bits, at half the speed
            total = np.int32(total + np.int32(code[each]) * np.int32(asked[each]))
        near = np.float32(total) * (scale[row] * step)
        reach = error[row] * (np.float32(1) + room) + room  # |x q - x' q'| <= |x - x'| |q| + |x'| |q - q'|
        low[place], high[place] = near - reach, near + reach
    return low, high


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def _float_products(vectors: Float32Array, rows: IntArray, to: Float32Array) -> Float32Array:
    found = np.empty(rows.size, np.float32)
    for place in range(rows.size):
        row = vectors[rows[place]]
        total = np.float32(0.0)
        for each in range(to.size):
            total += row[each] * to[each]
        found[place] = total
    return found
