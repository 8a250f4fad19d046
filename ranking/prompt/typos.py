"""Slips of the hand in words that name trades, places and products: "hotles", "germnay", "manufactureres"."""

from collections.abc import Iterator
from string import ascii_lowercase
from typing import Final

from ranking.taxonomy.entries import COMMON_WORD, Entry, Kind
from ranking.taxonomy.surfaces import SurfaceIndex

_SHORTEST: Final = 6
_SHORTEST_CHANGED: Final = 9
_LONGEST: Final = 20
_KINDS: Final[frozenset[Kind]] = frozenset({"industry", "concept", "country", "region", "city"})


def corrected(word: str, surfaces: SurfaceIndex) -> tuple[Entry, ...]:
    """Return the meanings of the one-word surface that `word` misspells, () when there is none.

    Two letters are swapped in words of at least 6 letters; in those of at least 9 one may also be too many or missing.
    """
    if not _SHORTEST <= len(word) <= _LONGEST or not (word.isascii() and word.isalpha()):
        return ()
    for candidate in _candidates(word):
        entries = tuple(
            entry
            for entry in surfaces.entries(candidate)
            if entry.kind in _KINDS and entry.weight > COMMON_WORD
        )
        if entries:
            return entries
    return ()


def _candidates(word: str) -> Iterator[str]:
    for place in range(1, len(word) - 1):
        if word[place] != word[place + 1]:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if len(word) < _SHORTEST_CHANGED:
        return
    for place in range(1, len(word)):
        yield word[:place] + word[place + 1 :]
    for place in range(1, len(word)):
        for letter in ascii_lowercase:
            yield word[:place] + letter + word[place:]
