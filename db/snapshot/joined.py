"""Look-up tables of a generation and of its additions read as one, without a copy of the generation's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.snapshot.tables import Csr, IdIndex, KeyIndex, StringTable, key_hashes
from ranking.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class JoinedStrings(StringTable):
    """The strings of `offsets` and `blob`, then those of `later`."""

    later: StringTable

    def __len__(self) -> int:
        return self._built + len(self.later)

    @property
    def _built(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        built = self._built
        return self.later[row - built] if row >= built else StringTable.__getitem__(self, row)

    def take(self, rows: Iterable[int]) -> list[str]:
        """The strings of `rows`, in that order."""
        return [str(raw, "utf-8") for raw in self.take_raw(rows)]

    def take_raw(self, rows: Iterable[int]) -> list[memoryview]:
        """The UTF-8 bytes of `rows`, in that order; views, valid as long as the table."""
        built, starts, content = self._built, self._starts, self._content
        later_starts, later_content = self.later._starts, self.later._content
        return [
            content[starts[row] : starts[row + 1]]
            if row < built
            else later_content[later_starts[row - built] : later_starts[row - built + 1]]
            for row in rows
        ]

    def all(self) -> list[str]:
        """Every string; for small tables only."""
        return self.take(range(len(self)))


@dataclass(frozen=True, slots=True, eq=False)
class JoinedLists(Csr):
    """Rows per value of several tables: the lists of `parts` follow, their rows moved by the number beside each.

    Lists are united value by value; `offsets` and `values` are the first table's alone.
    """

    parts: tuple[tuple[Csr, int], ...]

    def __len__(self) -> int:
        return max(len(self.offsets) - 1, *(len(part) for part, _ in self.parts))

    def row(self, row: int) -> NDArray[Any]:
        """The united list under one value."""
        own = [Csr(self.offsets, self.values).row(row)] if row < len(self.offsets) - 1 else []
        later = [part.row(row) + np.int32(first) for part, first in self.parts if row < len(part)]
        return np.concatenate([np.zeros(0, dtype=np.int32), *own, *later])


@dataclass(frozen=True, slots=True, eq=False)
class JoinedKeys(KeyIndex):
    """An index over keys whose rows are in several tables; those of `parts` are moved by the number beside each."""

    parts: tuple[tuple[KeyIndex, int], ...]

    def rows_of(self, key: str) -> IntArray:
        """Rows under `key`, ascending; empty when nothing has it."""
        found = [KeyIndex(self.hashes, self.keys, self.rows).rows_of(key)]
        found += [part.rows_of(key) + np.int32(first) for part, first in self.parts]
        filled = [rows for rows in found if len(rows)]
        return np.concatenate(filled).astype(np.int32) if len(filled) > 1 else (filled or found)[0]


@dataclass(frozen=True, slots=True, eq=False)
class JoinedIds(IdIndex):
    """Rows of ids of which the same may be in several tables; rows that are `gone`, bool[all rows], are not found.

    `built` has the ids of `hashes` and `rows`; each part its index, its ids and the number its rows are moved by.
    """

    built: StringTable
    parts: tuple[tuple[IdIndex, StringTable, int], ...]
    gone: BoolArray

    def rows_of(self, ids: Sequence[str], table: StringTable) -> IntArray:  # noqa: ARG002  # each part has its own
        """int32[len(ids)] rows in input order, -1 where there is no such id."""
        wanted = key_hashes(ids)
        found = self._still(IdIndex(self.hashes, self.rows).rows_under(wanted, ids, self.built))
        for index, names, first in self.parts:
            rows = index.rows_under(wanted, ids, names)
            later = self._still(np.where(rows >= 0, rows + np.int32(first), rows))
            found = np.where(later >= 0, later, found)
        return found.astype(np.int32)

    def _still(self, rows: NDArray[Any]) -> NDArray[Any]:
        return np.where((rows >= 0) & self.gone[rows], -1, rows)
