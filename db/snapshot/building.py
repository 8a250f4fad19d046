"""Tables made from Python values and arrays; the writer and tests use them."""

from array import array
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from db.snapshot.tables import Csr, IdIndex, KeyIndex, StringTable, key_hashes
from ranking.ragged import offsets_of
from ranking.types import IntArray


def string_table(texts: Iterable[str]) -> StringTable:
    """A table of `texts` in order."""
    encoded = [text.encode() for text in texts]
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return StringTable(offsets_of([len(text) for text in encoded]), blob)


def csr(lists: Iterable[Iterable[int]], dtype: DTypeLike = np.int32) -> Csr:
    """One sorted list of distinct numbers per row."""
    gathered = Lists()
    for numbers in lists:
        gathered.add(numbers)
    return gathered.csr(dtype)


def grouped(codes: NDArray[np.int32], rows: NDArray[np.int32], width: int) -> Csr:
    """`width` lists of int32: under each code its rows, in the order given."""
    order = np.argsort(codes, kind="stable")
    return Csr(offsets_of(np.bincount(codes, minlength=width)), rows[order])


def inverse(table: Csr, width: int) -> Csr:
    """Rows per value: `width` lists of int32 row numbers, each ascending."""
    rows = np.repeat(np.arange(len(table), dtype=np.int32), np.diff(table.offsets))
    return grouped(table.values.astype(np.int32), rows, width)


def key_index(rows_by_key: Mapping[str, Iterable[int]]) -> KeyIndex:
    """An index over distinct keys; the same mapping gives the same arrays whatever its order."""
    postings = Postings()
    for key in sorted(rows_by_key):
        for row in sorted(rows_by_key[key]):
            postings.add(key, row)
    return postings.index()


def id_index(ids: Iterable[str]) -> IdIndex:
    """An index over ids in row order."""
    hashes = key_hashes(ids)
    order: NDArray[np.int64] = np.argsort(hashes, kind="stable")
    rows: IntArray = order.astype(np.int32)
    return IdIndex(hashes[order], rows)


class Lists:
    """One list of numbers per row, gathered compactly, each sorted and distinct."""

    def __init__(self) -> None:
        self._lengths = array("q")
        self._values = array("i")

    def add(self, numbers: Iterable[int]) -> None:
        """Append one row."""
        kept = sorted(set(numbers))
        self._lengths.append(len(kept))
        self._values.extend(kept)

    def csr(self, dtype: DTypeLike = np.int32) -> Csr:
        """The gathered rows."""
        return Csr(offsets_of(self._lengths), np.frombuffer(self._values, dtype=np.int32).astype(dtype))


class Postings:
    """Pairs of key and row, gathered compactly; 8 bytes a pair."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._codes = array("i")
        self._rows = array("i")

    def add(self, key: str, row: int) -> None:
        """Note that `row` has `key`; rows come in ascending order, a pair at most once."""
        self._codes.append(self._numbers.setdefault(key, len(self._numbers)))
        self._rows.append(row)

    def index(self) -> KeyIndex:
        """The gathered pairs as an index, keys in the order of their hashes (equal hashes: of the keys)."""
        keys: Sequence[str] = list(self._numbers)
        hashes = key_hashes(keys)
        order = sorted(range(len(keys)), key=lambda number: (int(hashes[number]), keys[number]))
        place = np.empty(len(keys), dtype=np.int32)
        place[order] = np.arange(len(keys), dtype=np.int32)
        codes = place[np.frombuffer(self._codes, dtype=np.int32)]
        rows = np.frombuffer(self._rows, dtype=np.int32)
        table = string_table(keys[number] for number in order)
        return KeyIndex(hashes[order], table, grouped(codes, rows, len(keys)))
