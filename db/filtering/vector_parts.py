"""Vectors of a generation and those of its additions, compared as one table."""

from collections.abc import Sequence

import numpy as np

from db.filtering.vector_codes import Bounds, VectorCodes, cosines
from ranking.types import BoolArray, Float32Array, IntArray


class VectorParts:
    """float32[n, d] in one part, or in two of which the second follows the first; the first part's codes are made once."""

    def __init__(self, vectors: Float32Array, has_vector: BoolArray) -> None:
        """Round the vectors; they are read whole, 0.2 s per 100,000: not where there is nothing to compare."""
        self._vectors: tuple[Float32Array, ...] = (vectors,)
        self._codes: tuple[VectorCodes, ...] = (VectorCodes(vectors if has_vector.any() else vectors[:0]),)

    def followed_by(self, later: Sequence[Float32Array]) -> "VectorParts":
        """The first part and these after it."""
        joined = VectorParts.__new__(VectorParts)
        joined._vectors, joined._codes = self._vectors[:1], self._codes[:1]
        if later:
            more = np.concatenate(later)
            joined._vectors += (more,)
            joined._codes += (VectorCodes(more),)
        return joined

    def row(self, row: int) -> Float32Array:
        """One vector."""
        first = len(self._vectors[0])
        found: Float32Array = self._vectors[0][row] if row < first else self._vectors[1][row - first]
        return found

    def cosines(self, rows: IntArray, to: Float32Array) -> Float32Array:
        """float32[m]: products of the `rows` int32[m] with float32[d], equal rows having equal products."""
        if len(self._vectors) == 1:
            return cosines(self._vectors[0], rows, to)
        first = len(self._vectors[0])
        is_later = rows >= first
        found = np.empty(len(rows), dtype=np.float32)
        found[~is_later] = cosines(self._vectors[0], rows[~is_later], to)
        found[is_later] = cosines(self._vectors[1], rows[is_later] - np.int32(first), to)
        return found

    def bounds(self, rows: IntArray, to: Float32Array) -> Bounds:
        """Between what the cosines of `rows` int32[m] to the unit vector `to` float32[d] lie, float32[m] each."""
        if len(self._codes) == 1:
            return self._codes[0].bounds(rows, to)
        first = len(self._vectors[0])
        is_later = rows >= first
        low, high = np.empty(len(rows), dtype=np.float32), np.empty(len(rows), dtype=np.float32)
        low[~is_later], high[~is_later] = self._codes[0].bounds(rows[~is_later], to)
        low[is_later], high[is_later] = self._codes[1].bounds(rows[is_later] - np.int32(first), to)
        return Bounds(low, high)
