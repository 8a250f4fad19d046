"""What a model has heard in a prompt, as codes and places: only what stands in the prompt and what the taxonomy knows is left.

A reading's words must stand in the prompt. Where the taxonomy knows those words as something of the same kind, the value must be that:
who calls hospitals banks is not believed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from models.llm.reading import BESIDE, CATEGORY, LIMIT, Heard, Said
from ranking.code_reader import CodeReader
from ranking.prompt.collection import RULED_OUT_STARTUP_SIZE, RULED_OUT_STARTUP_STAGES
from ranking.prompt.meaning import CONCEPT, KEYWORD
from ranking.prompt.reading import FIELDS
from ranking.taxonomy import DEMONYM, NAMED_SIZES, PLAIN, Entry, Kind, Taxonomy
from ranking.text import domain_key, tokens_with_spans, words
from ranking.types import EmployeeRange

NAMES: Final = ("exemplars", "product.comparisons", "exclude.companies")
_KINDS: Final[dict[str, Kind]] = {**{name: kind for kind, name in FIELDS.items()}, "concepts": "concept"}
_PLACES: Final = ("countries", "regions", "cities")
_WORDS: Final = ("product.keywords", "exclude.keywords")
_MOST_WORDS: Final = 3
_MOST_NAME_WORDS: Final = 6
_MOST_LEADS: Final = 2_000
_MOST_EMPLOYEES: Final = 10_000_000
_COUNTED: Final = re.compile(r"\s*(?:employees|people|staff)$")
_RANGE: Final = re.compile(r"(\d{1,9})?\s*(-|\+|to)\s*(\d{1,9})?")
_LEADS: Final = re.compile(r"[1-9][0-9]{0,3}")
_STARTUP: Final = frozenset({"startup", "startups", "start up", "start ups"})


class Found(NamedTuple):
    """Code points [start, end) of the prompt say `value` for `field`; "" for words that say nothing."""

    field: str
    value: str | EmployeeRange
    start: int
    end: int


class _Quote(NamedTuple):
    """Words of the prompt: their place, and their folded texts."""

    start: int
    end: int
    texts: tuple[str, ...]


def found_in(prompt: str, said: Said, taxonomy: Taxonomy) -> list[Found]:
    """What of a reply can be used, in its order, once each."""
    coder = _Coder(prompt, taxonomy)
    return list(dict.fromkeys(found for heard in said.heard for found in coder.read(heard)))


class _Coder:
    def __init__(self, prompt: str, taxonomy: Taxonomy) -> None:
        self._prompt = prompt
        self._tokens = tokens_with_spans(prompt)
        self._texts = [token.text for token in self._tokens]
        self._taxonomy = taxonomy

    def read(self, heard: Heard) -> Iterator[Found]:
        quote = self._quote(heard.words)
        if quote is None:
            return
        side, _, name = heard.field.rpartition(".")
        if heard.field == BESIDE:
            yield self._found(BESIDE, "", quote)
        elif heard.field == CATEGORY:
            yield self._found(
                CATEGORY, " ".join(self._prompt[quote.start : quote.end].lower().split()), quote
            )
        elif heard.field == LIMIT:
            yield from self._limit(heard, quote)
        elif heard.field in NAMES:
            yield from self._name(heard.field, quote)
        elif heard.field in _WORDS:
            yield from self._keyword(heard.field, quote)
        elif side == "exclude" and " ".join(words(heard.value)) in _STARTUP:
            yield self._found("exclude.employees", RULED_OUT_STARTUP_SIZE, quote)
            yield from (self._found("exclude.stages", stage, quote) for stage in RULED_OUT_STARTUP_STAGES)
        elif name == "employees":
            yield from self._employees(heard, quote)
        else:
            yield from self._code(heard, side, name, quote)

    def _quote(self, text: str) -> _Quote | None:
        """The first place where these words stand in the prompt one after the other."""
        wanted = words(text)
        if not wanted:
            return None
        for place in range(len(self._texts) - len(wanted) + 1):
            if self._texts[place] == wanted[0] and self._texts[place : place + len(wanted)] == wanted:
                last = self._tokens[place + len(wanted) - 1]
                return _Quote(self._tokens[place].start, last.end, tuple(wanted))
        return None

    def _found(self, field: str, value: str | EmployeeRange, quote: _Quote) -> Found:
        return Found(field, value, quote.start, quote.end)

    def _code(self, heard: Heard, side: str, name: str, quote: _Quote) -> Iterator[Found]:
        """A code, of a place whatever kind of place it is; an unknown product or exclusion is the words themselves."""
        for each in (name, *(other for other in _PLACES if name in _PLACES and other != name)):
            code = self._known(_KINDS[each], each, heard.value)
            if code is not None:
                if self._agrees(_KINDS[each], code, quote.texts):
                    yield self._found(f"{side}.{each}", code, quote)
                return
        if heard.field == CONCEPT:
            yield from self._keyword(KEYWORD, quote)
        elif side == "exclude":
            yield from self._keyword("exclude.keywords", quote)

    def _known(self, kind: Kind, name: str, value: str) -> str | None:
        if name == "technologies":
            return self._taxonomy.technology_code(value)
        read = getattr(CodeReader(self._taxonomy), name)
        for wording in (value, "_".join(words(value)), value.partition(",")[0]):
            codes: Sequence[str] = read("", (wording,))
            if codes:
                return codes[0]
        entries = _plain_of(kind, self._taxonomy.surfaces.entries(" ".join(words(value))))
        return entries[0].code if entries else None

    def _agrees(self, kind: Kind, code: str, texts: Sequence[str]) -> bool:
        """Whether the words are not known as something else of this kind."""
        meanings = [
            entry.code
            for match in self._taxonomy.surfaces.match(texts)
            for entry in _plain_of(kind, match.entries)
        ]
        return not meanings or any(akin(kind, code, other, self._taxonomy) for other in meanings)

    def _employees(self, heard: Heard, quote: _Quote) -> Iterator[Found]:
        value = _range_of(heard.value)
        if value is not None and _is_told_by(value, quote.texts):
            yield self._found(heard.field, value, quote)

    def _limit(self, heard: Heard, quote: _Quote) -> Iterator[Found]:
        value = heard.value.strip()
        if value in quote.texts and _LEADS.fullmatch(value) and int(value) <= _MOST_LEADS:
            yield self._found(LIMIT, value, quote)

    def _name(self, field: str, quote: _Quote) -> Iterator[Found]:
        """A company or product as the customer wrote it, and no word for a trade or a place."""
        entries = self._taxonomy.surfaces.entries(" ".join(quote.texts))
        if len(quote.texts) > _MOST_NAME_WORDS or any(
            entry.kind != "technology" and entry.weight == PLAIN for entry in entries
        ):
            return
        value = self._prompt[quote.start : quote.end]
        if "." in value and " " not in value:
            value = domain_key(value) or value
        yield self._found(field, value, quote)

    def _keyword(self, field: str, quote: _Quote) -> Iterator[Found]:
        if len(quote.texts) <= _MOST_WORDS:
            yield self._found(field, " ".join(quote.texts), quote)


def akin(kind: Kind, one: str, other: str, taxonomy: Taxonomy) -> bool:
    """Whether two codes of a kind are the same, or one is part of the other."""
    if one == other:
        return True
    match kind:
        case "industry":
            return other in taxonomy.industry_children(one) or one in taxonomy.industry_children(other)
        case "role":
            return other in taxonomy.role_children(one) or one in taxonomy.role_children(other)
        case "concept":
            return taxonomy.concept(one).parent == other or taxonomy.concept(other).parent == one
        case "region":
            return taxonomy.region_parent(one) == other or taxonomy.region_parent(other) == one
        case _:
            return False


def kind_of(field: str) -> Kind | None:
    """The taxonomy's kind of a field's values, None for head counts, names and words."""
    name = field.rpartition(".")[2]
    return None if name == "employees" else _KINDS.get(name)


def _plain_of(kind: Kind, entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind == kind and entry.weight >= DEMONYM]


def _range_of(text: str) -> EmployeeRange | None:
    folded = "_".join(words(text))
    if folded in NAMED_SIZES:
        return NAMED_SIZES[folded]
    found = _RANGE.fullmatch(_COUNTED.sub("", text.replace(",", "").replace("\u2013", "-").lower().strip()))
    if found is None or (found[1] is None and found[3] is None) or (found[2] == "+" and found[3]):
        return None
    low, high = (None if side is None else int(side) for side in (found[1], found[3]))
    if found[2] != "+" and high is None:
        return None
    if (low or 0) > _MOST_EMPLOYEES or (high is not None and high < max(low or 0, 1)):
        return None
    return EmployeeRange(low, high)


def _is_told_by(value: EmployeeRange, texts: Sequence[str]) -> bool:
    """Whether words with numbers have one of them for a bound ("under 50" is up to 49 or 50); words without tell what they may."""
    numbers = [number for number in map(_number, texts) if number is not None]
    bounds = [bound for bound in (value.minimum, value.maximum) if bound is not None]
    return not numbers or any(abs(bound - number) <= 1 for bound in bounds for number in numbers)


def _number(text: str) -> int | None:
    thousands = text.endswith("k")
    digits = text.removesuffix("k")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return None
    return int(digits) * (1000 if thousands else 1)
