"""The readings of a text that a clever model might arrive at: decoded, unhidden, turned round, written in look-alike letters."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from models.llm.untrusted import unseen
from ranking.text import fold

READ_CHARS: Final = 4_000
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){12,}")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2}){6,}")
_SPELT: Final = re.compile(r"(?<!\w)(?:\w {1,3}){8,}\w?(?!\w)")
_LETTER_GAP: Final = re.compile(r"(?<=\w) (?=\w)")
_TAGS: Final = (0xE0000, 0xE007F)
# The look-alikes that occur in practice (Unicode TR 39 lists thousands).
_LOOK_ALIKES: Final = str.maketrans("аеіјорсухѕвнкмтгӏԁԛԝοανρτυικε", "aeijopcyxsbhkmtrldqwoavptuike")
ROT13: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm",
)
_LEET: Final = str.maketrans("4310572@$!", "aeiostzasi")
_MIXED: Final = re.compile(r"[a-z][431057@$!]+[a-z]|[431057@$!]+[a-z]{2,}[431057@$!]+", re.IGNORECASE)
_OVERRIDES: Final = frozenset("\u202d\u202e\u2066\u2067\u2068")
# Soft hyphens, joiners of emoji and of Persian, byte order marks: up to this many happen in honest pages.
_HONEST_UNSEEN: Final = 6


def readings(text: str) -> Iterator[str]:
    """The text as written, folded, and then every other reading that differs from it; duplicates may occur."""
    read = text[:READ_CHARS]
    plain = _shown(unicodedata.normalize("NFKC", read))
    yield fold(plain)
    yield from (fold(decoded) for decoded in _decoded(plain))
    if not read.isascii():
        yield fold(_tags(read))
        yield fold(plain).translate(_LOOK_ALIKES)
    if _MIXED.search(plain):
        yield fold(plain).translate(_LEET)
    yield fold(plain.translate(ROT13))
    yield fold(plain[::-1])
    yield from (fold(_LETTER_GAP.sub("", match.group())) for match in _SPELT.finditer(plain))


def is_coded(text: str) -> bool:
    """Whether a reading beside those written forwards, backwards and thirteen letters on may differ."""
    return bool(
        _MIXED.search(text)
        or _BASE64.search(text)
        or _HEX.search(text)
        or ("%" in text and _PERCENT.search(text))
        or _SPELT.search(text)
    )


def hidden(text: str) -> bool:
    """Whether the text holds characters that only machines read: tags, orders of direction, or many without width."""
    read = text[:READ_CHARS]
    if read.replace("\n", " ").isprintable():
        return False
    tags = sum(_TAGS[0] <= ord(mark) <= _TAGS[1] for mark in read)
    # Three flags of regions (England, Scotland, Wales) are made of six tags each.
    return tags > 18 or any(mark in _OVERRIDES for mark in read) or unseen(read) - tags > _HONEST_UNSEEN


def _shown(text: str) -> str:
    if text.isascii():
        return text
    return "".join(mark for mark in text if mark.isspace() or unicodedata.category(mark) != "Cf")


def _tags(text: str) -> str:
    return "".join(chr(ord(mark) - _TAGS[0]) for mark in text if _TAGS[0] < ord(mark) < _TAGS[1])


def _decoded(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(text):
        yield _base64(match.group())
    for match in _HEX.finditer(text):
        yield _utf8(bytes.fromhex(re.sub("[ :]", "", match.group())))
    if _PERCENT.search(text):
        yield unquote(text, errors="replace")


def _base64(run: str) -> str:
    standard = run.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return _utf8(
            base64.b64decode(standard[: len(standard) - (len(standard) % 4 == 1)] + "===", validate=False)
        )
    except binascii.Error:
        return ""


def _utf8(octets: bytes) -> str:
    return octets.decode("utf-8", errors="ignore")
