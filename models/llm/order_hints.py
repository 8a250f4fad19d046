"""Which readings of a text can be an order to a judge at all: a look that costs little and leaves out none that is one.

A cue can only match where a part of its letters stands; those parts are looked for, turned round in place of the text, all in one
pass. What is written in other letters, coded, spelt or in digits for letters is read in every way.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from models.llm.disguises import READ_CHARS, ROT13, is_coded, readings
from models.llm.order_scan import CODED, PartScan
from ranking.text import fold

_OVERRIDE: Final = (
    "ignor", "disregard", "forget", "overrid", "bypass", "vergiss", "vergesst", "missachte", "oublie", "olvida", "esqueca",
    "dimentica", "negeer", "vergeet", "zapomnij", "yok say", "unut",
)  # fmt: skip
_RULES: Final = (
    "instru", "rule", "guideline", "prompt", "polic", "anweisung", "regel", "vorgabe", "consigne", "regl", "regra", "regol",
    "zasad", "polecen", "talimat", "kural",
)  # fmt: skip
_SCORE: Final = (
    "scor", "rate", "rating", "rank", "grade", "mark", "point", "punkt", "bewert", "note", "nota", "punt", "califi", "pont",
    "valut", "beoorde", "ocen", "puan", "judgement", "evaluation",
)  # fmt: skip
_EXTREME: Final = (
    "0", "hundred", "zero", "max", "highest", "lowest", "top", "as high as", "best possible", "first", "hundert", "hochst",
    "cent", "cien", "cem", "honderd", "hoogste",
)  # fmt: skip
_ADDRESSED: Final = (
    "this ", "company", "candidate", "firm", "all ", "every", "any ", "each ", "other", "remaining", "second", "unternehmen",
    "anderen ", "entreprise", "societ", "empresa", "azienda", "impresa", "aziende", "bedrij", "bu sirket", "model", "llm",
    "ai ", "evaluator", "judge", "system", "your ", "when you", "you are now", "you must", "translate", "decode", "print",
    "copy", "output", "expected score", "ahora eres", "du bist jetzt", "tu es maintenant", "agora voce", "ora sei",
    "je bent nu", "answer", "sistema", "assistant",
)  # fmt: skip
_MARKS: Final = ("<", "|>", "inst]", "##", "display", "end of ")
_NAMED: Final = ("score", "judgement", '"id', "'id")
_PUNCTUATION: Final = dict.fromkeys(map(ord, "–—‘’“”„«»¡¿·•→€£©®°§"), "?")
_GROUPS: Final = (_MARKS, _OVERRIDE, _RULES, _SCORE, _EXTREME, _ADDRESSED, _NAMED, (":", "="))
_M, _O, _R, _S, _E, _A, _N, _IS = (1 << number for number in range(len(_GROUPS)))
_ENOUGH: Final = (_M, _O | _R, _S | _E | _A, _N | _IS)


@cache
def _scan() -> PartScan:
    """Forwards, thirteen letters on, backwards."""
    thirteen_on = [[part.translate(ROT13) for part in group] for group in _GROUPS]
    backwards = [[part[::-1] for part in group] for group in _GROUPS]
    return PartScan.of([*_GROUPS, *thirteen_on, *backwards])


def suspect_readings(text: str) -> Iterator[str]:
    """The readings of `models.llm.disguises` that can be an order, folded; of an ordinary text none."""
    read = text[:READ_CHARS]
    plain = read if read.isascii() else unicodedata.normalize("NFKC", read)
    folded = fold(plain)
    seen = _ascii(folded)
    if not seen.isascii():
        yield from readings(text)
        return
    found = _scan().groups_in(seen)
    is_same = len(folded) == len(plain)
    if (found & CODED or not is_same) and is_coded(plain):
        yield from readings(text)
        return
    if _may(found):
        yield folded
    if _may(found >> len(_GROUPS)) or not read.isascii():
        thirteen_on = fold(plain.translate(ROT13))  # what has an accent keeps its letter
        if read.isascii() or _may(_scan().groups_in(_ascii(thirteen_on))):
            yield thirteen_on
    if not is_same or _may(found >> 2 * len(_GROUPS)):
        yield fold(plain[::-1])


def _ascii(folded: str) -> str:
    """The text with marks that are no letters as "?"; other letters stay."""
    return folded if folded.isascii() else folded.translate(_PUNCTUATION)


def _may(found: int) -> bool:
    return any(found & enough == enough for enough in _ENOUGH)
