"""Variable-length columns as arrays: strings, lists per row, and keys that name rows.

All arrays may be read-only memory maps. Rows are positions in the columns, never database ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.types import ByteArray, IntArray

OffsetArray = NDArray[np.int64]
HashArray = NDArray[np.uint64]

NO_ROWS: IntArray = np.zeros(0, dtype=np.int32)


def key_hash(key: str) -> int:
    """64-bit hash of a key, the same on every machine and in every process."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def key_hashes(keys: Iterable[str]) -> HashArray:
    """uint64[n] hashes in input order."""
    joined = b"".join([blake2b(key, digest_size=8).digest() for key in map(str.encode, keys)])
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class StringTable:
    """n strings in one UTF-8 blob.

    Attributes:
        offsets: int64[n + 1]; string i is blob[offsets[i]:offsets[i + 1]].
        blob: uint8[bytes].
    """

    offsets: OffsetArray
    blob: ByteArray
    # Views of both: slicing them costs a third of slicing the arrays, and cards are cut from a hundred rows per query.
    _starts: memoryview = field(init=False, repr=False)
    _content: memoryview = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", self.offsets.data)
        object.__setattr__(self, "_content", self.blob.data)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return str(self._content[self._starts[row] : self._starts[row + 1]], "utf-8")

    def take(self, rows: Iterable[int]) -> list[str]:
        """The strings of `rows`, in that order."""
        starts, content = self._starts, self._content
        return [str(content[starts[row] : starts[row + 1]], "utf-8") for row in rows]

    def take_raw(self, rows: Iterable[int]) -> list[memoryview]:
        """The UTF-8 bytes of `rows`, in that order; views, valid as long as the table."""
        starts, content = self._starts, self._content
        return [content[starts[row] : starts[row + 1]] for row in rows]

    def all(self) -> list[str]:
        """Every string; for small tables only."""
        return self.take(range(len(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Csr:
    """A list of numbers per row (compressed sparse rows).

    Attributes:
        offsets: int64[n + 1].
        values: any integer dtype[total]; row i has values[offsets[i]:offsets[i + 1]], ascending and distinct.
    """

    offsets: OffsetArray
    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, row: int) -> NDArray[Any]:
        """The list of one row, a view."""
        return self.values[self.offsets[row] : self.offsets[row + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class KeyIndex:
    """Distinct keys, each naming one or more rows; found by hash, confirmed by the key itself.

    Attributes:
        hashes: uint64[k], ascending.
        keys: k strings in the order of `hashes`.
        rows: k lists of int32 rows.
    """

    hashes: HashArray
    keys: StringTable
    rows: Csr

    def rows_of(self, key: str) -> IntArray:
        """Rows under `key`, ascending; empty when nothing has it."""
        wanted = np.uint64(key_hash(key))
        position = int(np.searchsorted(self.hashes, wanted))
        while position < len(self.hashes) and self.hashes[position] == wanted:
            if self.keys[position] == key:
                return self.rows.row(position)
            position += 1
        return NO_ROWS


@dataclass(frozen=True, slots=True, eq=False)
class IdIndex:
    """Row of each id, for ids kept in a `StringTable` in row order.

    Attributes:
        hashes: uint64[n], ascending; `rows`: int32[n] in the same order.
    """

    hashes: HashArray
    rows: IntArray

    def rows_of(self, ids: Sequence[str], table: StringTable) -> IntArray:
        """int32[len(ids)] rows in input order, -1 where `table` has no such id."""
        return self.rows_under(key_hashes(ids), ids, table)

    def rows_under(self, wanted: HashArray, ids: Sequence[str], table: StringTable) -> IntArray:
        """`rows_of` ids of which the hashes are known."""
        found = np.full(len(ids), -1, dtype=np.int32)
        if not len(self.hashes):
            return found
        first = self.hashes.searchsorted(wanted)
        hit = np.flatnonzero(self.hashes[np.minimum(first, len(self.hashes) - 1)] == wanted)
        rows = self.rows[first[hit]].tolist()
        found[hit] = [
            row
            if key == ids[number]
            else self._confirm(int(first[number]), wanted[number], ids[number], table)
            for number, row, key in zip(hit.tolist(), rows, table.take(rows), strict=True)
        ]
        return found

    def _confirm(self, position: int, value: np.uint64, key: str, table: StringTable) -> int:
        while position < len(self.hashes) and self.hashes[position] == value:
            row = int(self.rows[position])
            if table[row] == key:
                return row
            position += 1
        return -1
