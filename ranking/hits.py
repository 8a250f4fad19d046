"""The terms of a query, and the snippets in which each occurs."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from pydantic import Field

from ranking.strict import Strict
from ranking.types import Float32Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class TermPostings:
    """Snippets in which one concept or keyword occurs.

    Attributes:
        rows: int32[p] snippet rows, ascending and distinct.
        companies: int32[p] company rows of these snippets, ascending.
        raw: float32[p] BM25 score, > 0; of a concept's synonyms the best.
        idf: rarity, ln(snippets / snippets with the term); 0 when it occurs nowhere.
        later: the same of snippets that came after the index was built, in parts; each ascends by company, then row, and
            no snippet is in two.
    """

    rows: IntArray
    companies: IntArray
    raw: Float32Array
    idf: float
    later: tuple["TermPostings", ...] = ()


class Postings(Protocol):
    """The lexical index as evidence sees it."""

    def concept(self, code: str, /) -> TermPostings:
        """Postings of a taxonomy concept, empty when unknown."""

    def keyword(self, word: str, /) -> TermPostings:
        """Postings of a free word of the prompt (folded), empty when it occurs nowhere."""

    def kindred(self, code: str, /) -> tuple[TermPostings, ...]:
        """Postings of snippets that speak of a concept without naming it, in parts; no snippet is in two, nor in `concept`'s."""


class TermLimits(Strict):
    """How much of a long prompt is looked up; together at most 32 (F-5)."""

    concepts: int = Field(8, ge=1, le=8, description="product concepts used, rarest first; a count (F-5)")
    keywords: int = Field(24, ge=0, le=24, description="free words used, rarest first; a count (F-5)")


@dataclass(frozen=True, slots=True)
class Term:
    """A concept code, or a free word where `is_keyword`."""

    text: str
    is_keyword: bool


def chosen_terms(
    concepts: tuple[str, ...], keywords: tuple[str, ...], postings: Postings, limits: TermLimits
) -> list[tuple[Term, TermPostings]]:
    """The terms that score, in request order, concepts before keywords; repeats count once.

    Beyond the limits those of highest idf stay, the earlier among equals. Source: F-5.
    """
    codes = [(Term(code, False), postings.concept(code)) for code in dict.fromkeys(concepts)]
    free = [(Term(word, True), postings.keyword(word)) for word in dict.fromkeys(keywords)]
    return [*_rarest(codes, limits.concepts), *_rarest(free, limits.keywords)]


def with_kindred(
    terms: list[tuple[Term, TermPostings]], postings: Postings, weight: float
) -> list[tuple[Term, TermPostings]]:
    """The same terms; snippets that speak of a concept without naming it count as its own, at `weight` times their worth (F-5)."""
    if weight == 0.0:
        return terms
    factor = np.float32(weight)
    found = []
    for term, own in terms:
        akin = () if term.is_keyword else postings.kindred(term.text)
        more = tuple(TermPostings(part.rows, part.companies, part.raw * factor, 0.0) for part in akin)
        found.append((term, replace(own, later=(*own.later, *more)) if more else own))
    return found


def _rarest(found: list[tuple[Term, TermPostings]], limit: int) -> list[tuple[Term, TermPostings]]:
    if len(found) <= limit:
        return found
    by_rarity = sorted(range(len(found)), key=lambda number: -found[number][1].idf)
    return [found[number] for number in sorted(by_rarity[:limit])]
