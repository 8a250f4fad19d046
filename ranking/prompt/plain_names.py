"""Names of companies made of ordinary words: "not Best Buy or Big Lots", "like Home Depot", "excluding Target"."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt import cues
from ranking.prompt.lexicon import Language
from ranking.prompt.units import COMMA, NOTHING, SPACE, STOP, TECHNOLOGY, Unit, any_bits

_OPENING: Final = cues.NEGATION | cues.NAMED
_NEVER: Final = cues.NEGATION | cues.NAMED | cues.JOINT | cues.END_SCOPE | cues.NEUTRAL
_SINGLE: Final = cues.TARGET | cues.NEED | cues.CONTACT | cues.TOP
_MOST: Final = 4
_PLURALS: Final = ("s", "en", "i")


def join_plain_names(units: list[Unit], language: Language) -> list[Unit]:
    """Make one unknown word of each run of capitalised words that stands in a list after "not", "except" or "like".

    Where nouns have capitals anyway, or the whole prompt has, capitals tell nothing, and the units come back as they are.
    """
    if language.common_endings or not any_bits(units) & _OPENING or not _tells(units):
        return units
    joined: list[Unit] = []
    listing, place = False, 0
    while place < len(units):
        unit = units[place]
        end = _end_of_run(units, place) if listing else place
        if end > place:
            joined.append(_one(units[place:end]))
            place = end
            continue
        listing = bool(unit.bits & _OPENING) or (listing and _is_between(unit))
        joined.append(unit)
        place += 1
    return joined


def _tells(units: Sequence[Unit]) -> bool:
    """Some but not all words have capitals, and no "Not" or "Except" within a sentence."""
    inner = [unit for place, unit in enumerate(units) if place and unit.gap < STOP and unit.number is None]
    if not any(unit.capital for unit in inner) or all(unit.capital for unit in inner):
        return False
    return not any(unit.capital and unit.bits & _OPENING and not unit.entries for unit in inner)


def _is_between(unit: Unit) -> bool:
    """An article, an "and", or another name of the list."""
    if unit.gap >= STOP:
        return False
    if unit.bits & cues.JOINT or (unit.bits == cues.STOP and not unit.capital):
        return True
    return unit.capital and (unit.is_word or unit.group == TECHNOLOGY)


def _end_of_run(units: Sequence[Unit], place: int) -> int:
    """The end of a name that begins here; `place` itself when none does."""
    end = place
    while end < len(units) and end - place < _MOST:
        linked = end > place and _is_link(units, end)
        if not (linked or _may_belong(units[end], first=end == place)):
            break
        end += 2 if linked else 1
    run = units[place:end]
    if len(run) == 1:
        alone = not run[0].entries and run[0].bits & _SINGLE and _stands_alone(units, end)
        return end if alone else place
    known = [unit for unit in run if unit.entries]
    kinds = known and known[-1] is run[-1] and run[-1].text.endswith(_PLURALS)
    ordinary = any(unit.bits or unit.entries for unit in run)
    return end if run and ordinary and not kinds else place


def _may_belong(unit: Unit, *, first: bool) -> bool:
    if not unit.capital or unit.number is not None or unit.employees is not None or unit.bits & _NEVER:
        return False
    return unit.gap <= COMMA if first else unit.gap == SPACE


def _is_link(units: Sequence[Unit], place: int) -> bool:
    """ "Bank of America": one small word between two of one name; the first is no plural, "Hospitals of Berlin" are many."""
    link = units[place]
    if link.text not in cues.OF_WORDS or link.capital or link.bits & cues.JOINT or place + 1 >= len(units):
        return False
    singular = not units[place - 1].text.endswith(_PLURALS)
    return singular and link.gap == SPACE and _may_belong(units[place + 1], first=False)


def _stands_alone(units: Sequence[Unit], place: int) -> bool:
    """ "excluding Target, ..." and not "except Target customers"."""
    return place >= len(units) or units[place].gap >= COMMA or bool(units[place].bits & cues.JOINT)


def _one(run: Sequence[Unit]) -> Unit:
    text = " ".join(unit.text for unit in run)
    unit = Unit(text, run[0].start, run[-1].end, run[0].gap, capital=True)
    assert unit.group != NOTHING
    return unit
