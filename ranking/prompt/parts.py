"""Which part of a prompt each unit stands in: what is sold, or to whom; and what the target does with what is named (F-1)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ranking.prompt import cues
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
    Unit,
)

UNDECIDED: Final = 0
PRODUCT: Final = 1
TARGET: Final = 2

_MOVERS: Final = (
    cues.PRODUCT
    | cues.NEED
    | cues.REQUEST
    | cues.HIRE
    | cues.DROP
    | cues.USE
    | cues.TARGET
    | cues.COMPANY
    | cues.LEAD
    | cues.CONTACT
    | cues.TOPIC
    | cues.LACK
)


class Parts(NamedTuple):
    """Per unit its part, and USE, HIRE or DROP (bits of `cues`) where the target uses, hires or drops it, else 0."""

    part: list[int]
    context: list[int]


def divide(units: Sequence[Unit], seen: int) -> Parts:
    """Return the parts: cues move from one to the next, a full stop begins anew, a noun for companies claims its clause.

    `seen` is what any of the units does.
    What no cue decides stays UNDECIDED, but counts as PRODUCT when a target follows in the same sentence ("CRM for banks").
    """
    walk = _Walk(units, contacts=bool(seen & cues.CONTACT))
    for place, unit in enumerate(units):
        if unit.gap >= COMMA:
            walk.begin_clause(place, unit)
        if unit.bits & _MOVERS:
            walk.move(place, unit.bits)
        elif walk.using and unit.bits & (cues.PREPOSITION | cues.NAMED):
            walk.using = 0
        walk.part.append(walk.current)
        walk.context.append(walk.using)
    return Parts(walk.part, walk.context)


class _Walk:
    """The state of one walk over the units."""

    __slots__ = (
        "clause",
        "contacted",
        "contacts",
        "context",
        "current",
        "decided",
        "met_target",
        "part",
        "sentence",
        "units",
        "using",
    )

    def __init__(self, units: Sequence[Unit], *, contacts: bool) -> None:
        self.units = units
        self.part: list[int] = []
        self.context: list[int] = []
        self.current = UNDECIDED
        self.using = 0
        self.met_target = False
        self.clause = 0
        self.contacted = False
        self.contacts = contacts
        self.decided = 0
        self.sentence = 0

    def begin_clause(self, place: int, unit: Unit) -> None:
        self.clause = place
        if unit.gap == STOP:
            self.sentence = self.decided = place
            self.current = UNDECIDED
            self.using = 0
            self.contacted = False
        elif unit.gap == COLON:
            self._pass_colon(place)
        elif (
            self.using and place and unit.group != self.units[place - 1].group and not unit.bits & cues.JOINT
        ):
            self.using = 0

    def move(self, place: int, bits: int) -> None:
        needs = bits & cues.NEED and (self.met_target or not bits & cues.REQUEST)
        if needs or self._is_topic(place, bits) or (bits & cues.LACK and self._names_product(place + 1)):
            self._claim_sentence(place)
            self._to(PRODUCT)
        elif bits & cues.PRODUCT:
            self._to(PRODUCT)
        elif bits & cues.CONTACT and self._is_contacted(place):
            self._claim_sentence(place)
            self._to(TARGET)
            self.contacted = self.met_target = True
        elif bits & cues.REQUEST:
            self._to(UNDECIDED)
        elif bits & (cues.HIRE | cues.DROP):
            self.using = bits & (cues.HIRE | cues.DROP)
        elif bits & cues.USE and not self._is_named_by_noun(place, bits):
            self.using = cues.USE
        elif bits & cues.TARGET:
            self._meet_target(place)
        elif bits & (cues.COMPANY | cues.LEAD):
            self._claim(place, bits)

    def _pass_colon(self, place: int) -> None:
        """ "leads for payroll: hotels": what a colon leads to is the target once what stands before is the product."""
        if not self._names_trade(place, self._sentence_end(place)):
            return
        asked = self._asked_for()
        if asked is not None:
            self.part[asked:place] = [PRODUCT] * (place - asked)
        elif self.current == UNDECIDED:
            if self._names_trade(self.sentence, place) or place == self.sentence:
                return
            self._decide(self.sentence, place, PRODUCT)
        elif self.current == TARGET:
            return
        self._to(TARGET)
        self.met_target = True

    def _asked_for(self) -> int | None:
        """Return where the product begins in "leads for payroll", None where the sentence begins otherwise."""
        for index in range(self.sentence, min(self.sentence + LOOKAHEAD, len(self.part) - 1)):
            bits = self.units[index].bits
            if bits & cues.LEAD:
                return index + 2 if self.units[index + 1].bits & cues.TARGET else None
            if not bits & (cues.REQUEST | cues.STOP | cues.TOP):
                return None
        return None

    def _sentence_end(self, place: int) -> int:
        return next(
            (index for index in range(place + 1, len(self.units)) if self.units[index].gap == STOP),
            len(self.units),
        )

    def _names_trade(self, start: int, end: int) -> bool:
        """Tell whether units [start, end) name an industry or a noun for companies."""
        return any(
            unit.bits & cues.COMPANY or (unit.has("industry") and not unit.has("concept"))
            for unit in self.units[start:end]
        )

    def _is_topic(self, place: int, bits: int) -> bool:
        """Tell whether a preposition leads to what the target is contacted about."""
        if not self.contacts or not bits & (cues.TOPIC | (cues.TARGET if self.contacted else 0)):
            return False
        following = self._next(place + 1)
        return following is not None and self.units[following].group not in (NOTHING, PLACE, SIZE)

    def _is_contacted(self, place: int) -> bool:
        """Tell "banks we should call" from "contact data": a target stands before, nothing the verb describes after."""
        following = place + 1
        if following < len(self.units) and self.units[following].gap <= HYPHEN:
            unit = self.units[following]
            if unit.group not in (NOTHING, PLACE):
                return False
        return self._names_trade(self.sentence, place)

    def _names_product(self, place: int) -> bool:
        following = self._next(place)
        if following is None:
            return False
        unit = self.units[following]
        return unit.group == FIELD and unit.has("concept") and not unit.has("industry")

    def _claim_sentence(self, place: int) -> None:
        """Give the target what the sentence named before, when it named a trade."""
        if self.current == UNDECIDED and self._names_trade(self.sentence, place):
            self._decide(self.sentence, place, TARGET)
            self.met_target = True

    def _to(self, part: int) -> None:
        self.current = part
        self.using = 0

    def _is_named_by_noun(self, place: int, bits: int) -> bool:
        """ "on", "sobre" and the like lead to a technology only when one follows."""
        if not bits & (cues.PREPOSITION | cues.MORE):
            return False
        return place + 1 >= len(self.units) or not self.units[place + 1].has("technology")

    def _meet_target(self, place: int) -> None:
        """A preposition like "for": the target follows, or the product after "leads for" and before "for our"."""
        following = self._next(place + 1)
        if following is None or self._only_place(following) or self._joins_stages(place, following):
            return
        if self.units[following].bits & cues.PRODUCT:
            self._to(PRODUCT)
            return
        sells = self.units[following].has("concept") and not self.units[following].has("industry")
        if sells and self.met_target and self.current != PRODUCT and not self._names_makers(following):
            self._to(PRODUCT)
            return
        self._decide(self.sentence, place, PRODUCT)
        self._to(TARGET)
        self.met_target = True

    def _joins_stages(self, place: int, following: int) -> bool:
        """ "seed to series A" is a range."""
        return place > 0 and self.units[place - 1].has("stage") and self.units[following].has("stage")

    def _only_place(self, place: int) -> bool:
        """ "for Germany" says where; "for German banks" says to whom."""
        if self.units[place].group != PLACE:
            return False
        for unit in self.units[place + 1 : place + LOOKAHEAD]:
            states_size = unit.employees is not None  # "aux États-Unis de 10 à 800 salariés"
            if states_size or unit.gap > HYPHEN or unit.bits & (cues.PREPOSITION | cues.ACTION):
                return True
            if unit.group != PLACE and unit.bits != cues.STOP:
                return unit.group == NOTHING and not unit.bits & (cues.COMPANY | cues.LEAD)
        return True

    def _decide(self, start: int, end: int, part: int) -> None:
        """Give what is still undecided to a part; what an earlier call looked at is not looked at again."""
        for index in range(max(start, self.decided), end):
            if self.part[index] == UNDECIDED:
                self.part[index] = part
        if start <= self.decided:
            self.decided = end

    def _names_makers(self, place: int) -> bool:
        place += 1
        return place < len(self.units) and bool(self.units[place].bits & cues.VENDOR)

    def _next(self, place: int) -> int | None:
        for index in range(place, min(place + LOOKAHEAD, len(self.units))):
            unit = self.units[index]
            if unit.gap == STOP:
                return None
            if unit.group != NOTHING or unit.bits & (
                cues.PRODUCT | cues.COMPANY | cues.LEAD | cues.PRODUCT_NOUN
            ):
                return index
        return None

    def _claim(self, place: int, bits: int) -> None:
        """A noun for companies claims the words before it in its clause for the target."""
        if self.current == PRODUCT and bits & cues.COMPANY and self._directly_sold(place):
            return
        if self.current == UNDECIDED:
            self._decide(self.clause, place, TARGET)
        self._to(TARGET)
        self.met_target = True

    def _directly_sold(self, place: int) -> bool:
        """ "our shop software": the noun only describes what is sold."""
        following = place + 1
        return (
            following < len(self.units)
            and self.units[following].gap <= HYPHEN
            and bool(self.units[following].bits & cues.PRODUCT_NOUN or self.units[following].has("concept"))
        )
