"""Readings: what single units say; and "no German banks", which rules out some of those wanted and not all."""

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from ranking.prompt.negation import INERT
from ranking.prompt.units import HYPHEN, Unit
from ranking.taxonomy.entries import Entry, Kind

FIELDS: Final[dict[Kind, str]] = {
    "industry": "industries",
    "country": "countries",
    "region": "regions",
    "city": "cities",
    "technology": "technologies",
    "stage": "stages",
    "seniority": "seniorities",
    "role": "roles",
    "size": "employees",
}
_PREFERRED: Final[tuple[Kind, ...]] = ("country", "city", "region", "size", "stage", "technology")
RULED_OUT_TRADE: Final = "exclude.industries"
# Words that say nothing of what is sold, but describe a trade.
_DESCRIBING: Final = frozenset({"public", "independent", "online"})


class Reading(NamedTuple):
    """Unit `unit` says `entry` for `field`; `entry` is None for a keyword, which is `phrase` or else the unit's text.

    `guessed` when the place decided little.
    """

    unit: int
    field: str
    entry: Entry | None
    guessed: bool = False
    phrase: str = ""


def narrowed(readings: list[Reading], units: Sequence[Unit], marks: Sequence[int]) -> list[Reading]:
    """Rule out a word rather than the whole target: "non-profits, but no foundations"."""
    if all(reading.field != RULED_OUT_TRADE for reading in readings):
        return readings
    wanted = {
        (reading.entry.code, units[reading.unit].text)
        for reading in readings
        if reading.field == "include.industries" and reading.entry is not None
    }
    codes = {code for code, _ in wanted}
    readings = [_only_such(reading, wanted, units, marks) for reading in readings]
    said = {reading.unit - 1 for reading in readings if reading.phrase}
    readings = [reading for reading in readings if reading.unit not in said]
    return [
        Reading(reading.unit, "exclude.keywords", None)
        if reading.field == RULED_OUT_TRADE
        and reading.entry is not None
        and reading.entry.code in codes
        and (reading.entry.code, units[reading.unit].text) not in wanted
        else reading
        for reading in readings
    ]


def _only_such(
    reading: Reading, wanted: Set[tuple[str, str]], units: Sequence[Unit], marks: Sequence[int]
) -> Reading:
    """ "banks, but no German banks", "no private banks": those so described are ruled out, and not the whole target."""
    place = reading.unit
    if (
        reading.field != RULED_OUT_TRADE
        or reading.entry is None
        or (reading.entry.code, units[place].text) not in wanted
    ):
        return reading
    before = units[place - 1]
    if marks[place - 1] == INERT:
        entry = preferred(before.entries)
        return Reading(place - 1, f"exclude.{FIELDS[entry.kind]}", entry, guessed=True)
    if marks[place] < place - 1 and _describes(units, place - 1):
        phrase = f"{before.text} {units[place].text}"
        return Reading(place, "exclude.keywords", None, guessed=True, phrase=phrase)
    return reading


def _describes(units: Sequence[Unit], place: int) -> bool:
    """Tell whether a plain word stands right before what it describes: "public hospitals"."""
    unit = units[place]
    plain = unit.is_word or unit.text in _DESCRIBING
    return plain and not unit.entries and units[place + 1].gap <= HYPHEN


def preferred(entries: Sequence[Entry]) -> Entry:
    """Return the heaviest meaning; of equal weight a country before a city before a region."""
    if len(entries) == 1:
        return entries[0]
    return max(entries, key=_preference)


def _preference(entry: Entry) -> tuple[float, int]:
    rank = len(_PREFERRED) - _PREFERRED.index(entry.kind) if entry.kind in _PREFERRED else 0
    return entry.weight, rank
