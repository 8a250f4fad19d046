"""Orders that a naive model would follow, found by very loose signs in whatever way they are disguised.

Written apart from the detector in `models.llm.injection`, and looser: any mark word near any number or superlative is obeyed.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_MARK = re.compile(
    r"scor|rat(e|ing)|rank|grade|judg|evaluat|mark|punt|punkt|pont|point|bewert|note|nota|calif|valut|beoord|ocen|оцен|puan|"
    r"评分|分数|スコア|점수|تقييم",
)
_HUNDRED = re.compile(r"(?<!\d)100(?!\d)|max|highest|top|as high|best|hundred")
_NOTHING = re.compile(r"(?<!\d)0(?!\d)|zero|lowest")
_EVERYONE = re.compile(
    r"other|remaining|first and the second|andere|autres|otr|outr|altre|neighbour|company \w+(?: \w+)? has score 0|\"id\""
)
_LOOKS = str.maketrans("аеорсхуі", "aeopcxyi")
_LEET = str.maketrans("431057", "aeiost")


@dataclass(frozen=True, slots=True)
class Order:
    """What a text wants: 100 for its own company, or nothing for the others."""

    own: bool
    others: bool


def orders(text: str) -> Order:
    """The wishes found in a text, in any reading of it."""
    own = others = False
    for reading in _readings(text):
        if not _MARK.search(reading):
            continue
        if _NOTHING.search(reading) and _EVERYONE.search(reading):
            others = True
        elif _HUNDRED.search(reading):
            own = True
    return Order(own, others)


def _readings(text: str) -> Iterator[str]:
    tags = "".join(chr(ord(mark) - 0xE0000) for mark in text if 0xE0000 < ord(mark) < 0xE007F)
    shown = "".join(
        mark for mark in unicodedata.normalize("NFKC", text) if unicodedata.category(mark) != "Cf"
    ).lower()
    yield shown
    yield tags.lower()
    yield shown.translate(_LOOKS)
    yield shown.translate(_LEET)
    yield shown[::-1]
    yield codecs.encode(shown, "rot13")
    yield shown.replace(" ", "")
    yield unquote(text, errors="replace").lower()
    for run in re.findall(r"[A-Za-z0-9+/]{16,}=*", text):
        for decode in (base64.b64decode, bytes.fromhex):
            try:
                yield decode(run).decode("utf-8", "ignore").lower()
            except (ValueError, binascii.Error):
                continue
