"""Sets of rows as packed bits: one AND over 100,000 companies is 1,563 words."""

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

from db.filtering import bit_kernels
from ranking.kernels.row_bits import rows_of
from ranking.row_set import RowSet
from ranking.types import BoolArray, ByteArray, IntArray

Words = NDArray[np.uint64]


class BitSpace:
    """Sets over the rows [0, size); row i is bit i of the words' octets as np.packbits numbers them, bits past the end are never set."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._words = max(1, -(-size // 64))

    def none(self) -> Words:
        """The empty set."""
        return np.zeros(self._words, dtype=np.uint64)

    def pack(self, mask: BoolArray) -> Words:
        """The rows where `mask` bool[size] is true."""
        octets = np.zeros(self._words * 8, dtype=np.uint8)
        packed = np.packbits(mask)
        octets[: len(packed)] = packed
        return octets.view(np.uint64)

    def mask(self, words: Words) -> BoolArray:
        """bool[size], the opposite of `pack`."""
        bits: ByteArray = np.unpackbits(words.view(np.uint8), count=self.size)
        mask: BoolArray = bits.view(np.bool_)
        return mask

    def of_rows(self, rows: IntArray) -> Words:
        """The set of `rows`, in any order, with or without repetition."""
        words = self.none()
        bit_kernels.add(words.view(np.uint8), rows)
        return words

    def rows(self, words: Words) -> IntArray:
        """int32 rows of the set, ascending."""
        return rows_of(words.view(np.uint8), count(words))

    def row_set(self, words: Words) -> RowSet:
        """The set as it leaves the process."""
        return RowSet(words.view(np.uint8), count(words))


def count(words: Words) -> int:
    """How many rows are in the set."""
    return int(np.bitwise_count(words).sum())


def contains(words: Words, rows: IntArray) -> BoolArray:
    """bool[len(rows)]: which of `rows` are in the set."""
    return bit_kernels.contains(words.view(np.uint8), rows)


class BitmapCache:
    """Sets by what they stand for, bounded in bytes; the oldest go first. They are shared: never written to."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._sets: dict[Hashable, Words] = {}

    def get(self, key: Hashable, make: Callable[[], Words]) -> Words:
        """The set under `key`, made on first use."""
        found = self._sets.get(key)
        if found is None:
            found = make()
            self._sets[key] = found
            self._size_bytes += found.nbytes
            while self._size_bytes > self._limit_bytes and len(self._sets) > 1:
                self._size_bytes -= self._sets.pop(next(iter(self._sets))).nbytes
        return found
