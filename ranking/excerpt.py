"""The part of a long text that is worth showing: the first passage that names what was asked for."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from ranking.text import words

PASSAGE_CHARACTERS: Final = 480
_PASSAGES: Final = 24
READ_CHARACTERS: Final = PASSAGE_CHARACTERS * _PASSAGES
Span = tuple[int, int]


def passages(text: str, characters: int = PASSAGE_CHARACTERS) -> Iterator[Span]:
    """Consecutive parts [start, end) of at most `characters`, cut at white space where there is any; together the text."""
    start = 0
    while start < len(text):
        end = min(start + characters, len(text))
        if end < len(text):
            space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = space if space > start else end
        yield start, end
        start = end


def excerpt(text: str, mentions: Sequence[Span]) -> tuple[str, tuple[str, ...]]:
    """The first passage with a mention and the mentions in it, as written; the opening and nothing when none of the first 24 has any.

    An ellipsis says where text was left out. Of overlapping mentions the longest is named, each wording once.

    Args:
        mentions: [start, end) in code points, by start, longer ones first.
    """
    if len(text) <= PASSAGE_CHARACTERS:
        return text.strip(), _named(text, mentions)
    opening, last = (0, 0), mentions[-1][0] if mentions else -1
    for number, (start, end) in enumerate(passages(text)):
        opening = opening if number else (start, end)
        if start > last or number >= _PASSAGES:
            break
        inside = [span for span in mentions if start <= span[0] and span[1] <= end]
        if inside:
            return _marked(text[start:end], text), _named(text, inside)
    return _marked(text[slice(*opening)], text), ()


def _named(text: str, mentions: Sequence[Span]) -> tuple[str, ...]:
    if len(mentions) < 2:
        return tuple(text[start:end] for start, end in mentions)
    shown: dict[str, str] = {}
    covered = 0
    for start, end in mentions:
        if end > covered:
            covered = end
            shown.setdefault(_wording(text[start:end]), text[start:end])
    return tuple(shown.values())


@lru_cache(maxsize=4096)
def _wording(written: str) -> str:
    """What two spellings of one wording share."""
    return " ".join(words(written))


def _marked(passage: str, text: str) -> str:
    shown = passage.strip()
    before = "" if text.lstrip().startswith(shown) else "… "
    after = "" if text.rstrip().endswith(shown) else " …"
    return f"{before}{shown}{after}"
