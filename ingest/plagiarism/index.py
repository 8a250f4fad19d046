"""Which stored texts may be repeated by a new one, without scanning them: an index of sketches, bounded in memory.

A text is entered under the smallest hashes of its shingles (Broder's bottom-k sketch: min-wise hashing without
replacement); a new text looks up *all* its shingles. The share of a stored sketch that is met estimates how much of the stored text
the new one contains, whichever of the two is longer, which bands of MinHash over both cannot see.
Besides, a text is found under its exact wording and under its identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.postings import (
    MOST_TEXTS,
    KeyArray,
    LongArray,
    enter_texts,
    forget_texts,
    look_up,
    move,
)
from ranking.simhash import MIN_CONTAINMENT
from ranking.types import IntArray

SKETCH_KEYS: Final = 16
# Shorter texts repeat only word by word; entered under their shingles, titles would crowd out what is sought.
LEAST_SHINGLES: Final = 8
# One pair of unrelated texts in twelve is nearer; of medium reposts nearly all are (decision 0038 has the curve).
FAR_BITS: Final = 26
# A shingle so many texts were entered under is boilerplate: it names no candidates.
MOST_HOLDERS: Final = 64
_FOUND: Final = 65_536
MOST_CANDIDATES: Final = 8
_FULL: Final = 0.7
_KEYS_EACH: Final = SKETCH_KEYS + 2
_SMALLEST: Final = 256
# By a quarter: doubling leaves half of it empty and holds three times as much while it moves. Each entry moves four times, not once.
_GROWS_BY: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """What the index holds of some texts, as columns, and what is stored to build it again.

    Attributes:
        columns: int64[5, n]; reference, wording, shingles, simhash and company key, as a `Fingerprint` has them.
        keys: uint64[n, 16], each text's smallest shingles, ascending; after the last one anything.
    """

    columns: LongArray
    keys: KeyArray

    def __len__(self) -> int:
        return int(self.columns.shape[1])

    @classmethod
    def of(cls, texts: Sequence[Fingerprint]) -> Self:
        """The sketches of fingerprints, in their order."""
        rows = [
            (text.ref, text.wording, len(text.shingles), text.simhash, text.company_key) for text in texts
        ]
        keys = np.zeros((len(rows), SKETCH_KEYS), dtype=np.uint64)
        for row, text in zip(keys, texts, strict=True):
            smallest = text.shingles[:SKETCH_KEYS]
            row[: len(smallest)] = smallest
        return cls(np.array(rows, dtype=np.int64).reshape(-1, 5).T, keys)

    @property
    def refs(self) -> LongArray:
        """int64[n]."""
        refs: LongArray = self.columns[0]
        return refs

    @property
    def counts(self) -> LongArray:
        """int64[n]; keys that each text is entered under."""
        sizes = self.columns[2]
        counts: LongArray = np.minimum(sizes, SKETCH_KEYS) * (sizes >= LEAST_SHINGLES)
        return counts

    def part(self, start: int, end: int) -> "Sketches":
        """Some of them."""
        return Sketches(self.columns[:, start:end], self.keys[start:end])


class SketchIndex:
    """Sketches of the newest originals, at least the last `capacity` / 2 and at most `capacity`.

    Two generations: when the younger is full, the older is forgotten. At most 246 bytes for a text of capacity.
    """

    def __init__(self, capacity: int) -> None:
        self._half = min(max(1, capacity // 2), MOST_TEXTS)
        self._younger = _Generation(self._half)
        self._older: _Generation | None = None
        self._found = np.empty(_FOUND, dtype=np.int32)

    def __len__(self) -> int:
        return sum(generation.size for generation in self._generations())

    @property
    def memory_bytes(self) -> int:
        """Bytes of both generations' arrays."""
        return sum(generation.memory_bytes for generation in self._generations())

    def add(self, *texts: Fingerprint) -> None:
        """Remember texts, as `extend` does."""
        self.extend(Sketches.of(texts))

    def extend(self, new: Sketches) -> None:
        """Remember texts, each reference once; what was remembered under the same identity is forgotten."""
        self.forget(new.refs)
        start = 0
        while start < len(new):
            if self._younger.room == 0:
                self._older, self._younger = self._younger, _Generation(self._half)
            end = min(len(new), start + self._younger.room)
            self._younger.extend(new.part(start, end))
            start = end

    def forget(self, refs: LongArray | Sequence[int]) -> int:
        """Forget texts (erased, changed, or found to repeat another); how many were known."""
        if not len(refs) or not len(self):
            return 0
        wanted = np.ascontiguousarray(refs, dtype=np.int64)
        return sum(generation.forget(wanted, self._found) for generation in self._generations())

    def candidates(self, text: Fingerprint) -> list[int]:
        """References of at most 8 texts that a text may repeat, the likeliest first, itself left out."""
        scored: list[tuple[float, int]] = []
        for generation in self._generations():
            scored += generation.candidates(text, self._found)
        if self._older is not None:
            scored.sort()
        return [ref for _, ref in scored[:MOST_CANDIDATES]]

    def _generations(self) -> Sequence["_Generation"]:
        return (self._younger,) if self._older is None else (self._younger, self._older)


class _Generation:
    """So many texts at most, entered under their keys; grows as they come."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        rows = min(capacity, _SMALLEST)
        self._table = np.zeros(_slots(rows), dtype=np.uint64)
        # refs, wordings, sizes, simhashes, companies
        self._columns = np.zeros((5, rows), dtype=np.int64)
        self._best = np.empty(MOST_CANDIDATES, dtype=np.int64)
        self._scores = np.empty(MOST_CANDIDATES, dtype=np.float64)
        self.size = 0

    @property
    def room(self) -> int:
        """How many texts more it takes."""
        return self._capacity - self.size

    @property
    def memory_bytes(self) -> int:
        return self._table.nbytes + self._columns.nbytes

    def extend(self, new: Sketches) -> None:
        end = self.size + len(new)
        self._grow(end)
        self._columns[:, self.size : end] = new.columns
        keys = np.ascontiguousarray(new.keys).reshape(-1)
        refs, wordings = self._columns[0, self.size : end], self._columns[1, self.size : end]
        enter_texts(self._table, keys, new.counts, wordings, refs, self.size, MOST_HOLDERS)
        self.size = end

    def _grow(self, texts: int) -> None:
        rows = self._columns.shape[1]
        if texts <= rows:
            return
        rows = min(self._capacity, max(texts, rows + rows // _GROWS_BY))
        columns = np.zeros((5, rows), dtype=np.int64)
        columns[:, : self.size] = self._columns[:, : self.size]
        table = np.zeros(_slots(rows), dtype=np.uint64)
        move(self._table, table)
        self._columns, self._table = columns, table

    def forget(self, refs: LongArray, found: IntArray) -> int:
        return forget_texts(self._table, refs, self._columns[0], self._columns[2], found)

    def candidates(self, text: Fingerprint, found: IntArray) -> list[tuple[float, int]]:
        """(-share of what a repeat would meet, reference), ascending; the same wording counts above all."""
        refs, wordings, sizes, simhashes, companies = self._columns
        kept = look_up(
            self._table, text.shingles, text.ref, text.wording, text.simhash, text.company_key,
            refs, wordings, sizes, simhashes, companies,
            SKETCH_KEYS, MOST_HOLDERS, FAR_BITS, MIN_CONTAINMENT, found, self._best, self._scores,
        )  # fmt: skip
        return list(zip((-self._scores[:kept]).tolist(), self._best[:kept].tolist(), strict=True))


def _slots(texts: int) -> int:
    return int(texts * _KEYS_EACH / _FULL) + 1
