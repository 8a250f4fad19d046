"""Texts that come after an index was built, as additions to it (F-5).

A batch is scored under the statistics of the index. Its terms have the index's numbers; new terms are numbered on
from there in order of appearance.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.lexical.files import OffsetArray
from models.lexical.index import LexicalIndex
from models.lexical.kindred import chances, is_likely, worth
from models.lexical.mentions import MentionLists, SpanArray
from models.lexical.statistics import Statistics
from models.lexical.surfaces import Concepts, Surfaces
from models.lexical.tokenise import Tokeniser
from ranking.types import Float32Array, IntArray

_CACHED_TERMS = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class LaterTexts:
    """What a batch of s texts adds.

    Attributes:
        words: the new terms, UTF-8, each ended by a zero byte.
        synonym_concepts, synonym_terms: int32[k] pairs of concept number and new term that names it.
        terms, term_rows, term_companies, term_raw: [p] postings of terms, ascending by term, company, row.
        concepts, concept_rows, concept_companies, concept_raw: [q] likewise of concepts: the best synonym's score.
        kindred, kindred_rows, kindred_companies, kindred_raw: [r] likewise of concepts that a text speaks of without naming them.
        mention_lengths: int64[s] how many mentions each text has. `mention_terms`: int32[m]; `mention_spans`: uint16[m, 2].
    """

    words: NDArray[np.uint8]
    synonym_concepts: IntArray
    synonym_terms: IntArray
    terms: IntArray
    term_rows: IntArray
    term_companies: IntArray
    term_raw: Float32Array
    concepts: IntArray
    concept_rows: IntArray
    concept_companies: IntArray
    concept_raw: Float32Array
    mention_lengths: OffsetArray
    mention_terms: IntArray
    mention_spans: SpanArray
    kindred: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    kindred_rows: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    kindred_companies: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    kindred_raw: Float32Array = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "LaterTexts":
        """Take what `arrays` gave; what older ones have not is empty."""
        return cls(**{each.name: arrays[each.name] for each in fields(cls) if each.name in arrays})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, for storing."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def new_words(self) -> list[str]:
        """The new terms in the order of their numbers."""
        return self.words.tobytes().decode().split("\0")[:-1]


class LaterWriter:
    """Makes the batches that follow one index. Not to be shared between threads, as `Tokeniser`."""

    def __init__(self, index: LexicalIndex, taxonomy: Concepts) -> None:
        surfaces = Surfaces.of(taxonomy)
        self._tokeniser = Tokeniser(surfaces)
        self._statistics = Statistics(index)
        self._known = lru_cache(maxsize=_CACHED_TERMS)(index.term_number)
        self._frequency = index.frequency_at
        self._first = index.term_count
        self._new: dict[str, int] = {}
        self._concepts: dict[str, list[int]] = {}
        for number, code in enumerate(sorted(surfaces.concepts, key=str.encode)):
            for term in surfaces.concepts[code]:
                self._concepts.setdefault(term, []).append(number)
        self._synonyms: dict[int, list[int]] = {}
        self._points = index.kindred_terms.points
        self._telling: dict[int, list[tuple[int, float]]] = {}
        words = index.kindred_terms
        for concept, term, weight in zip(
            words.pairs().tolist(), words.numbers.tolist(), words.weights.tolist(), strict=True
        ):
            self._telling.setdefault(term, []).append((concept, weight))

    @property
    def new_terms(self) -> int:
        """How many terms the index had not."""
        return len(self._new)

    def follow(self, batch: LaterTexts) -> None:
        """Take over the terms of a batch that another writer has made."""
        for word in batch.new_words():
            self._new[word] = self._first + len(self._new)

    def write(self, texts: Iterable[str], rows: IntArray, companies: IntArray) -> LaterTexts:
        """One batch of texts with their snippet rows and company rows."""
        told = len(self._new)
        mentions = MentionLists()
        documents = []
        idf: dict[int, float] = {}
        for text in texts:
            terms, starts, ends = self._tokeniser.places(text)
            numbers = array("i", [self._number(term, idf) for term in terms])
            mentions.add(numbers, starts, ends)
            documents.append(numbers)
        term, text_of, raw = self._scored(documents, idf)
        held = mentions.plain()
        words = list(self._new)[told:]
        pairs = [(concept, self._new[word]) for word in words for concept in self._concepts.get(word, ())]
        synonyms = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        concept, concept_text, concept_raw = self._of_concepts(term, text_of, raw)
        akin, akin_text, akin_raw = self._of_kindred(term, text_of, named=(concept, concept_text))
        return LaterTexts(
            np.frombuffer("".join(f"{word}\0" for word in words).encode(), dtype=np.uint8),
            np.ascontiguousarray(synonyms[:, 0]),
            np.ascontiguousarray(synonyms[:, 1]),
            *ordered(term, rows[text_of], companies[text_of], raw),
            *ordered(concept, rows[concept_text], companies[concept_text], concept_raw),
            np.diff(held.offsets),
            held.terms,
            held.spans,
            *ordered(akin, rows[akin_text], companies[akin_text], akin_raw),
        )

    def _number(self, term: str, idf: dict[int, float]) -> int:
        number = self._known(term)
        if number < 0:
            number = self._new.setdefault(term, self._first + len(self._new))
        if number not in idf:
            idf[number] = self._statistics.rarity(self._frequency(number))
            self._synonyms.setdefault(number, self._concepts.get(term, []))
        return number

    def _scored(
        self, documents: list["array[int]"], idf: Mapping[int, float]
    ) -> tuple[IntArray, IntArray, Float32Array]:
        """Term, text and score of each posting."""
        lengths = [len(document) for document in documents]
        joined = np.concatenate(
            [np.zeros(0, dtype=np.int32), *(np.frombuffer(d, dtype=np.int32) for d in documents)]
        )
        text_of = np.repeat(np.arange(len(documents), dtype=np.int64), lengths)
        pairs, counts = np.unique((text_of << 32) | joined, return_counts=True)
        text, term = (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)
        numbers, place = np.unique(term, return_inverse=True)
        rarity = np.array([idf[number] for number in numbers.tolist()], dtype=np.float32)
        tf = counts.astype(np.float32)
        return term, text, self._statistics.scores(lengths, tf, rarity[place], text)

    def _of_concepts(
        self, term: IntArray, text: IntArray, raw: Float32Array
    ) -> tuple[IntArray, IntArray, Float32Array]:
        """For each concept and text the best synonym's score."""
        owned = [self._synonyms[number] for number in term.tolist()]
        counts = [len(concepts) for concepts in owned]
        concept = np.array([each for concepts in owned for each in concepts], dtype=np.int64)
        text, raw = np.repeat(text, counts), np.repeat(raw, counts)
        order = np.lexsort((-raw, text, concept))
        codes = ((concept << 32) | text)[order]
        first = np.ones(len(codes), dtype=np.bool_)
        first[1:] = codes[1:] != codes[:-1]
        kept = order[first]
        return concept[kept].astype(np.int32), text[kept], raw[kept]

    def _of_kindred(
        self, term: IntArray, text: IntArray, *, named: tuple[IntArray, IntArray]
    ) -> tuple[IntArray, IntArray, Float32Array]:
        """For each concept and text that does not name it what it is worth, where it is likely to speak of it."""
        told = [self._telling.get(number, []) for number in term.tolist()]
        counts = [len(each) for each in told]
        concept = np.array([each for listed in told for each, _ in listed], dtype=np.int64)
        weights = np.array([weight for listed in told for _, weight in listed], dtype=np.float64)
        text, term = np.repeat(text, counts), np.repeat(term, counts)
        order = np.lexsort((term, text, concept))
        codes, place = np.unique(((concept << 32) | text)[order], return_inverse=True)
        chance = chances(place, weights[order], len(codes))
        names = (named[0].astype(np.int64) << 32) | named[1]
        kept = is_likely(chance) & ~np.isin(codes, names)
        concepts, texts = (codes[kept] >> 32).astype(np.int32), (codes[kept] & 0xFFFFFFFF).astype(np.int32)
        return concepts, texts, worth(chance[kept], self._points[concepts])


def ordered(
    keys: IntArray, rows: IntArray, companies: IntArray, raw: Float32Array
) -> tuple[IntArray, IntArray, IntArray, Float32Array]:
    """Postings ascending by key, company, row."""
    order = np.lexsort((rows, companies, keys))
    return keys[order], rows[order], companies[order], raw[order]
