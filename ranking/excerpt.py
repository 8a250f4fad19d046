"""The part of a long text that is worth showing: the first passage that names what was asked for."""

from collections.abc import Callable, Iterator

PASSAGE_CHARACTERS = 480
_PASSAGES = 24


def passages(text: str, characters: int = PASSAGE_CHARACTERS) -> Iterator[str]:
    """Consecutive parts of at most `characters`, cut at white space where there is any; together the text."""
    start = 0
    while start < len(text):
        end = min(start + characters, len(text))
        if end < len(text):
            space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = space if space > start else end
        yield text[start:end]
        start = end


def excerpt(text: str, matched: Callable[[str], tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    """The first passage with a match and what matched in it; the opening and nothing when none of the first 24 matches.

    An ellipsis says where text was left out. Looking at passages one by one keeps the cost of long texts bounded: most name their
    subject early.
    """
    opening = ""
    for number, passage in enumerate(passages(text)):
        opening = opening or passage
        if number >= _PASSAGES:
            break
        found = matched(passage)
        if found:
            return _marked(passage, text), found
    return _marked(opening, text), ()


def _marked(passage: str, text: str) -> str:
    shown = passage.strip()
    before = "" if text.lstrip().startswith(shown) else "… "
    after = "" if text.rstrip().endswith(shown) else " …"
    return f"{before}{shown}{after}"
