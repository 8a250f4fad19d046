"""Which stored texts may be repeated by a new one, without scanning them: an index of sketches, bounded in memory.

A text is entered under the smallest hashes of its shingles (Broder's bottom-k sketch: min-wise hashing without
replacement); a new text looks up *all* its shingles. The share of a stored sketch that is met estimates how much of the stored text
the new one contains, whichever of the two is longer, which bands of MinHash over both cannot see.
Besides, a text is found under its exact wording and under its identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.postings import KeyArray, enter, holders
from ranking.simhash import MIN_CONTAINMENT, HashArray

SKETCH_KEYS: Final = 16
# Shorter texts repeat only word by word; entered under their shingles, titles would crowd out what is sought.
LEAST_SHINGLES: Final = 8
# A shingle so many texts were entered under is boilerplate: it names no candidates.
_MOST_HOLDERS: Final = 64
_FOUND: Final = 65_536
_MOST_CANDIDATES: Final = 8
_LEAST_MET: Final = 2
# Of the keys expected at the least containment that counts: half, so that chance seldom hides a repeat.
_MET_SHARE: Final = 0.5
_FULL: Final = 0.7


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the index holds of a text, and what is stored to build it again: keys are uint64[<= 16]."""

    ref: int
    wording: int
    shingles: int
    keys: HashArray


def sketch(fingerprint: Fingerprint) -> Sketch:
    """The sketch of a fingerprint."""
    return Sketch(
        ref=fingerprint.ref,
        wording=fingerprint.wording,
        shingles=len(fingerprint.shingles),
        keys=fingerprint.shingles[: SKETCH_KEYS if len(fingerprint.shingles) >= LEAST_SHINGLES else 0],
    )


class SketchIndex:
    """Sketches of the newest originals, at least the last `capacity` / 2 and at most `capacity`.

    Two generations: when the younger is full, the older is forgotten. Some 270 bytes for a text.
    """

    def __init__(self, capacity: int) -> None:
        self._half = max(1, capacity // 2)
        self._younger = _Generation(self._half)
        self._older: _Generation | None = None
        self._found = np.empty(_FOUND, dtype=np.int32)

    def __len__(self) -> int:
        return sum(generation.size for generation in self._generations())

    @property
    def memory_bytes(self) -> int:
        """Bytes of both generations' arrays."""
        return sum(generation.memory_bytes for generation in self._generations())

    def add(self, new: Sketch) -> None:
        """Remember a text; what was remembered under the same identity is forgotten."""
        self.forget(new.ref)
        if self._younger.is_full:
            self._older, self._younger = self._younger, _Generation(self._half)
        self._younger.add(new)

    def forget(self, ref: int) -> bool:
        """Forget a text (erased, changed, or found to repeat another); whether it was known."""
        return any(generation.forget(ref, self._found) for generation in self._generations())

    def candidates(self, fingerprint: Fingerprint) -> list[int]:
        """References of at most 8 texts that the fingerprint may repeat, the likeliest first, itself left out."""
        scored: dict[int, float] = {}
        for generation in self._generations():
            scored.update(generation.candidates(fingerprint, self._found))
        scored.pop(fingerprint.ref, None)
        best = sorted(scored, key=lambda ref: (-scored[ref], ref))
        return best[:_MOST_CANDIDATES]

    def _generations(self) -> Sequence["_Generation"]:
        return (self._younger,) if self._older is None else (self._younger, self._older)


class _Generation:
    """So many texts at most, entered under their keys."""

    def __init__(self, capacity: int) -> None:
        slots = 1 << ceil(np.log2(max(64, capacity * (SKETCH_KEYS + 2) / _FULL)))
        self._capacity = capacity
        self._tags = np.zeros(slots, dtype=np.uint32)
        self._ids = np.full(slots, -1, dtype=np.int32)
        self._refs = np.zeros(capacity, dtype=np.int64)
        self._wordings = np.zeros(capacity, dtype=np.int64)
        self._shingles = np.zeros(capacity, dtype=np.int32)
        self.size = 0

    @property
    def is_full(self) -> bool:
        return self.size >= self._capacity

    @property
    def memory_bytes(self) -> int:
        arrays = (self._tags, self._ids, self._refs, self._wordings, self._shingles)
        return sum(array.nbytes for array in arrays)

    def add(self, new: Sketch) -> None:
        text = self.size
        self._refs[text], self._wordings[text], self._shingles[text] = new.ref, new.wording, new.shingles
        enter(self._tags, self._ids, _keys(new.keys, new.wording, new.ref), text, _MOST_HOLDERS)
        self.size += 1

    def forget(self, ref: int, found: NDArray[np.int32]) -> bool:
        met = holders(self._tags, self._ids, _keys(_NO_KEYS, ref), _MOST_HOLDERS, found)
        texts = [text for text in found[:met] if self._refs[text] == ref and self._shingles[text] >= 0]
        self._shingles[texts] = _FORGOTTEN
        return bool(texts)

    def candidates(self, fingerprint: Fingerprint, found: NDArray[np.int32]) -> dict[int, float]:
        """Share of what a repeat would meet, by reference; the same wording counts above all."""
        met = holders(self._tags, self._ids, fingerprint.shingles, _MOST_HOLDERS, found)
        texts, counts = np.unique(found[:met], return_counts=True)
        sizes = self._shingles[texts]
        smaller = np.minimum(sizes, len(fingerprint.shingles))
        expected = MIN_CONTAINMENT * np.minimum(sizes, SKETCH_KEYS) * smaller / np.maximum(sizes, 1)
        kept = (sizes >= 0) & (counts >= np.maximum(_LEAST_MET, _MET_SHARE * expected))
        shares = (counts[kept] / np.maximum(expected[kept], 1e-9)).tolist()
        scored = dict(zip(self._refs[texts[kept]].tolist(), shares, strict=True))
        return scored | dict.fromkeys(self._same_wording(fingerprint.wording, found), np.inf)

    def _same_wording(self, wording: int, found: NDArray[np.int32]) -> list[int]:
        met = holders(self._tags, self._ids, _keys(_NO_KEYS, wording), _MOST_HOLDERS, found)
        texts = found[:met]
        same = texts[(self._wordings[texts] == wording) & (self._shingles[texts] >= 0)]
        refs: list[int] = self._refs[same].tolist()
        return refs


_FORGOTTEN: Final = -1
_NO_KEYS: Final = np.empty(0, dtype=np.uint64)


def _keys(sketched: KeyArray, *signed: int) -> KeyArray:
    return np.concatenate((sketched, np.array(signed, dtype=np.int64).view(np.uint64)))
