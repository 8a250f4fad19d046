"""Which snippets of admitted companies a query's terms occur in, and how strongly."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ranking.admitted import Admitted
from ranking.segments import IndexArray, run_starts
from ranking.types import BoolArray, Float32Array, FloatArray, IntArray

BitArray = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class TermPostings:
    """Snippets in which one concept or keyword occurs.

    Attributes:
        rows: int32[p] snippet rows, ascending and distinct.
        companies: int32[p] company rows of these snippets, ascending.
        raw: float32[p] BM25 score, > 0; of a concept's synonyms the best.
        idf: rarity, ln(snippets / snippets with the term); 0 when it occurs nowhere.
    """

    rows: IntArray
    companies: IntArray
    raw: Float32Array
    idf: float


class Postings(Protocol):
    """The lexical index as evidence sees it."""

    def concept(self, code: str, /) -> TermPostings:
        """Postings of a taxonomy concept, empty when unknown."""

    def keyword(self, word: str, /) -> TermPostings:
        """Postings of a free word of the prompt (folded), empty when it occurs nowhere."""


class TermLimits(BaseModel):
    """How much of a long prompt is looked up; together at most 32 (F-5)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concepts: int = Field(8, ge=1, le=8, description="product concepts used, rarest first; a count (F-5)")
    keywords: int = Field(24, ge=0, le=24, description="free words used, rarest first; a count (F-5)")


@dataclass(frozen=True, slots=True)
class Term:
    """A concept code, or a free word where `is_keyword`."""

    text: str
    is_keyword: bool


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Snippets of admitted companies in which at least one term occurs.

    Attributes:
        rows: int32[h] snippet rows, ascending.
        positions: int32[h], ascending; of the company among the admitted.
        raw: float64[h] r_i, the sum over the query's terms (F-5).
        matched: uint32[h]; bit j for term j.
    """

    rows: IntArray
    positions: IntArray
    raw: FloatArray
    matched: BitArray

    def take(self, index: IndexArray | BoolArray) -> "Hits":
        """Some of the hits, in the order of `index`."""
        return Hits(self.rows[index], self.positions[index], self.raw[index], self.matched[index])


def chosen_terms(
    concepts: tuple[str, ...], keywords: tuple[str, ...], postings: Postings, limits: TermLimits
) -> list[tuple[Term, TermPostings]]:
    """The terms that score, in request order, concepts before keywords; repeats count once.

    Beyond the limits those of highest idf stay, the earlier among equals. Source: F-5.
    """
    codes = [(Term(code, False), postings.concept(code)) for code in dict.fromkeys(concepts)]
    free = [(Term(word, True), postings.keyword(word)) for word in dict.fromkeys(keywords)]
    return [*_rarest(codes, limits.concepts), *_rarest(free, limits.keywords)]


def _rarest(found: list[tuple[Term, TermPostings]], limit: int) -> list[tuple[Term, TermPostings]]:
    if len(found) <= limit:
        return found
    by_rarity = sorted(range(len(found)), key=lambda number: -found[number][1].idf)
    return [found[number] for number in sorted(by_rarity[:limit])]


def unite(terms: list[TermPostings], admitted: Admitted) -> Hits:
    """Unite at most 32 terms' postings over admitted companies; a snippet's raw scores add up."""
    rows, positions, raw, matched = [], [], [], []
    for number, term in enumerate(terms):
        kept, at = admitted.select(term.companies)
        rows.append(term.rows[kept])
        positions.append(at)
        raw.append(term.raw[kept])
        matched.append(np.full(len(at), 1 << number, dtype=np.uint32))
    if not terms:
        none = np.zeros(0, dtype=np.int32)
        return Hits(none, none, np.zeros(0), np.zeros(0, dtype=np.uint32))
    if len(terms) == 1:
        return Hits(rows[0], positions[0], raw[0].astype(np.float64), matched[0])
    return _merged(
        np.concatenate(rows), np.concatenate(positions), np.concatenate(raw), np.concatenate(matched)
    )


def _merged(rows: IntArray, positions: IntArray, raw: Float32Array, matched: BitArray) -> Hits:
    order = np.argsort(rows, kind="stable")  # a few ascending runs: timsort merges them
    rows = rows[order]
    starts = run_starts(rows)
    if not len(starts):
        return Hits(rows, positions, raw.astype(np.float64), matched)
    return Hits(
        rows[starts],
        positions[order[starts]],
        np.add.reduceat(raw[order].astype(np.float64), starts),
        np.bitwise_or.reduceat(matched[order], starts),
    )
