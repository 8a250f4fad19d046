"""From text to index terms: stems of the text's own language, and the surfaces of product concepts (F-5)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import Stemmer

from models.lexical.language import LANGUAGES, STEMMERS, guess_language, stop_words
from models.lexical.surfaces import SurfaceFinder, Surfaces
from ranking.text import Token, tokens_with_spans

_SHORT_HEAD: Final = 3


class Stems:
    """Snowball stems in every language. Not to be shared between threads: the stemmers keep state."""

    def __init__(self) -> None:
        # PyStemmer 3.1's own word cache makes it slower (0.7 us per word instead of 0.3)
        self._stemmers = {language: Stemmer.Stemmer(name, 0) for language, name in STEMMERS.items()}

    def of(self, words: Sequence[str], language: str) -> list[str]:
        """Stems of folded words of one language, in order."""
        stems: list[str] = self._stemmers[language].stemWords(words)
        return stems

    def of_keyword(self, keyword: str) -> tuple[str, ...]:
        """The distinct terms under which texts of any language may hold one folded word."""
        return tuple(dict.fromkeys(self._stemmers[language].stemWord(keyword) for language in LANGUAGES))


class Tokeniser:
    """Makes the terms of texts. Not to be shared between threads, as `Stems`.

    Terms of a text, in order of kinds: Snowball stems of its words (stop words of its language left out),
        joined stems of hyphenated words with a short head ("e-commerce" is also "ecommerc"), and the term
        of every concept surface.
    """

    def __init__(self, surfaces: Surfaces) -> None:
        self._finder = SurfaceFinder(surfaces)
        self._stop_words = stop_words()
        self._stems = Stems()

    def terms(self, text: str, language: str | None = None) -> list[str]:
        """All terms of `text`, repeats kept; `language` (ISO 639-1) is guessed when None."""
        return self.places(text, language).terms

    def places(self, text: str, language: str | None = None) -> "Places":
        """All terms of `text` and the code points where each stands."""
        tokens = tokens_with_spans(text)
        folded = [token.text for token in tokens]
        spoken = guess_language(folded) if language is None else language
        left_out = self._stop_words[spoken]
        kept = [token for token in tokens if token.text not in left_out]
        if "-" in text:
            kept += _joined(text, tokens)
        terms = self._stems.of([token.text for token in kept], spoken)
        starts, ends = [token.start for token in kept], [token.end for token in kept]
        for found in self._finder.find(folded):
            terms.append(found.term)
            starts.append(tokens[found.start].start)
            ends.append(tokens[found.end - 1].end)
        return Places(terms, starts, ends)


class Places(NamedTuple):
    """Terms side by side with where they stand: code points [start, end) of the text."""

    terms: list[str]
    starts: list[int]
    ends: list[int]


def _joined(text: str, tokens: Sequence[Token]) -> list[Token]:
    return [
        Token(left.text + right.text, left.start, right.end)
        for left, right in pairwise(tokens)
        if len(left.text) <= _SHORT_HEAD and right.start == left.end + 1 and text[left.end] == "-"
    ]
