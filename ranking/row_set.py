"""A set of a table's rows as packed bits: how the admitted companies go from retrieval to evidence."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.row_bits import rows_of
from ranking.wire import Wired


@dataclass(frozen=True, eq=False)
class RowSet(Wired):
    """`count` rows; row i is bit i of `bits` as np.packbits numbers them.

    Bits past the end are absent or 0. There is at least one octet: np.unpackbits of none answers with whatever lay in memory
    (numpy 2.4).
    """

    bits: NDArray[np.uint8]
    count: int

    @classmethod
    def of(cls, rows: NDArray[np.int32]) -> "RowSet":
        """The set of distinct rows, in any order."""
        member = np.zeros(int(rows.max()) + 1 if len(rows) else 1, dtype=np.bool_)
        member[rows] = True
        return cls(np.packbits(member), len(rows))

    def __len__(self) -> int:
        return self.count

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """int32[count], ascending; made once."""
        return rows_of(self.bits, self.count)
