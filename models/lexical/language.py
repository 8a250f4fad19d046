"""Which of seven languages a text is written in, by its stop words."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from bm25s import stopwords

from ranking.text import words

DEFAULT_LANGUAGE: Final = "en"
STEMMERS: Final[Mapping[str, str]] = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "pt": "portuguese",
    "it": "italian",
    "nl": "dutch",
}
LANGUAGES: Final = tuple(STEMMERS)
_LISTS: Final[Mapping[str, Iterable[str]]] = {
    "en": stopwords.STOPWORDS_EN_PLUS,
    "de": stopwords.STOPWORDS_GERMAN,
    "fr": stopwords.STOPWORDS_FRENCH,
    "es": stopwords.STOPWORDS_SPANISH,
    "pt": stopwords.STOPWORDS_PORTUGUESE,
    "it": stopwords.STOPWORDS_ITALIAN,
    "nl": stopwords.STOPWORDS_DUTCH,
}


@lru_cache(maxsize=1)
def stop_words() -> Mapping[str, frozenset[str]]:
    """Folded stop words of each language."""
    return {
        language: frozenset(part for word in listed for part in words(word))
        for language, listed in _LISTS.items()
    }


@lru_cache(maxsize=1)
def _languages_of_word() -> Mapping[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for number, language in enumerate(LANGUAGES):
        for word in stop_words()[language]:
            found.setdefault(word, []).append(number)
    return {word: tuple(numbers) for word, numbers in found.items()}


def guess_language(tokens: Iterable[str]) -> str:
    """The language whose stop words are most frequent among folded `tokens`; English without any or on a tie with it."""
    votes = [0] * len(LANGUAGES)
    known = _languages_of_word()
    for token in tokens:
        if len(token) > 1:  # single letters are initials, units and formulas more often than words
            for number in known.get(token, ()):
                votes[number] += 1
    return LANGUAGES[votes.index(max(votes))]
