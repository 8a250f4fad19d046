"""Tables made from Python values and arrays; the writer and tests use them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from db.snapshot.tables import Csr, IdIndex, KeyIndex, OffsetArray, StringTable, key_hashes
from ranking.types import IntArray


def offsets_of(lengths: Iterable[int]) -> OffsetArray:
    """int64[n + 1] running sums of n lengths, starting at 0."""
    counts = np.fromiter(lengths, dtype=np.int64)
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))


def string_table(texts: Iterable[str]) -> StringTable:
    """A table of `texts` in order."""
    encoded = [text.encode() for text in texts]
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return StringTable(offsets_of(map(len, encoded)), blob)


def csr(lists: Sequence[Sequence[int]], dtype: DTypeLike = np.int32) -> Csr:
    """One sorted list of distinct numbers per row."""
    kept = [sorted(set(values)) for values in lists]
    flat = np.fromiter((value for values in kept for value in values), dtype=dtype)
    return Csr(offsets_of(map(len, kept)), flat)


def inverse(table: Csr, width: int) -> Csr:
    """Rows per value: `width` lists of int32 row numbers, each ascending."""
    rows = np.repeat(np.arange(len(table), dtype=np.int32), np.diff(table.offsets))
    order = np.argsort(table.values, kind="stable")
    counts = np.bincount(table.values, minlength=width) if len(table.values) else np.zeros(width, np.int64)
    return Csr(offsets_of(counts), rows[order])


def key_index(rows_by_key: Mapping[str, Sequence[int]]) -> KeyIndex:
    """An index over distinct keys; the same mapping gives the same arrays whatever its order."""
    keys = sorted(rows_by_key)
    hashes = key_hashes(keys)
    order = np.argsort(hashes, kind="stable")
    ordered = [keys[position] for position in order]
    return KeyIndex(hashes[order], string_table(ordered), csr([rows_by_key[key] for key in ordered]))


def id_index(ids: Iterable[str]) -> IdIndex:
    """An index over ids in row order."""
    hashes = key_hashes(ids)
    order: NDArray[np.int64] = np.argsort(hashes, kind="stable")
    rows: IntArray = order.astype(np.int32)
    return IdIndex(hashes[order], rows)
