"""Readings: what single units say; and "no German banks", which rules out some of those wanted and not all."""

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from ranking.prompt import cues
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
BARRED_WORD: Final = "exclude.keywords"
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
    """Rule out a word rather than the whole target, a phrase rather than its words, and no word of what is wanted.

    "non-profits, but no foundations" rules out a word, "no residential builders" two together, "dental practices, not dental
    chains" the chains; of "not law schools" the schools are ruled out and the law is not.
    """
    wanted = {
        (reading.entry.code, units[reading.unit].text)
        for reading in readings
        if reading.field == "include.industries" and reading.entry is not None
    }
    if any(reading.field == RULED_OUT_TRADE for reading in readings):
        readings = [_only_such(reading, wanted, units, marks) for reading in readings]
        said = {reading.unit - 1 for reading in readings if reading.phrase}
        readings = [_only_word(reading, wanted, units) for reading in readings if reading.unit not in said]
    barred = {reading.unit for reading in readings if reading.field == RULED_OUT_TRADE}
    codes = {code for code, _ in wanted}
    kept = [
        each
        for each in readings
        if not (
            _leads_to(each.unit, barred, units)
            and ((_is_word(each) and _is_plain(units[each.unit])) or _bars_one_of(each, codes))
        )
    ]
    spared = (_spared(each, wanted, units) for each in _phrases(kept, units))
    return [each for each in spared if each is not None]


def _only_word(reading: Reading, wanted: Set[tuple[str, str]], units: Sequence[Unit]) -> Reading:
    """A trade that is wanted under another name, as a word."""
    if reading.field != RULED_OUT_TRADE or reading.entry is None:
        return reading
    names = {name for code, name in wanted if code == reading.entry.code}
    if not names or units[reading.unit].text in names:
        return reading
    return Reading(reading.unit, BARRED_WORD, None, phrase=units[reading.unit].text)


def _bars_one_of(reading: Reading, codes: Set[str]) -> bool:
    """ "healthcare, not healthcare staffing": healthcare itself is wanted."""
    return reading.field == RULED_OUT_TRADE and reading.entry is not None and reading.entry.code in codes


def _leads_to(place: int, barred: Set[int], units: Sequence[Unit]) -> bool:
    """Tell whether a word only describes the trade behind it, all of which is ruled out."""
    return place + 1 in barred and units[place + 1].gap <= HYPHEN


def _spared(reading: Reading, wanted: Set[tuple[str, str]], units: Sequence[Unit]) -> Reading | None:
    """A word that the name of what is wanted has, too, is ruled out with the noun behind it, or not at all."""
    text, place = units[reading.unit].text, reading.unit + 1
    is_of_wanted = any(text in name.split(" ") for _, name in wanted)
    if not (_is_word(reading) and is_of_wanted) or " " in reading.phrase:
        return reading
    has_noun = place < len(units) and units[place].gap <= HYPHEN and units[place].bits & cues.COMPANY
    return reading._replace(phrase=f"{text} {units[place].text}") if has_noun else None


def _phrases(readings: list[Reading], units: Sequence[Unit]) -> list[Reading]:
    """A trade as a word and the word beside it are one phrase: "residential builders", "produttori di armi"."""
    joined: list[Reading] = []
    for reading in readings:
        last = joined[-1] if joined else None
        if last is not None and _are_one_phrase(last, reading, units):
            text = f"{last.phrase or units[last.unit].text} {reading.phrase or units[reading.unit].text}"
            joined[-1] = Reading(reading.unit, BARRED_WORD, None, last.guessed, text)
        else:
            joined.append(reading)
    return joined


def _is_word(reading: Reading) -> bool:
    return reading.field == BARRED_WORD and reading.entry is None


def _is_plain(unit: Unit) -> bool:
    """One word that says little alone; "web design" says enough."""
    return unit.is_word and " " not in unit.text


def _are_one_phrase(before: Reading, after: Reading, units: Sequence[Unit]) -> bool:
    if not (_is_word(before) and _is_word(after) and bool(before.phrase) != bool(after.phrase)):
        return False
    if not _is_plain(units[after.unit if before.phrase else before.unit]):
        return False
    between = units[before.unit + 1 : after.unit]
    linked = not between or (
        len(between) == 1 and between[0].text in cues.OF_WORDS and between[0].gap <= HYPHEN
    )
    return linked and units[after.unit].gap <= HYPHEN


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
    if marks[place - 1] == INERT and before.entries:  # a size is inert too, and no kind of anything
        entry = preferred(before.entries)
        return Reading(place - 1, f"exclude.{FIELDS[entry.kind]}", entry, guessed=True)
    if marks[place] < place - 1 and _describes(units, place - 1):
        phrase = f"{before.text} {units[place].text}"
        return Reading(place, BARRED_WORD, None, guessed=True, phrase=phrase)
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
