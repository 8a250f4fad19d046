"""Countries by their two letters: "DE/AT/CH", "in FR", "UK/IE"; but not "HR & IT", and not "IT teams in the US" (ISO 3166)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ranking.prompt import cues
from ranking.prompt.units import AMPERSAND, COMMA, HYPHEN, NOTHING, PLACE, SLASH, Unit
from ranking.taxonomy.entries import Entry
from ranking.taxonomy.model import Taxonomy
from ranking.text import words

_LETTERS: Final = 2
_SEPARATORS: Final = frozenset({SLASH, AMPERSAND, COMMA})
_CANADA: Final = "CA"
_SPEAKING: Final = frozenset({"speaking", "speakers"})
# Codes that in capitals mean something else more often.
_AMBIGUOUS: Final = frozenset(
    words(
        """ad af ag ai am ar as bi bs cc cd cm co cr cv dj do ec er et ga gl gm gp hr id im in io is it la li ma mc md me mf ml mp ms mt my
        no pa pe pm pr ps pw qa re sa sb sc sd sm so sr ss st td to tv va vc vi vn"""
    )
)


def read_country_codes(prompt: str, units: Sequence[Unit], taxonomy: Taxonomy) -> None:
    """Let units that are country codes name their country; units are changed in place.

    A code counts in a list of countries and codes of which one is beyond doubt, or after "in" when it means nothing else.
    """
    places = [place for place, unit in enumerate(units) if _may_be_code(prompt, unit, taxonomy)]
    if not places:
        return
    for run in _runs(prompt, units, places):
        listed = len(run) > 1
        sure = any(units[place].has("country") or not _is_ambiguous(units[place]) for place in run)
        if not (sure and listed) and not _is_led_in(units, run[0]):
            continue
        for place in run:
            if place in places and not (_is_ambiguous(units[place]) and _goes_on(units, place)):
                _name(units[place], taxonomy)


def drop_languages(units: Sequence[Unit]) -> None:
    """ "French speaking" names a language and no country; units are changed in place."""
    for place, unit in enumerate(units):
        if unit.text in _SPEAKING and place and unit.gap <= HYPHEN and units[place - 1].has("country"):
            for each in units[place - 1 : place + 1]:
                each.entries, each.bits, each.group = (), cues.STOP, NOTHING


def _is_led_in(units: Sequence[Unit], place: int) -> bool:
    """ "in FR"; "in CA" alone is California."""
    if not place or units[place].entries or _is_ambiguous(units[place]):
        return False
    return bool(units[place - 1].bits & cues.PLACE)


def _may_be_code(prompt: str, unit: Unit, taxonomy: Taxonomy) -> bool:
    raw = prompt[unit.start : unit.end]
    if len(raw) != _LETTERS or not raw.isupper() or prompt.isupper():
        return False
    known = not unit.entries or (raw == _CANADA and unit.group == PLACE)
    return known and taxonomy.country_code(raw) is not None


def _runs(prompt: str, units: Sequence[Unit], places: Sequence[int]) -> list[list[int]]:
    """Codes and countries that stand in one list, at least one of them a code."""
    countries = [place for place, unit in enumerate(units) if unit.has("country") or place in places]
    runs = [[countries[0]]]
    for before, after in pairwise(countries):
        if _joined(prompt, units, before, after):
            runs[-1].append(after)
        else:
            runs.append([after])
    return [run for run in runs if any(place in places for place in run)]


def _joined(prompt: str, units: Sequence[Unit], before: int, after: int) -> bool:
    if prompt[units[before].end : units[after].start].strip() == "+":
        return True
    between = units[before + 1 : after]
    if not between:
        return units[after].gap in _SEPARATORS
    return len(between) == 1 and bool(between[0].bits & cues.JOINT) and between[0].gap <= COMMA


def _is_ambiguous(unit: Unit) -> bool:
    return unit.text in _AMBIGUOUS


def _goes_on(units: Sequence[Unit], place: int) -> bool:
    """ "the US, IT teams": a word follows that the letters belong to."""
    following = place + 1
    if following >= len(units) or units[following].gap >= SLASH:
        return False
    return not units[following].bits & cues.JOINT


def _name(unit: Unit, taxonomy: Taxonomy) -> None:
    code = taxonomy.country_code(unit.text.upper())
    assert code is not None
    unit.entries = (Entry("country", code, "", 1.0),)
    unit.bits = 0
    unit.group = PLACE
