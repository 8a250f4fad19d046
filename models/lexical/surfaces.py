"""The phrases that name product concepts, as index terms of their own.

"Applicant tracking system" is one term, whatever the language of the text around it. Inflected forms of one
phrase share a term; German and Dutch compounds ("Lohnabrechnungssoftware") carry the term of the name they
begin or end with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import Stemmer

from models.lexical.language import STEMMERS

_COMPOUNDING: Final = ("de", "nl")
_COMPOUND_PART: Final = 7
_COMPOUND_WORD: Final = 10
_COMPOUND_CACHE: Final = 100_000
_ACRONYM: Final = 3


class NamedConcept(Protocol):
    """The wording of a taxonomy concept, folded."""

    @property
    def surfaces(self) -> Mapping[str, tuple[str, ...]]:
        """Language -> phrases."""

    @property
    def need(self) -> Iterable[str]:
        """Phrases that show the need in a buyer's text."""


class Concepts(Protocol):
    """The part of the taxonomy that the index needs."""

    @property
    def version(self) -> str:
        """Digest of the taxonomy."""

    @property
    def CONCEPTS(self) -> tuple[str, ...]:  # noqa: N802  # the taxonomy's own spelling
        """Concept codes."""

    def concept(self, code: str, /) -> NamedConcept:
        """One concept."""


class Occurrence(NamedTuple):
    """A surface at tokens [start, end)."""

    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Every phrase of every concept.

    Attributes:
        terms: folded phrase -> index term ("_applicant_track_system"; no word of a text has an underscore).
        concepts: concept code -> its terms.
        compounds: German or Dutch word -> its term.
    """

    terms: Mapping[str, str]
    concepts: Mapping[str, tuple[str, ...]]
    compounds: Mapping[str, str]

    @classmethod
    def of(cls, taxonomy: Concepts) -> "Surfaces":
        """Read the phrases of a taxonomy."""
        wording = list(_wording(taxonomy))
        owners: dict[str, set[str]] = {}
        for code, _, phrase in wording:
            owners.setdefault(phrase, set()).add(code)
        stemmers = {language: Stemmer.Stemmer(name, 0) for language, name in STEMMERS.items()}
        stems = {
            phrase: _stemmed(phrase, stemmers.get(language)) for _, language, phrase in reversed(wording)
        }
        sharing: dict[str, set[frozenset[str]]] = {}
        for phrase, stem in stems.items():
            sharing.setdefault(stem, set()).add(frozenset(owners[phrase]))
        # inflected forms share a term unless the shared stem would mix concepts (account, accounting)
        terms = {phrase: _term(stem if len(sharing[stem]) == 1 else phrase) for phrase, stem in stems.items()}
        concepts: dict[str, set[str]] = {code: set() for code in taxonomy.CONCEPTS}
        for phrase, codes in owners.items():
            for code in codes:
                concepts[code].add(terms[phrase])
        compounds = {
            phrase: terms[phrase]
            for _, language, phrase in wording
            if language in _COMPOUNDING and " " not in phrase and len(phrase) >= _COMPOUND_PART
        }
        return cls(terms, {code: tuple(sorted(found)) for code, found in concepts.items()}, compounds)


def _wording(taxonomy: Concepts) -> Iterator[tuple[str, str, str]]:
    for code in taxonomy.CONCEPTS:
        concept = taxonomy.concept(code)
        for language, phrases in concept.surfaces.items():
            for phrase in phrases:
                yield code, language, phrase
        for phrase in concept.need:
            if " " in phrase:  # "manual data entry" speaks for itself, "launch" or "spreadsheets" does not
                yield code, "", phrase


def _stemmed(phrase: str, stemmer: Stemmer.Stemmer | None) -> str:
    if stemmer is None:
        return phrase
    return " ".join(word if len(word) <= _ACRONYM else stemmer.stemWord(word) for word in phrase.split(" "))


def _term(phrase: str) -> str:
    return "_" + phrase.replace(" ", "_")


class SurfaceFinder:
    """Finds surfaces in folded words; every phrase that occurs counts, also inside a longer one."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._terms = surfaces.terms
        self._compounds = surfaces.compounds
        self._seen: dict[str, str | None] = {}
        lengths: dict[str, set[int]] = {}
        for phrase in surfaces.terms:
            lengths.setdefault(phrase.partition(" ")[0], set()).add(phrase.count(" ") + 1)
        self._lengths = {first: tuple(sorted(found)) for first, found in lengths.items()}

    def find(self, tokens: Sequence[str]) -> list[Occurrence]:
        """All occurrences, by where they begin, short ones first."""
        found = []
        lengths = self._lengths
        for start, token in enumerate(tokens):
            for length in lengths.get(token, ()):
                end = start + length
                if end > len(tokens):
                    break
                term = self._terms.get(token if length == 1 else " ".join(tokens[start:end]))
                if term is not None:
                    found.append(Occurrence(start, end, term))
            if len(token) >= _COMPOUND_WORD and token not in self._terms:
                term = self._compound(token)
                if term is not None:
                    found.append(Occurrence(start, start + 1, term))
        return found

    def _compound(self, word: str) -> str | None:
        if word in self._seen:
            return self._seen[word]
        if len(self._seen) >= _COMPOUND_CACHE:
            self._seen.clear()
        term = None
        for size in range(len(word) - 1, _COMPOUND_PART - 1, -1):
            term = self._compounds.get(word[:size]) or self._compounds.get(word[-size:])
            if term is not None:
                break
        self._seen[word] = term
        return term
