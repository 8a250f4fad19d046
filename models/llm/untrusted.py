"""Text of others made fit to stand inside a prompt: one line, visible, and without the marks that prompts are built from.

What is done here keeps a text inside its place. It does not make a text harmless to a model that obeys whatever it reads:
`models.llm.injection` finds those that give orders.
"""

import re
import unicodedata
from typing import Final

_ELLIPSIS: Final = "…"
# Controls, format characters (zero width, bidirectional, tags), surrogates, private use and unassigned code points.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Angle brackets make tags, braces and brackets JSON and role marks, backticks code blocks, bars chat marks.
_MARKS: Final = str.maketrans(
    {"<": "‹", ">": "›", "{": "(", "}": ")", "[": "(", "]": ")", "`": "'", "|": "/", "\\": "/"}
)
_RULERS: Final = re.compile(r"([=#*_~\-\"'])\1{2,}")
_SPACE: Final = re.compile(r"\s+")


def plain(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters: NFKC, no unseen characters, no tags, braces, code or rulers."""
    marked = _RULERS.sub(r"\1", _seen(text[: 4 * limit]).translate(_MARKS))
    line = _SPACE.sub(" ", marked).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + _ELLIPSIS


def _seen(text: str) -> str:
    if text.isascii():
        return text.translate(_ASCII)
    seen = "".join(_visible(mark) for mark in unicodedata.normalize("NFKC", text))
    return unicodedata.normalize("NFKC", seen)


def _visible(mark: str) -> str:
    if mark.isspace():
        return " "
    return "" if unicodedata.category(mark) in _UNSEEN or "\ufe00" <= mark <= "\ufe0f" else mark


def unseen(text: str) -> int:
    """How many characters of the text do not show, line ends and tabs aside."""
    if text.isascii() and text.isprintable():
        return 0
    return sum(not mark.isspace() and unicodedata.category(mark) in _UNSEEN for mark in text)


_ASCII: Final = {code: _visible(chr(code)) for code in range(128)}
