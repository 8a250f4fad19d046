"""Names of companies and products a prompt mentions: exemplars, comparisons, and companies to leave out (F-1)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ranking.prompt import cues
from ranking.prompt.lexicon import Language
from ranking.prompt.negation import INCLUDED, INERT
from ranking.prompt.parts import PRODUCT, TARGET, Parts
from ranking.prompt.units import (
    AMPERSAND,
    COMMA,
    HYPHEN,
    LOOKAHEAD,
    NOTHING,
    SLASH,
    SPACE,
    STOP,
    TECHNOLOGY,
    WORD,
    Unit,
)

EXEMPLAR: Final = "exemplars"
COMPARISON: Final = "product.comparisons"
LEFT_OUT: Final = "exclude.companies"
USED: Final = "include.technologies"
_INTRODUCING: Final = cues.NAMED | cues.EXEMPLAR_AFTER | cues.COMPARISON_AFTER
_MAX_NAME: Final = 5
_MAX_NAMES: Final = 20
_TARGET_BEFORE: Final = 64
_CONNECTORS: Final = frozenset(
    ("of", "de", "du", "des", "der", "van", "von", "di", "the", "la", "le", "da", "do", "del")
)
_PLURALS: Final = ("s", "en", "i")
_PARTICLES: Final = frozenset(("de", "van", "von"))
_SEPARATORS: Final = frozenset({COMMA, SLASH, AMPERSAND})
_ADJECTIVES: Final = ("ic", "ish", "ian", "ist", "ant", "ese", "ische")


class Name(NamedTuple):
    """Units [start, end) that are a name; `field` says of what, `cue` is the unit that introduced it."""

    start: int
    end: int
    field: str
    cue: int


def read_names(
    units: Sequence[Unit], seen: int, parts: Parts, marks: Sequence[int], language: Language
) -> list[Name]:
    """Return the names after and before the cues for them, in order, at most 20 per cue; `seen` is what any unit does.

    A taxonomy word after "like" is no name ("industries like healthcare") unless it is a product ("like Slack") or
    part of a longer capitalised name ("Deutsche Bank"). Where the prompt has capital letters a name needs one.
    """
    found: list[Name] = []
    if not seen & _INTRODUCING and max(marks, default=INCLUDED) <= INCLUDED:
        return found
    cased = _is_cased(units)
    place = 0
    while place < len(units):
        bits = units[place].bits
        end = place + 1
        if bits & cues.NAMED and not (marks[place] != INCLUDED and bits & cues.COMPARISON):
            field = _field_after(units, place, parts, marks)
            names = _list_of_names(units, place, cased, field)
            found += names
            end = max(end, names[-1].end) if names else end
        if end == place + 1 and place and bits & (cues.EXEMPLAR_AFTER | cues.COMPARISON_AFTER):
            found += _name_before(units, place, cased, found)
        elif marks[place] >= 0 and _is_left_out(units, place, marks, cased, language):
            end = max(_name_run(units, place, cased), place + 1)
            if units[place].gap == COMMA:
                end = _until_ampersand(units, place, end)
            found.append(Name(place, end, LEFT_OUT, marks[place]))
        elif marks[place] == INERT and cased and _is_named_after_place(units, place, marks):
            end = place + 2
            found.append(Name(place, end, LEFT_OUT, marks[place + 1]))
        place = end
    return found


def _is_named_after_place(units: Sequence[Unit], place: int, marks: Sequence[int]) -> bool:
    """ "excluding Deutsche Bank", not "no German banks": both words have capitals and the second is no plural."""
    following = place + 1
    if following >= len(units) or marks[following] < 0 or units[following].gap != SPACE:
        return False
    text = units[following].text
    return units[place].capital and units[following].capital and not text.endswith(_PLURALS)


def _is_cased(units: Sequence[Unit]) -> bool:
    """Tell whether capital letters mean anything here: some but not all words have them."""
    words = [unit.capital for unit in units if unit.number is None and not unit.text[0].isdigit()]
    return any(words[1:]) and not all(words)


def _field_after(units: Sequence[Unit], cue: int, parts: Parts, marks: Sequence[int]) -> str:
    bits = units[cue].bits
    if _is_ruled_out(units, cue, marks):
        return LEFT_OUT
    if bits & cues.EXEMPLAR_TARGET:
        return EXEMPLAR
    if bits & cues.COMPARISON:
        return COMPARISON
    before = cue - 1
    while (
        before >= max(cue - LOOKAHEAD, 0)
        and units[before].bits == cues.STOP
        and units[before + 1].gap < COMMA
    ):
        before -= 1
    if before < 0 or units[cue].gap == STOP:
        return COMPARISON if _is_turned(units, cue) else EXEMPLAR
    if parts.context[cue - 1] & cues.USE:
        return USED
    return _field_beside(units, before, cue, parts)


def _is_turned(units: Sequence[Unit], cue: int) -> bool:
    """ "like Zendesk but for hotels": what is sold, and to whom else."""
    following = units[cue + 1 : cue + LOOKAHEAD]
    return any(unit.bits & cues.END_SCOPE and after.bits & cues.TARGET for unit, after in pairwise(following))


def _is_ruled_out(units: Sequence[Unit], cue: int, marks: Sequence[int]) -> bool:
    """ "not companies like Siemens": the cue stands in the scope, before or after what it rules out."""
    for place in range(cue - 1, max(cue - LOOKAHEAD, -1), -1):
        unit = units[place]
        if units[place + 1].gap >= COMMA:
            return False
        if unit.bits & cues.NEGATION:
            return True
        if unit.group != NOTHING:
            return marks[place] >= 0
    return False


def _field_beside(units: Sequence[Unit], before: int, cue: int, parts: Parts) -> str:
    """Decide by the word before "like": what is sold is compared, who is sold to is exemplified."""
    unit = units[before]
    if unit.bits & (cues.COMPANY | cues.LEAD):
        return EXEMPLAR
    if units[cue].gap >= COMMA and TARGET in parts.part[max(cue - _TARGET_BEFORE, 0) : cue]:
        return EXEMPLAR
    sold = bool(unit.bits & cues.PRODUCT_NOUN) or unit.has("concept") or unit.group in (WORD, TECHNOLOGY)
    if sold and (parts.part[before] != TARGET or not unit.has("industry")):
        return COMPARISON
    if unit.group == NOTHING and parts.part[before] == PRODUCT:
        return COMPARISON
    return EXEMPLAR


def _list_of_names(units: Sequence[Unit], cue: int, cased: bool, field: str) -> list[Name]:
    names: list[Name] = []
    place = cue + 1
    while place < len(units) and len(names) < _MAX_NAMES:
        while place < len(units) and _is_article(units, place, cue):
            place += 1
        end = _name_end(units, place, cased)
        if names:
            end = _until_ampersand(units, place, end)
        if end == place or (names and not _may_follow(units, place, end, cased)):
            break
        names.append(Name(place, end, field, cue))
        place = _past_separator(units, end)
        if place == end and not (place < len(units) and units[place].gap in _SEPARATORS):
            break
    return names


def _until_ampersand(units: Sequence[Unit], place: int, end: int) -> int:
    """ "Allianz, AXA & Zurich" are three, "Procter & Gamble" is one."""
    return next((at for at in range(place + 1, end) if units[at].gap == AMPERSAND), end)


def _is_article(units: Sequence[Unit], place: int, cue: int) -> bool:
    unit = units[place]
    return unit.bits == cues.STOP and not unit.capital and unit.gap < COMMA and place - cue <= 2


def _past_separator(units: Sequence[Unit], place: int) -> int:
    while place < len(units) and units[place].bits & cues.JOINT and units[place].gap <= COMMA:
        place += 1
    return place


def _may_follow(units: Sequence[Unit], place: int, end: int, cased: bool) -> bool:
    """After a comma a name must look like one: what follows may be the next wish of the customer."""
    unit = units[place]
    if cased or unit.gap not in _SEPARATORS:
        return True
    ends_list = end >= len(units) or units[end].gap >= COMMA or bool(units[end].bits & cues.JOINT)
    return (unit.is_word or unit.group == TECHNOLOGY) and ends_list and end == place + 1


def _name_end(units: Sequence[Unit], place: int, cased: bool) -> int:
    """Return the end of the name that begins here, `place` itself when none does."""
    if cased and _is_name_particle(units, place):
        return max(_name_end(units, place + 1, cased), place + 2)
    if place >= len(units) or units[place].gap == STOP or not _can_begin(units[place], cased):
        return place
    return _name_run(units, place, cased)


def _name_run(units: Sequence[Unit], place: int, cased: bool) -> int:
    """Return the end of the name whose first word stands here, `place` itself when all its words are known for something else."""
    end = place + 1
    while end < len(units) and end - place < _MAX_NAME:
        unit = units[end]
        if unit.gap not in (SPACE, HYPHEN, AMPERSAND) or not _can_go_on(units, end, cased):
            break
        end += 1
    while units[end - 1].text in _CONNECTORS and end - 1 > place:
        end -= 1
    known = all(unit.entries and unit.group != TECHNOLOGY for unit in units[place:end])
    return place if known and (end == place + 1 or not cased) else end


def _is_name_particle(units: Sequence[Unit], place: int) -> bool:
    """ "de Boer" begins with a small letter."""
    if place + 1 >= len(units) or units[place].text not in _PARTICLES or units[place].capital:
        return False
    following = units[place + 1]
    return following.capital and following.gap == SPACE and following.is_word


def _can_begin(unit: Unit, cased: bool) -> bool:
    if unit.number is not None and not unit.capital:
        return False
    if unit.bits & ~cues.NOUN or (unit.bits and not unit.capital):
        return (
            unit.capital
            and not unit.bits & (cues.NEGATION | cues.PREPOSITION | cues.NAMED | cues.BOUND)
            and cased
        )
    if unit.capital or "." in unit.text:
        return True
    return unit.is_word or unit.group == TECHNOLOGY


def _can_go_on(units: Sequence[Unit], place: int, cased: bool) -> bool:
    unit = units[place]
    if unit.number is not None:
        return cased and unit.employees is None and _is_named_by_number(units, place)
    if "." in units[place - 1].text:
        return False
    if unit.capital:
        return cased and (not unit.bits & ~(cues.NOUN | cues.PRODUCT))
    if cased and units[place - 1].capital:
        following = units[place + 1] if place + 1 < len(units) else None
        joins = unit.text in _CONNECTORS and not unit.bits & cues.JOINT
        return joins and following is not None and following.capital and _is_short_link(unit)
    return unit.is_word


def _is_named_by_number(units: Sequence[Unit], place: int) -> bool:
    """ "Century 21", and then a comma, an "and" or nothing."""
    before = units[place - 1]
    if not (before.capital and before.is_word and units[place].gap == SPACE):
        return False
    following = units[place + 1] if place + 1 < len(units) else None
    return following is None or following.gap >= COMMA or bool(following.bits & cues.JOINT)


def _is_short_link(unit: Unit) -> bool:
    return not unit.bits & cues.PLACE or unit.text in {
        "of",
        "de",
        "di",
        "da",
        "do",
        "del",
        "du",
        "van",
        "von",
        "der",
    }


def _name_before(units: Sequence[Unit], cue: int, cased: bool, found: Sequence[Name]) -> list[Name]:
    """Read "Stripe lookalikes" and "Salesforce alternative"."""
    place = cue - 1
    unit = units[place]
    if (
        units[cue].gap > HYPHEN
        or not (unit.is_word or unit.group == TECHNOLOGY)
        or (cased and not unit.capital)
    ):
        return []
    while (
        place > 0
        and cased
        and units[place].gap == SPACE
        and units[place - 1].capital
        and units[place - 1].is_word
    ):
        place -= 1
    if found and found[-1].end > place:
        return []
    field = EXEMPLAR if units[cue].bits & cues.EXEMPLAR_AFTER else COMPARISON
    return [Name(place, cue, field, cue)]


def _is_left_out(
    units: Sequence[Unit], place: int, marks: Sequence[int], cased: bool, language: Language
) -> bool:
    """Tell whether a ruled-out word is a company's name rather than a kind of business."""
    unit = units[place]
    if unit.is_word and "." in unit.text:
        return True
    if not (cased and unit.capital):
        return False
    if unit.group == TECHNOLOGY:
        return not units[marks[place]].bits & cues.NEGATE
    if unit.is_word:
        endings = language.common_endings
        return not (endings and unit.text.endswith(endings)) and not _only_describes(units, place)
    following = place + 1 < len(units) and units[place + 1].capital and units[place + 1].is_word
    return bool(following and not language.common_endings and units[place + 1].gap == SPACE)


def _only_describes(units: Sequence[Unit], place: int) -> bool:
    """ "no Islamic banks", not "no Marriott hotels": an adjective before a trade in small letters is no name."""
    following = place + 1
    if following >= len(units) or units[following].gap > HYPHEN or units[following].capital:
        return False
    return units[place].text.endswith(_ADJECTIVES) and units[following].has("industry")
