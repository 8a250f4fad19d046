"""Ranges of funding stages: "seed to series B", "Series B or later", "Series A+", "series A/B"."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt import cues
from ranking.prompt.reading import Reading
from ranking.prompt.units import COMMA, HYPHEN, SIZE, SLASH, Unit
from ranking.taxonomy.entries import Entry

_LADDER: Final = (
    "pre_seed", "seed", "early", "series_a", "series_b", "growth", "series_c", "series_d", "late",
)  # fmt: skip
_RUNG: Final = {code: place for place, code in enumerate(_LADDER)}
_SERIES: Final = {letter: f"series_{letter}" for letter in "abcd"}
_DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013\u2014")
_BETWEEN: Final = cues.JOINT | cues.THROUGH


def read_series_letters(units: Sequence[Unit]) -> None:
    """Let the second letter of "series A or B", "Series A-C", "series A/B" name its stage; units are changed in place."""
    for place, unit in enumerate(units):
        code = _SERIES.get(unit.text)
        if code is None or not unit.capital or unit.entries:
            continue
        before = place - 1 if unit.gap in (HYPHEN, SLASH, COMMA) else place - 2
        if before < 0 or (before == place - 2 and not units[place - 1].bits & _BETWEEN):
            continue
        if _stage(units[before]) in _SERIES.values():
            unit.entries = (Entry("stage", code, "", 1.0),)
            unit.bits = 0
            unit.group = SIZE


def widened(prompt: str, units: Sequence[Unit], readings: Sequence[Reading]) -> list[Reading]:
    """The readings with the stages that lie in the ranges they bound; a mention of two stages beside each other stays two."""
    result: list[Reading] = []
    at = {reading.unit: reading for reading in readings if reading.entry and reading.entry.code in _RUNG}
    for reading in readings:
        result.append(reading)
        if at.get(reading.unit) is reading:
            result += _others(prompt, units, reading, at)
    return result


def _others(prompt: str, units: Sequence[Unit], reading: Reading, at: dict[int, Reading]) -> list[Reading]:
    assert reading.entry is not None
    rung, place = _RUNG[reading.entry.code], reading.unit
    first = _range_start(prompt, units, place, at)
    if first is not None and first.field == reading.field:
        assert first.entry is not None
        return _of_rungs(reading, range(_RUNG[first.entry.code] + 1, rung))
    if _ends_range(prompt, units, place, at):
        return []
    following = units[place + 1].bits if place + 1 < len(units) else 0
    before = units[place - 1].bits if place else 0
    if following & cues.LATER or before & cues.AT_LEAST or prompt[units[place].end :].startswith("+"):
        return _of_rungs(reading, range(rung + 1, len(_LADDER)))
    if following & cues.EARLIER or before & cues.AT_MOST:
        return _of_rungs(reading, range(rung))
    return []


def _range_start(prompt: str, units: Sequence[Unit], place: int, at: dict[int, Reading]) -> Reading | None:
    """The reading of the stage from which a range comes to this place."""
    if place - 1 in at and _is_dash(prompt, units[place - 1], units[place]):
        return at[place - 1]
    if place - 2 not in at:
        return None
    between = units[place - 1].bits
    is_pair = bool(between & cues.JOINT) and not (place > 2 and units[place - 3].bits & cues.BETWEEN)
    return at[place - 2] if between & _BETWEEN and not is_pair else None


def _ends_range(prompt: str, units: Sequence[Unit], place: int, at: dict[int, Reading]) -> bool:
    return any(
        end in at and _range_start(prompt, units, end, at) is at[place] for end in (place + 1, place + 2)
    )


def _is_dash(prompt: str, before: Unit, after: Unit) -> bool:
    return prompt[before.end : after.start].strip() in _DASHES


def _of_rungs(reading: Reading, rungs: range) -> list[Reading]:
    return [
        Reading(reading.unit, reading.field, Entry("stage", _LADDER[rung], "", 1.0), reading.guessed)
        for rung in rungs
    ]


def _stage(unit: Unit) -> str | None:
    return next((entry.code for entry in unit.entries if entry.kind == "stage"), None)
