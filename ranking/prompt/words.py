"""The folded words of a prompt as columns. What stands between two blanks is read once and remembered: most of it was written before."""

from functools import lru_cache
from typing import Final, NamedTuple

from ranking.prompt.lexicon import load_lexicon
from ranking.text import tokens_with_spans

_REMEMBERED: Final = 1 << 15
_LONGEST: Final = 32  # longer pieces are read anew, which bounds what is remembered to some megabytes
_ADDRESS_PARTS: Final = frozenset({"www", "http", "https"})


class Words(NamedTuple):
    """The words in order, without "www" and the like.

    Attributes:
        texts: folded, as `ranking.text.tokens_with_spans` reads them.
        starts, ends: code points [start, end) of the prompt each was read from.
        votes: the languages each speaks for (`Lexicon`).
    """

    texts: list[str]
    starts: list[int]
    ends: list[int]
    votes: list[int]


_Piece = tuple[tuple[str, int, int, int], ...]


def read_words(prompt: str) -> Words:
    """Return the words of a prompt.

    No word reaches over a blank and none is read differently for what stands behind one, so pieces can be read on their own.
    """
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    votes: list[int] = []
    start = 0
    for piece in prompt.split(" "):
        read = _remembered(piece) if len(piece) <= _LONGEST else _read(piece)
        for text, first, last, vote in read:
            texts.append(text)
            starts.append(start + first)
            ends.append(start + last)
            votes.append(vote)
        start += len(piece) + 1
    return Words(texts, starts, ends, votes)


def _read(piece: str) -> _Piece:
    lexicon = load_lexicon()
    return tuple(
        (token.text, token.start, token.end, lexicon.vote(token.text))
        for token in tokens_with_spans(piece)
        if token.text not in _ADDRESS_PARTS
    )


_remembered = lru_cache(maxsize=_REMEMBERED)(_read)
