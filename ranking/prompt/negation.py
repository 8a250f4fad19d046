"""Which units a prompt rules out: the reach of "not", "without", "kein", "sauf" and their like (F-1)."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt import cues
from ranking.prompt.lexicon import Language
from ranking.prompt.units import (
    COLON,
    COMMA,
    FIELD,
    HYPHEN,
    LOOKAHEAD,
    NOTHING,
    PLACE,
    SIZE,
    STOP,
    WORD,
    Unit,
)

INCLUDED: Final = -1
INERT: Final = -2
_ENDERS: Final = cues.REQUEST | cues.PRODUCT | cues.NEED | cues.HIRE | cues.USE
_LISTED: Final = frozenset({WORD, FIELD})
_RULING_OUT: Final = cues.NEGATION | cues.EXCLUDED_AFTER | cues.LACK


class _Scope:
    """A negation that is open: its cue, and the groups of what it has ruled out so far."""

    __slots__ = ("cue", "groups")

    def __init__(self, cue: int) -> None:
        self.cue = cue
        self.groups: set[int] = set()

    def covers(self, group: int) -> bool:
        """Tell whether something of this group may stand in one list with what was ruled out."""
        return group in self.groups or (group in _LISTED and not self.groups.isdisjoint(_LISTED))


def mark_negations(units: Sequence[Unit], seen: int, language: Language) -> list[int]:
    """Return for each unit INCLUDED, or the index of the cue that rules it out, or INERT; `seen` is what any of them does.

    INERT are words that only describe what is ruled out ("no German banks" rules out no country). A scope ends at a
    full stop, at "but" and the like, at a preposition or a comma that begins something of another kind, or at the next
    request; lists go on.
    """
    if seen & _RULING_OUT or language.prefix in [unit.text for unit in units]:
        return _marks(units, language)
    return [INCLUDED] * len(units)


def _marks(units: Sequence[Unit], language: Language) -> list[int]:
    marks = [INCLUDED] * len(units)
    scope: _Scope | None = None
    for place, unit in enumerate(units):
        if scope is not None and _ends(units, place, scope):
            if _belongs_to_left_out(units, place, scope, marks):
                marks[place + 1] = INERT
            scope = None
        if unit.bits & cues.NEUTRAL:
            scope = None
        elif (lacked := _lacked_product(units, place)) is not None:
            if any(_is_product(other) for other in units[:place]):
                marks[lacked] = INERT
        elif unit.bits & (cues.NEGATION | cues.EXCLUDED_AFTER):
            scope = _open(units, place, scope, marks)
        elif language.prefix and unit.text == language.prefix and _is_prefix(units, place):
            marks[place + 1] = place
        elif scope is not None and unit.group != NOTHING:
            _rule_out(units, place, scope, marks)
    return marks


def _rule_out(units: Sequence[Unit], place: int, scope: _Scope, marks: list[int]) -> None:
    unit = units[place]
    marks[place] = scope.cue
    if unit.group == FIELD and unit.gap <= HYPHEN and _describes(units, place - 1, marks, scope):
        marks[place - 1] = INERT
    scope.groups.add(unit.group)


def _lacked_product(units: Sequence[Unit], cue: int) -> int | None:
    """Return what "companies without a CRM" or "banks with no CRM" wish for, None for "software without a CRM"."""
    bits = units[cue].bits
    if not bits & cues.LACK and not (bits & cues.NEGATE and cue and units[cue - 1].bits & cues.WITH):
        return None
    for place in range(cue + 1, min(cue + LOOKAHEAD, len(units))):
        unit = units[place]
        if unit.gap >= COMMA or (unit.group != NOTHING and not _is_product(unit)):
            return None
        if unit.group != NOTHING:
            return place if _has_owner(units, cue) else None
    return None


def _has_owner(units: Sequence[Unit], cue: int) -> bool:
    """Tell whether somebody who may have a product stands before."""
    for place in range(cue - 1, max(cue - LOOKAHEAD, 0) - 1, -1):
        unit = units[place]
        if unit.bits & (cues.COMPANY | cues.LEAD) or (unit.has("industry") and not unit.has("concept")):
            return True
        if unit.gap == STOP or unit.bits & cues.NEGATION:
            return False
    return False


def _is_product(unit: Unit) -> bool:
    return unit.has("concept") and not unit.has("industry")


def _describes(units: Sequence[Unit], place: int, marks: Sequence[int], scope: _Scope) -> bool:
    return marks[place] == scope.cue and units[place].group in (PLACE, SIZE)


def _is_prefix(units: Sequence[Unit], place: int) -> bool:
    """ "non" negates what it is joined to by a hyphen, or the next known thing."""
    if place + 1 >= len(units):
        return False
    following = units[place + 1]
    return following.gap == HYPHEN or (units[place].is_word and bool(following.entries))


def _open(units: Sequence[Unit], place: int, scope: _Scope | None, marks: list[int]) -> _Scope | None:
    bits = units[place].bits
    if (
        scope is not None
        and not scope.groups
        and (bits & cues.EXCLUDE or _names_anyone(units, scope.cue, place))
    ):
        return None
    forwards = bits & cues.NEGATION or _heads_clause(units, place)
    backwards = bits & cues.EXCLUDED_AFTER and not (forwards and _follows(units, place))
    if backwards or not _follows(units, place):
        _rule_out_before(units, place, marks)
        return None
    return _Scope(place)


def _heads_clause(units: Sequence[Unit], place: int) -> bool:
    """ "Excluded industries: banks": nothing stands before that it could rule out."""
    return not place or units[place].gap == STOP


def _names_anyone(units: Sequence[Unit], start: int, end: int) -> bool:
    """ "no companies that don't use SAP": a second negation about those ruled out rules them in."""
    return any(unit.bits & cues.COMPANY for unit in units[max(start, end - LOOKAHEAD) : end])


def _follows(units: Sequence[Unit], cue: int) -> bool:
    """Tell whether the clause names anything after its negation."""
    for unit in units[cue + 1 : cue + LOOKAHEAD]:
        if (unit.gap >= COMMA and unit.gap != COLON) or unit.bits & (cues.END_SCOPE | cues.EXCLUDED_AFTER):
            return _introduces(units[cue], unit)
        if unit.group != NOTHING or unit.bits & (cues.NAMED | cues.COMPANY | cues.EXCLUDE):
            return True
    return False


def _introduces(cue: Unit, unit: Unit) -> bool:
    """ "except (banks)": a bracket or quotation mark right after the cue opens its list."""
    return (
        unit.gap == COMMA
        and unit.start - cue.end <= 2
        and unit.group != NOTHING
        and bool(cue.bits & cues.EXCLUDE)
    )


def _rule_out_before(units: Sequence[Unit], cue: int, marks: list[int]) -> None:
    """Rule out what stands right before the cue and the list it ends: "Banken und Versicherer nicht"."""
    place = cue
    nearest = max(cue - LOOKAHEAD, 0)
    while place >= nearest and units[place].group == NOTHING:
        if units[place].gap >= COMMA or (place < cue and units[place].bits & cues.END_SCOPE):
            return
        place -= 1
    joined = False
    while place >= nearest:
        marks[place] = cue
        unit, before = units[place], place - 1
        if before >= 0 and units[before].bits & cues.JOINT:
            before -= 1
            joined = True
        elif not (joined and unit.gap == COMMA) and not (unit.gap <= HYPHEN and unit.is_word):
            return
        if (
            before < 0
            or units[before].group != unit.group
            or (unit.gap == COMMA and _is_led_in(units, before))
        ):
            return
        place = before


def _is_led_in(units: Sequence[Unit], place: int) -> bool:
    """Tell whether a preposition leads in: "for healthcare, hospitals excluded" rules out hospitals alone."""
    return place > 0 and units[place].gap < COMMA and bool(units[place - 1].bits & cues.PREPOSITION)


def _ends(units: Sequence[Unit], place: int, scope: _Scope) -> bool:
    unit = units[place]
    bits = unit.bits
    if unit.gap == STOP or (bits & cues.END_SCOPE and unit.gap != HYPHEN):
        return True
    if not scope.groups:
        return False
    if (
        unit.gap == COLON
    ):  # "no agencies please: SEO tool for publishers", but "avoid the following: hospitals"
        return scope.groups != {WORD}
    if unit.gap == COMMA:
        return not _list_goes_on(units, place, scope)
    return _ends_clause(units, place, scope)


def _belongs_to_left_out(units: Sequence[Unit], place: int, scope: _Scope, marks: Sequence[int]) -> bool:
    """ "hors filiales de grands groupes": the size describes who is left out."""
    following = place + 1
    return (
        following < len(units)
        and units[place].text in cues.OF_WORDS
        and marks[place - 1] == scope.cue
        and units[place - 1].group in _LISTED
        and units[following].has("size")
        and units[following].gap <= HYPHEN
    )


def _ends_clause(units: Sequence[Unit], place: int, scope: _Scope) -> bool:
    """Tell whether a scope that has ruled something out ends here, where no mark stands before."""
    unit = units[place]
    if unit.bits & cues.OR or (units[place - 1].bits & cues.OR and unit.group != NOTHING):
        return False
    if unit.bits & cues.AND or (unit.bits & cues.PREPOSITION and not unit.bits & _ENDERS):
        return not _continues(units, place + 1, scope)
    if unit.bits & _ENDERS:
        return True
    return unit.group in (PLACE, SIZE) and not scope.covers(unit.group)


def _continues(units: Sequence[Unit], place: int, scope: _Scope) -> bool:
    """Tell whether the next thing that is named belongs to the list of the scope."""
    for unit in units[place : place + LOOKAHEAD]:
        if unit.group != NOTHING:
            return scope.covers(unit.group)
        if unit.gap >= COMMA or unit.bits & (_ENDERS | cues.END_SCOPE | cues.NAMED | cues.TOP):
            return False
    return False


def _list_goes_on(units: Sequence[Unit], place: int, scope: _Scope) -> bool:
    """Tell whether a comma separates two things that are ruled out."""
    unit = units[place]
    if unit.bits & cues.JOINT:
        return bool(unit.bits & cues.OR) or _continues(units, place + 1, scope)
    if unit.bits & (cues.ACTION | cues.NAMED | cues.TOP | cues.TARGET):
        return False
    named = _next_named(units, place)
    if named is None or not scope.covers(units[named].group) or _is_offered(units, named):
        return False
    return units[named].group != WORD or WORD in scope.groups or _is_joined(units, named)


def _is_offered(units: Sequence[Unit], place: int) -> bool:
    """ "no banks, CRM for retailers": the next wish begins with what is sold."""
    following = place + 1
    return _is_product(units[place]) and following < len(units) and bool(units[following].bits & cues.TARGET)


def _next_named(units: Sequence[Unit], place: int) -> int | None:
    """Return the next unit of the clause that names something, None when the clause does something else first."""
    for index in range(place, min(place + LOOKAHEAD, len(units))):
        unit = units[index]
        if unit.group != NOTHING:
            return index
        if (index > place and unit.gap >= COMMA) or unit.bits & (cues.ACTION | cues.NAMED | cues.NEGATION):
            return None
    return None


def _is_joined(units: Sequence[Unit], place: int) -> bool:
    """Tell whether the list still comes to its "or" or "and"."""
    for unit in units[place + 1 : place + LOOKAHEAD]:
        if unit.bits & cues.JOINT:
            return True
        if unit.gap == STOP or (unit.group == NOTHING and unit.bits & ~cues.NOUN):
            return False
    return False
