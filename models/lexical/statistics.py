"""BM25 scores of texts under the statistics of an index that was built without them (F-5)."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.lexical.files import TermTable
from models.lexical.kindred import Kindred
from models.lexical.manifest import K1, B
from ranking.types import Float32Array, IntArray

_CACHED_TERMS = 200_000
UNSEEN = 1
"""The frequency of a term that the index does not know."""


class Counted(Protocol):
    """An index as its statistics see it."""

    @property
    def texts(self) -> int:
        """How many texts it has."""

    @property
    def average_length(self) -> float:
        """Their mean length in terms."""

    def frequency(self, term: str, /) -> int:
        """How many of them have a term."""

    def kindred_in(self, table: TermTable, /) -> Kindred:
        """The words that tell of its concepts, as numbered in another index."""


class Statistics:
    """Frozen idf and average length."""

    def __init__(self, index: Counted) -> None:
        self.texts = index.texts
        self.average_length = index.average_length or 1.0
        self.kindred_in = index.kindred_in
        self._frequency = lru_cache(maxsize=_CACHED_TERMS)(index.frequency)

    def idf(self, term: str) -> float:
        """ln(texts / texts with the term); for a term of none as if one had it."""
        return self.rarity(self._frequency(term))

    def rarity(self, frequency: int) -> float:
        """ln(texts / frequency), for a frequency of 0 as for 1."""
        return math.log(max(self.texts, 1) / max(frequency, UNSEEN))

    def scores(
        self, lengths: Sequence[int], tf: Float32Array, idf: Float32Array, text: IntArray
    ) -> Float32Array:
        """float32[p] scores, bit by bit as the index's own builder makes them.

        Args:
            lengths: in terms, of each text.
            tf: float32[p] how often the term of each posting occurs in its text; `idf`: float32[p] of these terms.
            text: int32[p] number of the text of each posting.

        Source: bm25s, method "atire": occurrences and idf in float32, what is made of the length in float64.
        """
        share: NDArray[np.float64] = B * np.asarray(lengths, dtype=np.int64) / np.float64(self.average_length)
        damping = K1 * (1 - B + share)
        weight = (tf * np.float32(K1 + 1)) / (tf.astype(np.float64) + damping[text])
        return (idf.astype(np.float64) * weight).astype(np.float32)
