"""The companies a query admits, as a set over company rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.types import BoolArray, ByteArray, IntArray

IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """n admitted companies out of all rows.

    Attributes:
        rows: int32[n], ascending.
        mask: bool[companies].
        position: int32[companies]; position in `rows`, undefined where `mask` is false.
    """

    rows: IntArray
    mask: BoolArray
    position: IntArray

    @classmethod
    def unpack(cls, bits: ByteArray, company_count: int) -> "Admitted":
        """Read np.packbits of a bool[companies]."""
        mask = np.unpackbits(bits, count=company_count).view(np.bool_)
        rows = np.flatnonzero(mask).astype(np.int32)
        position = np.empty(company_count, dtype=np.int32)
        position[rows] = np.arange(len(rows), dtype=np.int32)
        return cls(rows, mask, position)

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, companies: IntArray) -> tuple[IndexArray | slice, IntArray]:
        """Find the admitted ones among company rows.

        Returns:
            An index of the admitted ones in `companies` (a slice when all rows are admitted), and their
            positions, int32, in the same order.
        """
        if len(self.rows) == len(self.mask):
            return slice(None), companies
        kept = np.flatnonzero(self.mask[companies])
        return kept, self.position[companies[kept]]
