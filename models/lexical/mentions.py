"""Which terms each text has and where: the way back from a text to the words that scored (F-7)."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.lexical.files import OffsetArray, load, save
from ranking.excerpt import READ_CHARACTERS
from ranking.kernels.mentions import spans_of
from ranking.ragged import offsets_of
from ranking.types import IntArray

LongArray = NDArray[np.int64]
SpanArray = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Mentions:
    """The terms of n texts.

    Attributes:
        offsets: int64[n + 1]; text i has the entries offsets[i]:offsets[i + 1].
        terms: int32[entries] term numbers.
        spans: uint16[entries, 2]; code points [start, end) of the text that are the term's word or phrase.
    """

    offsets: OffsetArray
    terms: IntArray
    spans: SpanArray  # two bytes suffice: READ_CHARACTERS is 11,520

    def find(self, rows: LongArray, wanted: IntArray) -> list[list[tuple[int, int]]]:
        """The spans in each of k texts that have one of the `wanted` terms, by start, longer ones first.

        Args:
            rows: int64[k] text rows in any order, repeats allowed.
            wanted: int32[w] term numbers, ascending.
        """
        if not len(wanted):
            return [[] for _ in range(len(rows))]
        spans, ends = spans_of(rows, self.offsets, self.terms, self.spans, wanted)
        found, until = list(zip(*spans.T.tolist(), strict=True)), ends.tolist()
        return [found[start:end] for start, end in zip([0, *until], until, strict=False)]

    def save(self, folder: Path) -> None:
        """Write `mentions_offsets`, `mentions_terms` and `mentions_spans`."""
        for part in ("offsets", "terms", "spans"):
            save(folder, f"mentions_{part}", getattr(self, part))

    @classmethod
    def load(cls, folder: Path) -> "Mentions":
        """Map what `save` wrote."""
        return cls(*(load(folder, f"mentions_{part}") for part in ("offsets", "terms", "spans")))


class MentionLists:
    """Gathers the mentions of texts, one after the other; 8 bytes an entry."""

    def __init__(self) -> None:
        self._lengths = array("i")
        self._terms = array("i")
        self._starts = array("H")
        self._ends = array("H")

    def add(self, terms: Sequence[int], starts: Sequence[int], ends: Sequence[int]) -> None:
        """Append one text, its term numbers beside the places; what lies behind the part that is read for excerpts is left out."""
        if ends and max(ends) > READ_CHARACTERS:
            kept = [place for place, end in enumerate(ends) if end <= READ_CHARACTERS]
            terms, starts, ends = ([values[place] for place in kept] for values in (terms, starts, ends))
        self._lengths.append(len(terms))
        self._terms.extend(terms)
        self._starts.extend(starts)
        self._ends.extend(ends)

    def plain(self) -> Mentions:
        """The gathered lists."""
        offsets = offsets_of(np.frombuffer(self._lengths, dtype=np.int32))
        places = [np.frombuffer(places, dtype=np.uint16) for places in (self._starts, self._ends)]
        return Mentions(offsets, np.frombuffer(self._terms, dtype=np.int32), np.stack(places, axis=1))

    def renumbered(self, numbers: IntArray) -> Mentions:
        """The gathered lists; term i is called numbers[i] in them."""
        held = self.plain()
        return Mentions(held.offsets, numbers[held.terms], held.spans)
