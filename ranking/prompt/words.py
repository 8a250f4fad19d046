"""The folded words of a prompt. What stands between two blanks is read once and remembered: most of it was written before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from ranking.prompt.lexicon import LANGUAGES, Lexicon, load_lexicon
from ranking.taxonomy.entries import Entry
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.text import tokens_with_spans

_REMEMBERED: Final = 1 << 14
_LONGEST: Final = 32  # longer pieces are read anew, which bounds what is remembered to some megabytes
_ADDRESS_PARTS: Final = frozenset({"www", "http", "https"})
_SHORTEST_UNKNOWN: Final = 6
_COUNT: Final = re.compile(r"(\d+(?:\.\d+)?)(k|tsd|mil|mila)?")
_THOUSANDS: Final = frozenset({"k", "tsd", "mil", "mila"})
_MAX_COUNT: Final = 100_000_000


class Cue(NamedTuple):
    """What a word does in one language.

    Attributes:
        bits: by itself, see `ranking.prompt.cues`.
        longer: next word -> lengths of the phrases that begin with both, see `lengths_by_start`.
        number: its value when it is a number.
    """

    bits: int
    longer: Mapping[str, tuple[int, ...]]
    number: int | None


_NOTHING_LONGER: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType({})
_NO_CUE: Final = Cue(0, _NOTHING_LONGER, None)
_NO_CUES: Final = (_NO_CUE,) * len(LANGUAGES)


@dataclass(slots=True, eq=False)
class Word:
    """What a word says whatever stands around it.

    Shared between prompts and never changed; not frozen, since that makes it several times as slow to make.

    Attributes:
        text: folded, as `ranking.text.tokens_with_spans` reads it.
        capital: whether it has an upper-case letter.
        vote: the languages it speaks for (`Lexicon`).
        unknown: whether it may be a compound or misspelt: long, and no word of any language's grammar.
        entries: what it alone names in the taxonomy.
        longer: next word -> lengths of the surfaces that begin with both.
        cues: by language, in the order of `LANGUAGES`.
    """

    text: str
    capital: bool
    vote: int
    unknown: bool
    entries: tuple[Entry, ...]
    longer: Mapping[str, tuple[int, ...]]
    cues: tuple[Cue, ...]


class Words(NamedTuple):
    """The words of a prompt in order, without "www" and the like: what they say, their texts, and their code points [start, end)."""

    spoken: list[Word]
    texts: list[str]
    starts: list[int]
    ends: list[int]


_Piece = tuple[tuple[Word, int, int], ...]


def read_words(prompt: str, surfaces: SurfaceIndex) -> Words:
    """Return the words of a prompt.

    No word reaches over a blank and none is read differently for what stands behind one, so pieces can be read on their own.
    """
    spoken: list[Word] = []
    starts: list[int] = []
    ends: list[int] = []
    start = 0
    pieces = prompt.split(" ")
    for piece, read in zip(pieces, map(_memory(surfaces).__getitem__, pieces), strict=True):
        for word, first, last in read:
            spoken.append(word)
            starts.append(start + first)
            ends.append(start + last)
        start += len(piece) + 1
    return Words(spoken, [word.text for word in spoken], starts, ends)


class _Memory(dict[str, _Piece]):
    """Pieces that were read before, with one taxonomy: each word with its first code point and the one behind its last.

    Emptied when full rather than ordered by use: reordering touches three entries per piece, which are seldom in the CPU's cache.
    """

    def __init__(self, surfaces: SurfaceIndex) -> None:
        super().__init__()
        self._surfaces = surfaces
        self._lexicon = load_lexicon()
        self._remembered_word = lru_cache(maxsize=_REMEMBERED)(self._word)

    def __missing__(self, piece: str) -> _Piece:
        short = len(piece) <= _LONGEST
        word = self._remembered_word if short else self._word
        read = tuple(
            (word(text, piece[start:end]), start, end)
            for text, start, end in tokens_with_spans(piece)
            if text not in _ADDRESS_PARTS
        )
        if short:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[piece] = read
        return read

    def _word(self, text: str, raw: str) -> Word:
        lexicon, surfaces = self._lexicon, self._surfaces
        return Word(
            text=text,
            capital=raw != raw.lower(),
            vote=lexicon.vote(text),
            unknown=len(text) >= _SHORTEST_UNKNOWN and text not in lexicon.votes,
            entries=surfaces.entries(text),
            longer=surfaces.lengths.get(text, _NOTHING_LONGER),
            cues=_cues(text, lexicon),
        )


_memory = lru_cache(maxsize=2)(_Memory)


def _cues(text: str, lexicon: Lexicon) -> tuple[Cue, ...]:
    if text[0].isdigit():
        cue = Cue(0, _NOTHING_LONGER, _count(text))
        return (cue,) * len(LANGUAGES)
    if text not in lexicon.cue_words:
        return _NO_CUES
    return tuple(
        Cue(
            language.phrases.get(text, 0),
            language.lengths.get(text, _NOTHING_LONGER),
            language.numbers.get(text),
        )
        for language in lexicon.languages.values()
    )


def _count(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    value = float(found[1]) * (1000 if found[2] in _THOUSANDS else 1)
    return int(value) if value < _MAX_COUNT else None
