"""Whether a text gives orders to a model that judges companies, in any of the disguises of `models.llm.disguises`.

Single words prove nothing: score, rule and assistant stand in honest posts. An order is a wish to set rules aside, or a mark with its
extreme and the one who shall get it, or a judge spoken to about marks. Signs that only prompts and replies are built from are
enough alone, and so are texts that hide from people.
"""

import re
import tomllib
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from models.llm.disguises import hidden
from models.llm.order_hints import suspect_readings

_CUES: Final = Path(__file__).with_name("injection_cues.toml")
_CJK: Final = re.compile(r"[\u0600-\u06ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_NEAR: Final = 60
_FAR: Final = 160
_ENDS: Final = re.compile(r"[.!?]\s|[。！？\n]")
Reason = Literal["hidden", "marks", "override", "order", "reader"]


class _Cues:
    def __init__(self) -> None:
        with _CUES.open("rb") as file:
            sections = tomllib.load(file)
        compiled = {name: _compiled(section["any"]) for name, section in sections.items()}
        self.score, self.extreme, self.target = compiled["score"], compiled["extreme"], compiled["target"]
        self.reader = compiled["reader"]
        self.marks = re.compile("|".join(sections["marks"]["any"]))
        self.override, self.rules = compiled["override"], compiled["rules"]


def _compiled(cues: list[str]) -> re.Pattern[str]:
    """One pattern of all; those of scripts with spaces begin at a word's start and end at a word's end."""
    spaced = [cue for cue in cues if not _CJK.search(cue)]
    others = [cue for cue in cues if _CJK.search(cue)]
    return re.compile(
        "|".join([rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", *others])
        if others
        else rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"
    )


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    return _Cues()


def order_in(text: str) -> Reason | None:
    """Why the text is taken for an order to the judge, None when it is not; its first 4,000 characters are read."""
    if hidden(text):
        return "hidden"
    for reading in suspect_readings(text):
        reason = _order(reading)
        if reason is not None:
            return reason
    return None


def _order(text: str) -> Reason | None:
    cues = _cues()
    if cues.marks.search(text):
        return "marks"
    if _near(cues.override, cues.rules, text, _NEAR):
        return "override"
    if not _near(cues.score, cues.extreme, text, _NEAR):
        return None
    if _near(cues.score, cues.target, text, _FAR):
        return "order"
    return "reader" if _near(cues.score, cues.reader, text, _FAR) else None


def _near(one: re.Pattern[str], other: re.Pattern[str], text: str, most: int) -> bool:
    """Whether the two begin at most so many characters apart; at a sentence's distance they must share a sentence."""
    places = [match.start() for match in one.finditer(text)]
    if not places:
        return False
    for match in other.finditer(text):
        after = bisect_left(places, match.start())
        for place in places[max(0, after - 1) : after + 1]:
            start, end = sorted((place, match.start()))
            if end - start <= most and (most > _NEAR or not _ENDS.search(text, start, end)):
                return True
    return False
