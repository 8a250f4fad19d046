"""Read a lexical index: postings of concepts and words by memory map (F-5)."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from models.lexical.files import OffsetArray, PostingLists, TermTable, best_of, load
from models.lexical.kindred import Kindred
from models.lexical.manifest import LexicalManifest
from models.lexical.mentions import LongArray, Mentions
from models.lexical.tokenise import Stems
from ranking.excerpt import Span
from ranking.hits import TermPostings
from ranking.types import Float32Array, IntArray

_CACHED_WORDS: Final = 4096
_CACHED_REQUESTS: Final = 1024


class LexicalIndex:
    """The index of one generation; `open` takes milliseconds, what a query does not touch stays on disk.

    Not to be shared between threads (see `Stems`).
    """

    def __init__(self, folder: Path, manifest: LexicalManifest) -> None:
        self.manifest = manifest
        self._table = TermTable.load(folder, "terms")
        self._postings = PostingLists.load(folder, "postings")
        self._concept_codes = TermTable.load(folder, "concept_codes")
        self._concepts = PostingLists.load(folder, "concepts")
        self._concept_companies: IntArray = load(folder, "concepts_companies")
        self._companies: IntArray = load(folder, "companies")
        if manifest.kindred_postings is None:
            self.kindred_terms = Kindred.none(len(self._concept_codes))
            self._kindred: PostingLists | None = None
        else:
            self.kindred_terms = Kindred.load(folder)
            self._kindred = PostingLists.load(folder, "kindred")
            self._kindred_companies: IntArray = load(folder, "kindred_companies")
        self._concept_term_offsets: OffsetArray = load(folder, "concept_terms_offsets")
        self._concept_terms: IntArray = load(folder, "concept_terms_numbers")
        self._mentions = Mentions.load(folder)
        self._stems = Stems()
        self._numbers = lru_cache(maxsize=_CACHED_WORDS)(self._term_numbers)
        self._wanted = lru_cache(maxsize=_CACHED_REQUESTS)(self._named_by)

    @property
    def texts(self) -> int:
        """How many texts it has."""
        return self.manifest.texts

    @property
    def average_length(self) -> float:
        """Their mean length in terms."""
        return self.manifest.average_length

    @property
    def term_count(self) -> int:
        """How many terms occur in them."""
        return len(self._table)

    def term_number(self, term: str) -> int:
        """The number of an index term (`Tokeniser.terms`), -1 when it does not occur."""
        return self._table.find(term)

    def frequency(self, term: str) -> int:
        """How many texts have an index term."""
        number = self._table.find(term)
        return 0 if number < 0 else self.frequency_at(number)

    def frequency_at(self, number: int) -> int:
        """How many texts have the term of a number; 0 for one that none has."""
        if number >= self.term_count:
            return 0
        return int(self._postings.offsets[number + 1] - self._postings.offsets[number])

    def numbers_of(self, word: str) -> tuple[int, ...]:
        """The terms that stand for a folded word of a prompt."""
        return self._numbers(word)

    def stems_of(self, word: str) -> tuple[str, ...]:
        """The terms under which texts may hold a folded word, whether they occur or not."""
        return self._stems.of_keyword(word)

    def concept_number(self, code: str) -> int:
        """Position of a concept among the codes, -1 for an unknown one."""
        return self._concept_codes.find(code)

    def named_by(self, concepts: tuple[str, ...], keywords: tuple[str, ...]) -> IntArray:
        """int32 numbers of every term that stands for one of them, ascending."""
        return self._wanted(concepts, keywords)

    def mentions_of(self, rows: LongArray, wanted: IntArray) -> list[list[Span]]:
        """Where each of the snippets `rows` has one of the terms `wanted`, ascending."""
        return self._mentions.find(rows, wanted)

    @classmethod
    def open(cls, path: Path) -> "LexicalIndex":
        """Map the index in folder `path`; `ArtifactError` when it is damaged or of another format."""
        return cls(path, LexicalManifest.read(path))

    def concept(self, code: str, /) -> TermPostings:
        """Postings of a taxonomy concept: for each snippet the best synonym's score."""
        number = self._concept_codes.find(code)
        if number < 0:
            return self._found(*best_of([]))
        part = slice(int(self._concepts.offsets[number]), int(self._concepts.offsets[number + 1]))
        rows, raw = self._concepts.rows[part], self._concepts.raw[part]
        return TermPostings(rows, self._concept_companies[part], raw, self._rarity(len(rows)))

    def kindred(self, code: str, /) -> tuple[TermPostings, ...]:
        """Postings of texts that speak of a concept without naming it, at most one part; see `models.lexical.kindred`."""
        number = self._concept_codes.find(code)
        if number < 0 or self._kindred is None:
            return ()
        part = slice(int(self._kindred.offsets[number]), int(self._kindred.offsets[number + 1]))
        if part.start == part.stop:
            return ()
        rows, companies = self._kindred.rows[part], self._kindred_companies[part]
        return (TermPostings(rows, companies, self._kindred.raw[part], 0.0),)

    def kindred_in(self, table: TermTable, /) -> Kindred:
        """The words that tell of its concepts, as numbered in `table`."""
        return self.kindred_terms.renumbered(self._table, table)

    def keyword(self, word: str, /) -> TermPostings:
        """Postings of a folded word, whatever language the snippets are in: the best of its stems."""
        return self._found(*best_of([self._postings.of(number) for number in self._numbers(word)]))

    def concept_postings(self, code: str) -> tuple[IntArray, Float32Array]:
        """Snippet rows int32[p], ascending, and scores float32[p]; empty for an unknown concept."""
        found = self.concept(code)
        return found.rows, found.raw

    def term_postings(self, term: str) -> tuple[IntArray, Float32Array]:
        """Snippet rows and scores of one index term (`Tokeniser.terms`); empty for an unknown one."""
        number = self._table.find(term)
        return best_of([]) if number < 0 else self._postings.of(number)

    def idf(self, code: str) -> float:
        """Rarity of a concept, ln(snippets / snippets that name it); 0 when none does."""
        return self.concept(code).idf

    def mentions(
        self, rows: LongArray, concepts: tuple[str, ...], keywords: tuple[str, ...] = ()
    ) -> list[list[Span]]:
        """Where each of the snippets `rows` names one of the concepts or keywords, by start, longer ones first."""
        return self._mentions.find(rows, self._wanted(concepts, keywords))

    def _named_by(self, concepts: tuple[str, ...], keywords: tuple[str, ...]) -> IntArray:
        """int32 numbers of every term that stands for one of them, ascending."""
        wanted = {number for word in keywords for number in self._numbers(word)}
        for concept in map(self._concept_codes.find, concepts):
            if concept >= 0:
                part = slice(*self._concept_term_offsets[concept : concept + 2].tolist())
                wanted.update(self._concept_terms[part].tolist())
        return np.array(sorted(wanted), dtype=np.int32)

    def _term_numbers(self, word: str) -> tuple[int, ...]:
        found = (self._table.find(term) for term in self._stems.of_keyword(word))
        return tuple(number for number in found if number >= 0)

    def _found(self, rows: IntArray, raw: Float32Array) -> TermPostings:
        return TermPostings(rows, self._companies[rows], raw, self._rarity(len(rows)))

    def _rarity(self, frequency: int) -> float:
        return math.log(self.manifest.texts / frequency) if frequency else 0.0
