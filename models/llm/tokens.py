"""How many tokens a call will take, estimated before it is made; the truth is in the reply's usage."""

import math
from collections.abc import Iterable
from typing import Final

# Prose of the seven languages has about four letters a token in byte-pair vocabularies, digits and marks fewer; other scripts one to two.
_ASCII_CHARACTERS: Final = 3.6
_OTHER_CHARACTERS: Final = 1.4
_PER_MESSAGE: Final = 4
_PER_REPLY: Final = 16
_PER_JUDGEMENT: Final = 24


def text_tokens(text: str) -> int:
    """Estimated tokens of a text, rather too many than too few."""
    ascii_characters = sum(mark.isascii() for mark in text)
    return math.ceil(
        ascii_characters / _ASCII_CHARACTERS + (len(text) - ascii_characters) / _OTHER_CHARACTERS
    )


def quick_tokens(text: str) -> int:
    """At least `text_tokens`, without a look at each character: for what is estimated at every query."""
    others = len(text.encode("utf-8", "surrogatepass")) - len(text)  # each takes one octet more at the least
    plain = max(len(text) - others, 0)
    return math.ceil(plain / _ASCII_CHARACTERS + others / _OTHER_CHARACTERS)


def message_tokens(contents: Iterable[str]) -> int:
    """Estimated tokens of the messages of one call, with what the protocol wraps around each."""
    return sum(_PER_MESSAGE + text_tokens(content) for content in contents) + _PER_MESSAGE


def reply_tokens(judgements: int) -> int:
    """Tokens that a reply with so many judgements takes at most, spaces and line ends included."""
    return _PER_REPLY + _PER_JUDGEMENT * judgements
