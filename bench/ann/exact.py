"""Exact search on the rows that pass the filter: the service's own, plain BLAS, and one-byte codes with exact comparison of who is left."""

from abc import ABC, abstractmethod

import numpy as np

from bench.ann.contestant import PLAIN, Built, Setting, timed_build
from bench.ann.subsets import Subset
from db.filtering.vector_codes import WORTH_BOUNDING, VectorCodes, cosines
from ranking.types import Float32Array, IntArray

_GATHER_SHARE = 4


class Exact(ABC):
    """Common to the methods of this module: nothing is built unless they say so, and many queries are asked one by one."""

    name = ""
    settings = PLAIN

    def __init__(self, vectors: Float32Array) -> None:
        self._vectors = vectors
        self.built = Built(0.0, 0.0, vectors.nbytes)

    @abstractmethod
    def search(self, one: Float32Array, subset: Subset, setting: Setting, k: int) -> IntArray:
        """The k nearest rows that pass."""

    def search_many(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> None:
        for one in asked:
            self.search(one, subset, setting, k)

    def server_cpu_s(self) -> float:
        return 0.0

    def close(self) -> None:
        """Let the vectors go."""
        del self._vectors


class Blas(Exact):
    """Gather the rows and multiply, or multiply all where the gathered copy would cost more; many at once are one product."""

    name = "BLAS float32"

    def search(self, one: Float32Array, subset: Subset, _setting: Setting, k: int) -> IntArray:
        rows = subset.rows()
        few = len(rows) * _GATHER_SHARE < subset.size
        near = self._vectors[rows] @ one if few else (self._vectors @ one)[rows]
        return rows[best(near, k)]

    def search_many(self, asked: Float32Array, subset: Subset, _setting: Setting, k: int) -> None:
        rows = subset.rows()
        held = self._vectors[rows] if len(rows) < subset.size else self._vectors
        for near in asked @ held.T:
            rows[best(near, k)]


class Compiled(Exact):
    """The products of the rows alone, compiled: nothing is copied."""

    name = "compiled float32"

    def search(self, one: Float32Array, subset: Subset, _setting: Setting, k: int) -> IntArray:
        rows = subset.rows()
        return rows[best(cosines(self._vectors, rows, one), k)]


class Coded(Exact):
    """What the service does: bounds from one-byte codes rule rows out, the rest are compared exactly."""

    name = "int8 bounds, exact rest"

    def __init__(self, vectors: Float32Array) -> None:
        super().__init__(vectors)
        self.built = timed_build(self._code)

    def search(self, one: Float32Array, subset: Subset, _setting: Setting, k: int) -> IntArray:
        rows = subset.rows()
        if len(rows) >= max(WORTH_BOUNDING, k):
            low, high = self._codes.bounds(rows, one)
            rows = rows[high >= np.partition(low, len(low) - k)[len(low) - k]]
        return rows[best(cosines(self._vectors, rows, one), k)]

    def _code(self) -> int:
        self._codes = VectorCodes(self._vectors)
        return self._codes.size_bytes + self._vectors.nbytes


def best(near: Float32Array, k: int) -> IntArray:
    """Positions of the k highest, in no order; all when there are fewer."""
    if len(near) <= k:
        return np.arange(len(near), dtype=np.int32)
    return np.argpartition(near, len(near) - k)[-k:].astype(np.int32)
