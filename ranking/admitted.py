"""The companies a query admits, as a set over company rows."""

from dataclasses import dataclass

import numpy as np

from ranking.kernels.admission import companies_at, marked, members_before
from ranking.types import BoolArray, ByteArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """n admitted companies out of all rows, as bits: they fit the nearest cache, a position per company does not.

    Attributes:
        bits: uint8[ceil(companies / 8)], np.packbits of a bool[companies].
        before: int32[bytes + 1] how many are admitted ahead of each byte, and in all.
    """

    bits: ByteArray
    before: IntArray

    @classmethod
    def of(cls, bits: ByteArray, company_count: int) -> "Admitted":
        """Take np.packbits of a bool[companies]; what is missing at the end is not admitted, what is over is left out."""
        whole = np.zeros((company_count + 7) // 8, dtype=np.uint8)
        whole[: len(bits)] = bits[: len(whole)]
        if company_count % 8 and len(whole):
            whole[-1] &= 0xFF00 >> company_count % 8 & 0xFF
        return cls(whole, members_before(whole))

    def __len__(self) -> int:
        return int(self.before[-1])

    def companies(self, positions: IntArray) -> IntArray:
        """int32[m] rows of the companies at ascending positions."""
        rows: IntArray = companies_at(self.bits, self.before, positions)
        return rows

    def marked(self, companies: IntArray) -> BoolArray:
        """bool[n], true for the admitted ones of int32 company rows."""
        flags: BoolArray = marked(self.bits, self.before, companies)
        return flags
