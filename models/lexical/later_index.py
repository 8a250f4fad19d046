"""A lexical index together with the texts that came after it was built (F-5)."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.lexical.index import LexicalIndex
from models.lexical.later import LaterTexts
from models.lexical.mentions import LongArray, Mentions
from models.lexical.statistics import Statistics
from ranking.excerpt import Span
from ranking.growing import Growing
from ranking.hits import TermPostings
from ranking.types import BoolArray, Float32Array, IntArray

_RATIO: Final = 4  # a part is joined to the one before when that is not so many times as long


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Postings ascending by key, company and row: keys, rows and companies int32[p], raw float32[p]."""

    keys: IntArray
    rows: IntArray
    companies: IntArray
    raw: Float32Array

    def of(self, key: int) -> TermPostings | None:
        """The postings of one key, views."""
        wanted = np.int32(key)
        start = int(self.keys.searchsorted(wanted))
        if start == len(self.keys) or self.keys[start] != wanted:
            return None
        part = slice(start, int(self.keys.searchsorted(wanted, side="right")))
        return TermPostings(self.rows[part], self.companies[part], self.raw[part], 0.0)

    def and_then(self, later: "Part") -> "Part":
        """Both; all rows of `later` come after these."""
        both = [np.concatenate((getattr(self, name), getattr(later, name))) for name in self.__slots__]
        order = np.argsort((both[0].astype(np.int64) << 32) | both[2], kind="stable")
        return Part(*(column[order] for column in both))


def joined(parts: Sequence[Part], more: Part) -> tuple[Part, ...]:
    """The parts and one more, few of them: each posting is moved a number of times that grows as the logarithm of all."""
    grown = [*parts, more]
    while len(grown) > 1 and len(grown[-1].keys) * _RATIO > len(grown[-2].keys):
        last = grown.pop()
        grown[-1] = grown[-1].and_then(last)
    return tuple(grown)


class LaterIndex:
    """`ranking.hits.Postings` of an index and of what came later; mentions too. `extended` leaves it as it is.

    Without postings it has those of the index alone.

    Terms have the idf that the index gives them; one that it does not know has that of a term of one text.
    """

    def __init__(self, index: LexicalIndex, *, with_postings: bool = True) -> None:
        self._index = index
        self._with_postings = with_postings
        self._statistics = Statistics(index)
        self._terms: tuple[Part, ...] = ()
        self._concepts: tuple[Part, ...] = ()
        self._kindred: tuple[Part, ...] = ()
        self._new: dict[str, int] = {}
        self._synonyms: dict[int, list[int]] = {}
        self._lengths = _Mentions()
        self._mentions = self._lengths.view()
        self._is_gone: BoolArray = np.zeros(0, dtype=np.bool_)

    def extended(self, batch: LaterTexts, is_gone: BoolArray | None = None) -> "LaterIndex":
        """With one more batch; `is_gone` bool[later snippets] tells which of all of them are no more, for postings."""
        after = copy.copy(self)
        if self._with_postings:
            terms = Part(batch.terms, batch.term_rows, batch.term_companies, batch.term_raw)
            after._terms = joined(self._terms, terms)
            concepts = Part(batch.concepts, batch.concept_rows, batch.concept_companies, batch.concept_raw)
            after._concepts = joined(self._concepts, concepts)
            akin = Part(batch.kindred, batch.kindred_rows, batch.kindred_companies, batch.kindred_raw)
            after._kindred = joined(self._kindred, akin)
        for word in batch.new_words():
            self._new[word] = self._index.term_count + len(self._new)
        for concept, term in zip(batch.synonym_concepts.tolist(), batch.synonym_terms.tolist(), strict=True):
            self._synonyms.setdefault(concept, []).append(term)
        self._lengths.append(batch)
        after._mentions = self._lengths.view()
        if is_gone is not None:
            after._is_gone = is_gone
        return after

    def concept(self, code: str, /) -> TermPostings:
        """Postings of a taxonomy concept: for each snippet the best synonym's score."""
        found, number = self._index.concept(code), self._index.concept_number(code)
        return self._with_later(found, [part for each in self._concepts if (part := each.of(number))])

    def kindred(self, code: str, /) -> tuple[TermPostings, ...]:
        """Postings of texts that speak of a concept without naming it, in parts."""
        number = self._index.concept_number(code)
        later = [part for each in self._kindred if number >= 0 and (part := each.of(number))]
        return (*self._index.kindred(code), *later)

    def keyword(self, word: str, /) -> TermPostings:
        """Postings of a folded word, whatever language the snippets are in: the best of its stems."""
        found, numbers = self._index.keyword(word), self._numbers(word)
        parts = [_best([part for number in numbers if (part := each.of(number))]) for each in self._terms]
        return self._with_later(found, [part for part in parts if part is not None])

    def mentions(
        self, rows: LongArray, concepts: tuple[str, ...], keywords: tuple[str, ...] = ()
    ) -> list[list[Span]]:
        """Where each of the snippets `rows` names one of the concepts or keywords, by start, longer ones first."""
        wanted, first = self._index.named_by(concepts, keywords), self._index.texts
        is_later = rows >= first
        if not is_later.any():
            return self._index.mentions_of(rows, wanted)
        found = iter(self._index.mentions_of(rows[~is_later], wanted))
        every = np.union1d(wanted, list(self._new_terms(concepts, keywords))).astype(np.int32)
        later = iter(self._mentions.find(rows[is_later] - first, every))
        return [next(later if after else found) for after in is_later.tolist()]

    def _with_later(self, found: TermPostings, later: list[TermPostings]) -> TermPostings:
        if not later:
            return found
        idf = found.idf
        if not len(found.rows) and any(self._is_there(part.rows) for part in later):
            idf = self._statistics.rarity(0)
        return TermPostings(found.rows, found.companies, found.raw, idf, tuple(later))

    def _is_there(self, rows: IntArray) -> bool:
        return not self._is_gone[rows - self._index.texts].all()

    def _numbers(self, word: str) -> list[int]:
        new = [number for stem in self._index.stems_of(word) if (number := self._new.get(stem)) is not None]
        return [*self._index.numbers_of(word), *new]

    def _new_terms(self, concepts: tuple[str, ...], keywords: tuple[str, ...]) -> Iterator[int]:
        for word in keywords:
            yield from self._numbers(word)
        for code in concepts:
            yield from self._synonyms.get(self._index.concept_number(code), ())


class _Mentions:
    """The mentions of all later texts, growing."""

    def __init__(self) -> None:
        self._offsets = Growing(np.zeros(1, dtype=np.int64))
        self._terms = Growing(np.zeros(0, dtype=np.int32))
        self._spans = Growing(np.zeros((0, 2), dtype=np.uint16))

    def append(self, batch: LaterTexts) -> None:
        """Add a batch."""
        self._offsets.append(np.cumsum(batch.mention_lengths) + self._offsets.view()[-1])
        self._terms.append(batch.mention_terms)
        self._spans.append(batch.mention_spans)

    def view(self) -> Mentions:
        """Those until now."""
        return Mentions(self._offsets.view(), self._terms.view(), self._spans.view())


def _best(parts: list[TermPostings]) -> TermPostings | None:
    """Unite postings of several terms: where several hold a row, the highest score."""
    if len(parts) < 2:
        return parts[0] if parts else None
    rows, companies, raw = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "companies", "raw")
    )
    order = np.lexsort((-raw, rows, companies))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = rows[order][1:] != rows[order][:-1]
    kept = order[first]
    return TermPostings(rows[kept], companies[kept], raw[kept], 0.0)
