"""Which field each unit of a prompt fills: the words that can be read in several ways are decided by where they stand (F-1)."""

from collections.abc import Sequence
from typing import Final

from ranking.prompt import cues
from ranking.prompt.loose import HEADS
from ranking.prompt.negation import INCLUDED, INERT
from ranking.prompt.parts import PRODUCT, TARGET, UNDECIDED, Parts
from ranking.prompt.reading import BARRED_WORD, FIELDS, RULED_OUT_TRADE, Reading, narrowed, preferred
from ranking.prompt.units import (
    AMPERSAND,
    COLON,
    COMMA,
    FIELD,
    HYPHEN,
    LOOKAHEAD,
    NOTHING,
    PERSON,
    SLASH,
    WORD,
    Unit,
)
from ranking.taxonomy.entries import Entry, Kind
from ranking.taxonomy.model import Taxonomy

KEYWORD: Final = "product.keywords"
CONCEPT: Final = "product.concepts"
_PLACE_WORDS: Final = 3  # "in Rancho Palos Verdes"
_SOLD: Final = cues.PRODUCT_NOUN
_BEGINS_ITEM: Final = cues.TARGET | cues.PLACE | cues.JOINT
_UNNAMED: Final = frozenset({NOTHING, WORD})
_MAKERS: Final = "manufacturing"
_VERB_LAST: Final = frozenset({"de", "nl"})  # a clause beginning with "die" ends with its verb
_DESCRIBING: Final = frozenset(
    {"public", "independent", "online"}
)  # say nothing of what is sold, but of a trade


