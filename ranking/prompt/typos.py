"""Slips of the hand in words that name trades, places and products: "hotles", "germnay", "manufactureres"."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from ranking.taxonomy.entries import COMMON_WORD, Entry, Kind
from ranking.taxonomy.surfaces import SurfaceIndex

_SHORTEST: Final = 6
_SHORTEST_CHANGED: Final = 9
_LONGEST: Final = 20
_HALF: Final = 5  # of a word that lacks a letter, the first or the last five are right: it has nine
_REMEMBERED: Final = 1 << 14
_KINDS: Final[frozenset[Kind]] = frozenset({"industry", "concept", "country", "region", "city"})


class _Names(NamedTuple):
    """Words that alone name something, without ordinary words: their meanings; the long ones by their first and last letters."""

    entries: Mapping[str, tuple[Entry, ...]]
    by_first: Mapping[str, list[str]]
    by_last: Mapping[str, list[str]]


def corrected(word: str, surfaces: SurfaceIndex) -> tuple[Entry, ...]:
    """Return the meanings of the one-word surface that `word` misspells, () when there is none.

    Two letters are swapped in words of at least 6 letters; in those of at least 9 one may also be too many or missing.
    """
    if not _SHORTEST <= len(word) <= _LONGEST or not (word.isascii() and word.isalpha()):
        return ()
    return _corrected(word, surfaces)


@lru_cache(maxsize=_REMEMBERED)
def _corrected(word: str, surfaces: SurfaceIndex) -> tuple[Entry, ...]:
    names = _names(surfaces)
    for candidate in _candidates(word):
        if candidate in names.entries:
            return names.entries[candidate]
    lacking = _lacking(word, names) if len(word) >= _SHORTEST_CHANGED else None
    return () if lacking is None else names.entries[lacking]


def _candidates(word: str) -> Iterator[str]:
    for place in range(1, len(word) - 1):
        if word[place] != word[place + 1]:
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if len(word) >= _SHORTEST_CHANGED:
        for place in range(1, len(word)):
            yield word[:place] + word[place + 1 :]


def _lacking(word: str, names: _Names) -> str | None:
    """Return the name that has one letter more, the earliest such letter when there are several."""
    near = {*names.by_first.get(word[:_HALF], ()), *names.by_last.get(word[-_HALF:], ())}
    found = [
        (place, name[place], name)
        for name in near
        if len(name) == len(word) + 1 and (place := _letter_more(word, name))
    ]
    return min(found)[2] if found else None


def _letter_more(word: str, name: str) -> int:
    """Return the first place but the very first at which `name` has a letter more than `word`, 0 when it is no such name."""
    return next((at for at in range(1, len(word)) if word == name[:at] + name[at + 1 :]), 0)


@lru_cache(maxsize=2)
def _names(surfaces: SurfaceIndex) -> _Names:
    named: dict[str, tuple[Entry, ...]] = {}
    first: dict[str, list[str]] = {}
    last: dict[str, list[str]] = {}
    for phrase, meanings in surfaces.phrases().items():
        if not _SHORTEST - 1 <= len(phrase) <= _LONGEST + 1 or not phrase.isascii() or " " in phrase:
            continue
        entries = tuple(entry for entry in meanings if entry.kind in _KINDS and entry.weight > COMMON_WORD)
        if entries:
            named[phrase] = entries
            first.setdefault(phrase[:_HALF], []).append(phrase)
            last.setdefault(phrase[-_HALF:], []).append(phrase)
    return _Names(named, first, last)
