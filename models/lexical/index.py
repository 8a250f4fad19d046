"""Read a lexical index: postings of concepts and words by memory map (F-5)."""

import json
import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from models.lexical.build import SURFACES
from models.lexical.files import PostingLists, TermTable, best_of, load
from models.lexical.manifest import LexicalManifest
from models.lexical.surfaces import Surfaces
from models.lexical.tokenise import Stems, Tokeniser
from ranking.errors import ArtifactError
from ranking.hits import TermPostings
from ranking.types import Float32Array, IntArray

_CACHED_WORDS: Final = 4096


class LexicalIndex:
    """The index of one generation; `open` takes milliseconds, what a query does not touch stays on disk.

    Not to be shared between threads (see `Stems`).
    """

    def __init__(self, folder: Path, manifest: LexicalManifest) -> None:
        self.manifest = manifest
        self._folder = folder
        self._table = TermTable.load(folder, "terms")
        self._postings = PostingLists.load(folder, "postings")
        self._concept_codes = TermTable.load(folder, "concept_codes")
        self._concepts = PostingLists.load(folder, "concepts")
        self._concept_companies: IntArray = load(folder, "concepts_companies")
        self._companies: IntArray = load(folder, "companies")
        self._stems = Stems()
        self._numbers = lru_cache(maxsize=_CACHED_WORDS)(self._term_numbers)

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

    def matched_terms(self, text: str, concepts: Sequence[str], keywords: Sequence[str] = ()) -> list[str]:
        """The parts of `text`, as written, that name one of the concepts or keywords, in order of place."""
        wanted = {term for code in concepts for term in self._surfaces.concepts.get(code, ())}
        wanted.update(term for word in keywords for term in self._stems.of_keyword(word))
        return self._tokeniser.matched(text, frozenset(wanted))

    def _term_numbers(self, word: str) -> tuple[int, ...]:
        found = (self._table.find(term) for term in self._stems.of_keyword(word))
        return tuple(number for number in found if number >= 0)

    def _found(self, rows: IntArray, raw: Float32Array) -> TermPostings:
        return TermPostings(rows, self._companies[rows], raw, self._rarity(len(rows)))

    def _rarity(self, frequency: int) -> float:
        return math.log(self.manifest.texts / frequency) if frequency else 0.0

    @cached_property
    def _surfaces(self) -> Surfaces:
        try:
            layout = json.loads((self._folder / SURFACES).read_bytes())
        except (OSError, ValueError) as err:
            raise ArtifactError("lexical index", "the surfaces cannot be read") from err
        concepts = {code: tuple(terms) for code, terms in layout["concepts"].items()}
        return Surfaces(layout["terms"], concepts, layout["compounds"])

    @cached_property
    def _tokeniser(self) -> Tokeniser:
        return Tokeniser(self._surfaces)
