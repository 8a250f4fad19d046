"""The filters of the comparison: shares of the rows, by chance and as a neighbourhood.

A trade, a country's market or a language are rows near each other, and the query may lie far from them all. So besides a subset by
chance there is one of the rows nearest to a pivot. Both are prefixes of an order, so smaller subsets lie within larger ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ranking.types import BoolArray, ByteArray, Float32Array, IntArray

SHARES = (1.0, 0.1, 0.01, 0.001)
Kind = Literal["chance", "near"]


@dataclass(frozen=True, eq=False)
class Subset:
    """Rows that pass one filter.

    Attributes:
        kind: `chance`, or `near` for rows around a pivot.
        share: of all rows.
        limit: the rows are those whose place in the order of `kind` is below it.
        bits: uint8, bit i % 8 of byte i // 8 says whether row i passes: the form in which every contestant gets the filter.
        size: rows that there are at all.
    """

    kind: Kind
    share: float
    limit: int
    bits: ByteArray
    size: int

    @property
    def name(self) -> str:
        """For instance `near 1%`; `all` without a filter."""
        return "all" if self.share == 1.0 else f"{self.kind} {self.share:.1%}".replace(".0%", "%")

    def mask(self) -> BoolArray:
        """bool[size]."""
        return np.unpackbits(self.bits, count=self.size, bitorder="little").view(np.bool_)

    def rows(self) -> IntArray:
        """int32 rows, ascending."""
        return np.flatnonzero(self.mask()).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Orders:
    """int32[n] place of each row by chance, and by nearness to a pivot."""

    chance: IntArray
    near: IntArray

    def subsets(self) -> Iterator[Subset]:
        """No filter, then the shares by chance and near."""
        size = len(self.chance)
        yield _subset("chance", self.chance, 1.0, size)
        for kind, order in (("chance", self.chance), ("near", self.near)):
            for share in SHARES[1:]:
                yield _subset(kind, order, share, size)  # type: ignore[arg-type]


def orders(vectors: Float32Array, seed: int) -> Orders:
    """The orders of which every filter is a prefix; the pivot is drawn from the rows."""
    draw = np.random.default_rng(seed)
    chance = draw.permutation(len(vectors)).astype(np.int32)
    pivot = vectors[int(draw.integers(len(vectors)))]
    return Orders(chance, places(np.argsort(-(vectors @ pivot), kind="stable")))


def places(rows: np.ndarray) -> IntArray:
    """int32[n]: the place of each row in an order of all rows."""
    found = np.empty(len(rows), dtype=np.int32)
    found[rows] = np.arange(len(rows), dtype=np.int32)
    return found


def _subset(kind: Kind, order: IntArray, share: float, size: int) -> Subset:
    limit = max(1, round(share * size))
    return Subset(kind, share, limit, np.packbits(order < limit, bitorder="little"), size)