class Reader:
    """Reads the units of one prompt that are no names."""

    def __init__(
        self,
        units: Sequence[Unit],
        parts: Parts,
        marks: Sequence[int],
        named: Sequence[bool],
        taxonomy: Taxonomy,
    ) -> None:
        self._units = units
        self._part = parts.part
        self._context = parts.context
        self._marks = marks
        self._named = named
        self._taxonomy = taxonomy
        self._industries = self._concepts = 0
        self._verb_last = False
        self._sold_to: set[int] = (
            set()
        )  # the groups of what is wanted in the target; -1 stands for a noun for companies
        for place, unit in enumerate(units):
            if marks[place] != INCLUDED or named[place]:
                continue
            is_industry = False
            if unit.entries:
                is_industry = unit.has("industry")
                self._industries += is_industry
                self._concepts += unit.has("concept")
            if parts.part[place] == TARGET:
                if unit.group not in _UNNAMED and (unit.group != FIELD or is_industry):
                    self._sold_to.add(unit.group)
                elif unit.bits & (cues.COMPANY | cues.LEAD):
                    self._sold_to.add(-1)

    def read(self, language: str) -> list[Reading]:
        """Return the readings in order of the prompt."""
        self._verb_last = language in _VERB_LAST
        readings: list[Reading] = []
        for place, unit in enumerate(self._units):
            if unit.group == NOTHING:
                if unit.bits & _SOLD:
                    readings += self._trade(place, unit)
            elif not self._named[place] and self._marks[place] != INERT and not self._only_makes(place):
                readings += self._of_unit(place, unit, _of_language(unit.entries, language))
        return narrowed(readings, self._units, self._marks)

    def _of_unit(self, place: int, unit: Unit, entries: Sequence[Entry]) -> list[Reading]:
        if self._marks[place] != INCLUDED:
            return self._ruled_out(place, entries)
        if entries:
            return self._wanted_entries(place, entries)
        return [Reading(place, KEYWORD, None)] if unit.is_word and self._is_keyword(place) else []

    def _only_makes(self, place: int) -> bool:
        """Tell whether a word for makers only heads a trade: "food producers", "fabricants d'emballages"."""
        entries = self._units[place].entries
        entry = _first(entries, "industry") if entries else None
        if entry is None or entry.code != _MAKERS or self._units[place].has("concept"):
            return False
        if place and self._units[place].gap <= HYPHEN and self._is_trade(place - 1):
            return True
        following = place + 2
        return (
            following < len(self._units)
            and bool(self._units[place + 1].bits & cues.WITH)
            and self._units[following].gap <= HYPHEN
            and self._is_trade(following)
        )

    def _trade(self, place: int, unit: Unit) -> list[Reading]:
        """A noun for products where it names the trade that makes them."""
        if self._is_trade_ruled_out(place):
            field = RULED_OUT_TRADE
        elif self._is_trade_listed(place):
            field = "include.industries"
        else:
            return []
        code = self._taxonomy.industry_code(unit.text)
        return [] if code is None else [Reading(place, field, Entry("industry", code, "", 1.0))]

    def _is_trade_listed(self, place: int) -> bool:
        """ "for software, retail and logistics firms": it begins an item of a list of those sold to, and a trade comes next."""
        if self._part[place] != TARGET or self._context[place] or self._marks[place] != INCLUDED or not place:
            return False
        begins = self._units[place].gap >= AMPERSAND or bool(self._units[place - 1].bits & _BEGINS_ITEM)
        return begins and self._is_followed_by_trade(place)

    def _is_followed_by_trade(self, place: int) -> bool:
        """Tell whether a list goes on after this place, with a trade sooner or later."""
        units, following = self._units[: place + LOOKAHEAD], place + 1
        while following < len(units):
            if units[following].bits & cues.JOINT and not units[following].entries:
                following += 1
            elif units[following].gap < SLASH:
                return False
            if following >= len(units) or units[following].gap >= COLON:
                return False
            if self._is_trade(following):
                return True
            if not units[following].bits & _SOLD:
                return False
            following += 1
        return False

    def _is_trade_ruled_out(self, place: int) -> bool:
        """ "banks, not software", "not software and retail": behind a NOT it stands alone or among trades."""
        if not place or self._named[place]:
            return False
        behind_not = bool(self._units[place - 1].bits & cues.NEGATION) and self._units[place].gap < COMMA
        alone = place + 1 == len(self._units) or self._units[place + 1].gap >= COMMA
        return behind_not and (alone or self._is_followed_by_trade(place))

    def _is_trade(self, place: int) -> bool:
        entry = _first(self._units[place].entries, "industry")
        return entry is not None and entry.code != _MAKERS and not self._units[place].has("concept")

    def _ruled_out(self, place: int, entries: Sequence[Entry]) -> list[Reading]:
        unit = self._units[place]
        if not entries:
            return [Reading(place, BARRED_WORD, None)] if unit.is_word and len(unit.text) > 1 else []
        if unit.has("industry"):
            industry = _first(entries, "industry") or _first(
                unit.entries, "industry"
            )  # a loan word: "headhunting"
            return [Reading(place, RULED_OUT_TRADE, industry)]
        if unit.has("concept"):
            return [Reading(place, BARRED_WORD, None)]
        if unit.group == PERSON:
            kind: Kind = "role" if unit.has("role") else "seniority"
            return [
                Reading(place, f"exclude.{FIELDS[kind]}", entry) for entry in entries if entry.kind == kind
            ]
        entry = preferred(entries)
        return [Reading(place, f"exclude.{FIELDS[entry.kind]}", entry)]

    def _wanted_entries(self, place: int, entries: Sequence[Entry]) -> list[Reading]:
        unit = self._units[place]
        field = _first(entries, "concept") or _first(entries, "industry")  # in this language, not in another
        if unit.has("role") and (
            self._context[place] & cues.HIRE or self._works_at_another(place) or self._is_hired(place)
        ):
            return self._people(place, entries)
        if unit.group == PERSON and not (field and self._part[place] != TARGET and not self._context[place]):
            return self._people(place, entries)
        if field:
            return self._field(place, entries)
        if unit.has("technology") and len({entry.kind for entry in entries}) == 1:
            return [self._technology(place, entries[0])]
        entry = preferred(entries)
        same = [other for other in entries if other.kind == entry.kind and other.weight == entry.weight]
        return [Reading(place, f"include.{FIELDS[entry.kind]}", entry, len(same) > 1)]

    def _works_at_another(self, place: int) -> bool:
        """ "architects at hospitals" are people, "architects" alone a trade."""
        following = self._units[place + 1 : place + 4]
        if not following or not following[0].bits & cues.PLACE:
            return False
        return any(unit.has("industry") and unit.gap < COMMA for unit in following[1:])

    def _is_hired(self, place: int) -> bool:
        """ "die Ärzte einstellen", "die artsen aannemen": the verb stands behind whom it takes on."""
        following = place + 1
        if not self._verb_last or following >= len(self._units):
            return False
        return self._units[following].gap <= HYPHEN and bool(self._units[following].bits & cues.HIRE)

    def _people(self, place: int, entries: Sequence[Entry]) -> list[Reading]:
        sells = self._context[place] & cues.HIRE or (
            self._part[place] != TARGET
            and self._stands_before_product(place)
            and self._is_sold_elsewhere(place)
        )
        stands_alone = (
            self._part[place] == PRODUCT and self._sold_to - {-1} and not self._units[place].has("seniority")
        )
        if sells or stands_alone:
            return [Reading(place, KEYWORD, None)]
        return [
            Reading(place, f"include.{FIELDS[entry.kind]}", entry)
            for entry in entries
            if entry.kind in ("role", "seniority")
        ]

    def _is_sold_elsewhere(self, place: int) -> bool:
        return bool(self._sold_to) or self._part[place] == PRODUCT

    def _field(self, place: int, entries: Sequence[Entry]) -> list[Reading]:
        """Read what may be an industry or a product."""
        unit = self._units[place]
        concept, industry = _first(entries, "concept"), _first(entries, "industry")
        part = self._part[place]
        maker = self._is_maker(place)
        if industry is None:
            assert concept is not None
            return self._concept(place, concept, maker)
        if concept is not None and part != TARGET and not maker:
            return [Reading(place, CONCEPT, concept, part == UNDECIDED)]
        if concept is not None and part == TARGET and not self._concepts_besides(place) and not maker:
            return [Reading(place, CONCEPT, concept, True)]
        if part != TARGET and not maker and self._belongs_to_product(place):
            return [self._own_trade(place)]
        return [Reading(place, "include.industries", industry, part == PRODUCT and not unit.bits)]

    def _own_trade(self, place: int) -> Reading:
        """ "we're an HR software vendor": what is sold is HR software."""
        head, _, _ = self._units[place].text.rpartition(" ")
        concept = _first(self._taxonomy.surfaces.entries(head), "concept")
        return Reading(place, KEYWORD, None) if concept is None else Reading(place, CONCEPT, concept)

    def _belongs_to_product(self, place: int) -> bool:
        """An industry word describes the product when the target is another: "construction software for banks"."""
        if self._stands_before_product(place):
            return FIELD in self._sold_to
        return self._part[place] == PRODUCT and bool(self._sold_to)

    def _stands_before_product(self, place: int) -> bool:
        following = place + 1
        if following >= len(self._units) or self._units[following].gap > HYPHEN:
            return False
        unit = self._units[following]
        return bool(unit.bits & _SOLD) or (unit.has("concept") and self._marks[following] == INCLUDED)

    def _is_maker(self, place: int) -> bool:
        """Tell whether a noun follows that makes the word a kind of company: "CRM vendors", "fintech startups"."""
        following = place + 1
        if following >= len(self._units) or self._units[following].gap > HYPHEN:
            return False
        unit = self._units[following]
        return bool(unit.bits & (cues.COMPANY | cues.VENDOR)) or (
            unit.has("size") and self._part[place] != PRODUCT
        )

    def _concepts_besides(self, place: int) -> int:
        return self._concepts - (1 if self._units[place].has("concept") else 0)

    def _concept(self, place: int, concept: Entry, maker: bool) -> list[Reading]:
        """A concept is sold, unless those who make it are sold to ("for CRM vendors") or the target uses it."""
        if maker and self._concepts_besides(place):
            industries = self._taxonomy.concept(concept.code).industries
            return [
                Reading(
                    place, "include.industries", Entry("industry", code, concept.lang, concept.weight), True
                )
                for code in industries
            ]
        if self._context[place] and self._concepts_besides(place):
            return [Reading(place, KEYWORD, None)]
        return [Reading(place, CONCEPT, concept, maker), *self._implied_buyers(place, concept)]

    def _implied_buyers(self, place: int, concept: Entry) -> list[Reading]:
        """ "insurance software", "software per ristoranti": sold to them, as long as the prompt names no other industry.

        Not so where the trade itself makes the product: "cyber insurance" is no news to insurers.
        """
        if self._industries:
            return []
        texts = self._units[place].text.split(" ")
        heads = [" ".join(texts[:-1]), *(" ".join(texts[start:]) for start in range(1, len(texts)))]
        for head in heads:
            entries = self._taxonomy.surfaces.entries(head)
            industry = _first(entries, "industry")
            makers = self._taxonomy.concept(concept.code).industries if HEADS.isdisjoint(texts) else ()
            if industry is not None and _first(entries, "concept") is None and industry.code not in makers:
                return [Reading(place, "include.industries", industry, guessed=True)]
        return []

    def _technology(self, place: int, entry: Entry) -> Reading:
        """A technology is what the target runs, or a word of the product ("Shopify apps for fashion brands")."""
        sold = self._part[place] == PRODUCT or (
            self._part[place] == UNDECIDED and self._stands_before_product(place)
        )
        if sold and not self._context[place]:
            return Reading(place, KEYWORD, None)
        return Reading(place, "include.technologies", entry)

    def _is_unknown_place(self, place: int) -> bool:
        """A word after "in" that the taxonomy does not know is a place we do not know, and no product."""
        for index in range(place, max(place - _PLACE_WORDS, 0), -1):
            unit, bits = self._units[index], self._units[index - 1].bits
            if unit.gap > HYPHEN or not (unit.is_word or unit.bits == cues.STOP):
                return False
            if bits & cues.PLACE:
                return not bits & (cues.WITH | cues.USE)
        return False

    def _is_keyword(self, place: int) -> bool:
        """Tell whether a plain word describes what is sold; a target's words do only when nothing else is known of either."""
        unit = self._units[place]
        if len(unit.text) < 2 or unit.text[0].isdigit() or self._is_unknown_place(place):
            return False
        if self._part[place] != TARGET or self._context[place] & cues.HIRE:
            return True
        return not self._concepts and FIELD not in self._sold_to


def _of_language(entries: tuple[Entry, ...], language: str) -> Sequence[Entry]:
    """Prefer the meanings a surface has in the prompt's language or in English."""
    if len(entries) == 1:
        return entries
    own = [entry for entry in entries if entry.lang in (language, "")]
    return own or [entry for entry in entries if entry.lang == "en"] or entries


def _first(entries: Sequence[Entry], kind: Kind) -> Entry | None:
    for entry in entries:
        if entry.kind == kind:
            return entry
    return None
