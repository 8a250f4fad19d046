"""Texts that speak of a concept without naming it, told by the words that stand beside its names elsewhere (F-5).

"We compare Yardi and Buildium" names no product category, yet other texts say "property management software" beside these
words. Which words tell of which concept is learned from the texts themselves, without labels. A word must stand beside the names of
a concept at several companies, so that nobody's own name becomes a sign.

Source: labelling by the names alone is distant supervision (M. Mintz et al., ACL 2009); words whose chances add up without
regard to each other are a noisy-or (J. Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, ch. 4.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.lexical.files import OffsetArray, PostingLists, TermTable, load, save
from ranking.ragged import offsets_of, places_of
from ranking.types import FloatArray, IntArray

COMPANIES: Final = 8  # a word's texts that name the concept come from so many companies at least
_SHARE: Final = 0.15  # of the texts with the word that name any concept, those that name this one
_DOUBT: Final = 5.0  # texts that speak against each word from the start
_LIFT: Final = 2.0  # ln of how many times as frequent the word is beside the concept's names
_CERTAIN: Final = 0.98
_CHANCE: Final = 0.65  # from which a text is taken to speak of the concept

LongArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Kindred:
    """What tells of each of k concepts.

    Attributes:
        offsets: int64[k + 1]; concept i has the words offsets[i]:offsets[i + 1], ascending by number.
        numbers: int32[w] index terms. `weights`: float64[w] -ln(1 - chance) of a text with the word, > 0.
        points: float64[k] BM25 points of a text that certainly speaks of the concept: its idf.
    """

    offsets: OffsetArray
    numbers: IntArray
    weights: FloatArray
    points: FloatArray

    @classmethod
    def none(cls, concepts: int) -> "Kindred":
        """Nothing tells of anything."""
        return cls(
            np.zeros(concepts + 1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0),
            np.zeros(concepts),
        )

    @classmethod
    def load(cls, folder: Path) -> "Kindred":
        """Map what `save` wrote."""
        return cls(
            *(load(folder, f"kindred_terms_{part}") for part in ("offsets", "numbers", "weights", "points"))
        )

    def save(self, folder: Path) -> None:
        """Write `kindred_terms_*`."""
        for part in ("offsets", "numbers", "weights", "points"):
            save(folder, f"kindred_terms_{part}", getattr(self, part))

    def renumbered(self, old: TermTable, new: TermTable) -> "Kindred":
        """The same words as another index numbers them; those it has not are left out."""
        numbers = np.array([new.find(old.text(number)) for number in self.numbers.tolist()], dtype=np.int32)
        known = numbers >= 0
        counts = np.bincount(self.pairs()[known], minlength=len(self.points))
        return Kindred(offsets_of(counts), numbers[known], self.weights[known], self.points)

    def pairs(self) -> LongArray:
        """int64[w] the concept of each word."""
        return np.repeat(np.arange(len(self.points)), np.diff(self.offsets))


def learned(
    postings: PostingLists, concepts: PostingLists, synonyms: Sequence[IntArray], companies: IntArray
) -> Kindred:
    """The words that tell of each concept, from n texts.

    Args:
        postings: texts of each term. `concepts`: texts that name each concept. `synonyms`: the terms that are its names.
        companies: int32[n] of each text.
    """
    texts, terms = len(companies), len(postings.offsets) - 1
    frequency = np.diff(postings.offsets)
    term_of = np.repeat(np.arange(terms, dtype=np.int32), frequency)
    names_any = np.zeros(texts, dtype=np.bool_)
    names_any[concepts.rows] = True
    told = np.bincount(term_of[names_any[postings.rows]], minlength=terms)
    by_text = term_of[np.argsort(postings.rows, kind="stable")]
    bounds = offsets_of(np.bincount(postings.rows, minlength=texts))
    found = []
    points = np.zeros(len(synonyms))
    for number, names in enumerate(synonyms):
        rows = concepts.of(number)[0]
        points[number] = np.log(texts / len(rows)) if len(rows) else 0.0
        beside, company = _terms_of(rows, by_text, bounds, companies)
        count = np.bincount(beside, minlength=terms)
        share = count / (told + _DOUBT)
        lift = np.log((count + 0.5) / (len(rows) + 1.0)) - np.log((frequency + 1.0) / (texts + 2.0))
        held = (count >= COMPANIES) & (share >= _SHARE) & (lift >= _LIFT)
        held[names] = False
        kept = held[beside]
        everywhere = np.unique((beside[kept].astype(np.int64) << 32) | company[kept]) >> 32
        held &= np.bincount(everywhere, minlength=terms) >= COMPANIES
        words = np.flatnonzero(held).astype(np.int32)
        found.append((words, -np.log1p(-np.minimum(share[words], _CERTAIN))))
    return Kindred(
        offsets_of([len(words) for words, _ in found]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(words for words, _ in found)]),
        np.concatenate([np.zeros(0), *(weights for _, weights in found)]),
        points,
    )


def _terms_of(
    rows: IntArray, by_text: IntArray, bounds: OffsetArray, companies: IntArray
) -> tuple[IntArray, IntArray]:
    """Every (term, company) of the texts `rows`."""
    lengths = bounds[rows + 1] - bounds[rows]
    return by_text[places_of(bounds, rows)], np.repeat(companies[rows], lengths)


def kindred_postings(kindred: Kindred, postings: PostingLists, concepts: PostingLists) -> PostingLists:
    """For each concept the texts that speak of it without naming it, and what they are worth."""
    lists = []
    for concept in range(len(kindred.points)):
        part = slice(int(kindred.offsets[concept]), int(kindred.offsets[concept + 1]))
        held = [postings.of(number)[0] for number in kindred.numbers[part].tolist()]
        rows = np.concatenate([np.zeros(0, dtype=np.int32), *held])
        weights = np.repeat(kindred.weights[part], [len(each) for each in held])
        texts, place = np.unique(rows, return_inverse=True)
        chance = chances(place, weights, len(texts))
        kept = is_likely(chance) & ~np.isin(texts, concepts.of(concept)[0])
        lists.append((texts[kept], worth(chance[kept], kindred.points[concept])))
    return PostingLists(
        offsets_of([len(rows) for rows, _ in lists]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(rows for rows, _ in lists)]),
        np.concatenate([np.zeros(0, dtype=np.float32), *(raw for _, raw in lists)]),
    )


def chances(place: NDArray[np.intp], weights: FloatArray, count: int) -> FloatArray:
    """float64[count] chance that each text speaks of the concept, from its words in ascending order (so that sums agree)."""
    return -np.expm1(-np.bincount(place, weights=weights, minlength=count))


def is_likely(chance: FloatArray) -> NDArray[np.bool_]:
    """bool[n]: likely enough to count."""
    return chance >= _CHANCE


def worth(chance: FloatArray, points: FloatArray | np.float64) -> NDArray[np.float32]:
    """float32[n] BM25 points of texts with these chances."""
    return np.asarray(chance * points, dtype=np.float32)
