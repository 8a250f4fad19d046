"""A prompt as a list of units: taxonomy matches, cue phrases, numbers and plain words, each with its place."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ranking.prompt import cues
from ranking.prompt.lexicon import LANGUAGES, Language
from ranking.prompt.words import Words
from ranking.taxonomy.entries import COMMON_WORD, Entry, Kind, Match
from ranking.types import EmployeeRange

SPACE: Final = 0
HYPHEN: Final = 1
SLASH: Final = 2
AMPERSAND: Final = 3
COMMA: Final = 4
COLON: Final = 5
STOP: Final = 6

LOOKAHEAD: Final = 16  # units a rule looks around, so that parsing stays linear in the prompt's length

NOTHING: Final = 0
WORD: Final = 1
FIELD: Final = 2
PLACE: Final = 3
PERSON: Final = 4
SIZE: Final = 5
TECHNOLOGY: Final = 6
_GROUPS: Final[dict[Kind, int]] = {
    "industry": FIELD,
    "concept": FIELD,
    "country": PLACE,
    "region": PLACE,
    "city": PLACE,
    "role": PERSON,
    "seniority": PERSON,
    "size": SIZE,
    "stage": SIZE,
    "technology": TECHNOLOGY,
}

_BREAKS: Final = re.compile(r"[.;!?\u2026\u3002\uff01\uff1f\n]")
_COMMAS: Final = re.compile(
    r"[,()\[\]\u2013\u2014\u3001\u060c\uff0c|\u2022\"\u201c\u201d\u201e\u00ab\u00bb]|\s-\s|^-\s|\s-$"
)
_BULLET: Final = re.compile(r"\n\s*[-*\u2022\u2013]\s*$")
_ABBREVIATIONS: Final = frozenset(
    (
        "excl",
        "exkl",
        "incl",
        "inkl",
        "approx",
        "ca",
        "max",
        "min",
        "vs",
        "bijv",
        "ej",
        "ex",
        "zb",
        "eg",
        "bzw",
    )
)
_SINGLE_MARKS: Final = {" ": SPACE, "-": HYPHEN, "\u2010": HYPHEN, "\u2011": HYPHEN, "/": SLASH}
_ADDRESS: Final = re.compile(r"(?:https?://)?(?:www\.)?$", re.IGNORECASE)
_LISTED_KINDS: Final = frozenset({"industry", "stage"})
_PLACE_KINDS: Final = frozenset({"country", "region", "city"})
_WEAK_PLACES: Final = frozenset({"city", "region"})
_STATE: Final = 2
_PEOPLE_KINDS: Final = frozenset({"role", "seniority"})
_COUNTED: Final = cues.LEAD | cues.COMPANY | cues.PRODUCT_NOUN
_NAMING: Final = cues.NOUN & ~cues.STOP
_MARKS: Final = 4096
_LONGEST_MARK: Final = 8
_NO_ENTRIES: Final[tuple[Entry, ...]] = ()


class Unit:
    """A stretch of the prompt that is read as one.

    Attributes:
        text: its folded words.
        start, end: code points of the prompt; `start` to `end` is what the customer wrote.
        gap: what stands before it: SPACE, HYPHEN, SLASH, AMPERSAND, COMMA, COLON or STOP.
        bits: what it does, see `ranking.prompt.cues`.
        entries: what it names in the taxonomy.
        number: its value when it is a number.
        employees: the head count it states.
        capital: whether it has an upper-case letter.
        group: what it can be listed with: NOTHING, WORD, FIELD (industries, concepts), PLACE, PERSON, SIZE or TECHNOLOGY.
    """

    __slots__ = ("bits", "capital", "employees", "end", "entries", "gap", "group", "number", "start", "text")

    def __init__(
        self,
        text: str,
        start: int,
        end: int,
        gap: int,
        bits: int = 0,
        entries: tuple[Entry, ...] = _NO_ENTRIES,
        number: int | None = None,
        capital: bool = False,
        employees: EmployeeRange | None = None,
    ) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.gap = gap
        self.bits = bits
        self.entries = entries
        self.number = number
        self.capital = capital
        self.employees = employees
        if entries:
            self.group = _GROUPS[entries[0].kind]
        elif employees is not None:
            self.group = SIZE
        else:
            self.group = WORD if not bits and number is None else NOTHING

    @property
    def is_word(self) -> bool:
        """Whether it is a plain word: nothing the taxonomy, the language or arithmetic explains."""
        return self.group == WORD

    def has(self, kind: Kind) -> bool:
        """Tell whether the taxonomy can read it as `kind`."""
        for entry in self.entries:  # noqa: SIM110 - asked many times per prompt; any() costs four times as much
            if entry.kind == kind:
                return True
        return False


def any_bits(units: Sequence[Unit]) -> int:
    """Return what any of the units does."""
    found = 0
    for unit in units:
        found |= unit.bits
    return found


def read_units(prompt: str, words: Words, matches: Sequence[Match], language: Language) -> list[Unit]:
    """Return the units in order; every word is in exactly one.

    At each place the longer of taxonomy match and cue phrase wins; of equal length both hold for nouns ("startups"), while
    a word that does something in a sentence ("in", "not") names nothing unless it has a capital letter.
    """
    spoken, texts, starts, ends = words
    by_start = {match.start: match for match in matches}
    own = LANGUAGES.index(language.code)
    units: list[Unit] = []
    place, count, before = 0, len(texts), 0
    while place < count:
        word, following = spoken[place], place + 1
        (bits, longer, number), end, entries = word.cues[own], following, _NO_ENTRIES
        if longer and following < count and texts[following] in longer:
            bits, end = _longest_phrase(texts, place, language, longer[texts[following]]) or (bits, end)
        match = by_start.get(place)
        if match is not None and match.end >= end:
            bits = bits if match.end == end else 0
            end, entries = match.end, match.entries
        start, stop = starts[place], ends[end - 1]
        capital = word.capital or (end > following and _has_capital(prompt[start:stop]))
        between = prompt[before:start]
        gap = SPACE if between == " " else _gap_after(units, between)
        if entries and _is_common(entries, bits, capital):
            sentence = _Sentence(prompt, texts, matches, by_start, language)
            entries = _meant(entries, bits, capital, gap, prompt[start:stop], units, end, sentence)
        if entries:
            bits &= _NAMING
        if entries or end > following:
            number = None
        elif (
            number is not None
            and gap == SPACE
            and units
            and _goes_on_in_groups(units[-1], word.text, language)
        ):
            last = units[-1]
            last.number = (last.number or 0) * 1000 + number
            last.end = before = stop
            place = end
            continue
        text = word.text if end == following else " ".join(texts[place:end])
        units.append(Unit(text, start, stop, gap, bits, entries, number, capital))
        before = stop
        place = end
    return units


def _has_capital(raw: str) -> bool:
    return raw != raw.lower()


class _Sentence(NamedTuple):
    """What stands around a word that may be an ordinary one."""

    prompt: str
    texts: Sequence[str]
    matches: Sequence[Match]
    by_start: Mapping[int, Match]
    language: Language

    def listed(self) -> set[Kind]:
        """Return the kinds of what else is named without doubt."""
        return {match.entries[0].kind for match in self.matches if match.entries[0].weight > COMMON_WORD}


def _meant(
    entries: tuple[Entry, ...],
    bits: int,
    capital: bool,
    gap: int,
    raw: str,
    units: Sequence[Unit],
    end: int,
    sentence: _Sentence,
) -> tuple[Entry, ...]:
    """Return what an ordinary word that ends before word `end` is meant to name."""
    if entries[0].weight > COMMON_WORD:
        return _NO_ENTRIES
    listed = sentence.listed()
    sold = not bits & _COUNTED and _is_sold(
        sentence.texts, end, sentence.by_start, sentence.language, among="concept" in listed
    )
    shown = not sentence.prompt.isupper() and _is_emphasised(raw, capital, gap, units)
    if _is_meant(entries[0].kind, raw, gap, bits, units, listed, sold=sold, shown=shown):
        return entries
    return tuple(entry for entry in entries if entry.weight > COMMON_WORD)


def _longest_phrase(
    texts: Sequence[str], place: int, language: Language, lengths: Sequence[int]
) -> tuple[int, int] | None:
    """Return what the longest cue phrase of several words does that begins here, and where it ends."""
    for length in lengths:
        end = place + length
        bits = language.phrases.get(" ".join(texts[place:end])) if end <= len(texts) else None
        if bits is not None:
            return bits, end
    return None


def _is_emphasised(raw: str, capital: bool, gap: int, units: Sequence[Unit]) -> bool:
    """A capital letter says something unless it only begins a sentence."""
    return capital and (raw.isupper() or (bool(units) and gap != STOP))


def _is_among_places(raw: str, gap: int, units: Sequence[Unit]) -> bool:
    """ "in Reading", "Paris and Nice", "Cambridge, MA": an ordinary word is a place beside another or after "in"; states in capitals."""
    if len(raw) == _STATE and not raw.isupper():
        return False
    near = [unit for unit in units[-2:] if unit.gap != STOP]
    if not near or gap == STOP:
        return False
    if near[-1].bits & cues.JOINT:
        near.pop()
    return bool(near) and (near[-1].group == PLACE or bool(near[-1].bits & cues.PLACE))


def _is_common(entries: tuple[Entry, ...], bits: int, capital: bool) -> bool:
    """Tell whether an ordinary word may be meant rather than the taxonomy's reading of it."""
    if bits & cues.LEAD and entries[0].kind in _PEOPLE_KINDS:
        return True
    if entries[0].weight <= COMMON_WORD:
        return True
    acts = bits & ~cues.NOUN or (bits & cues.STOP and entries[0].kind != "size")
    return bool(acts) and not capital


def _is_sold(
    texts: Sequence[str], end: int, by_start: Mapping[int, Match], language: Language, *, among: bool
) -> bool:
    """Tell whether a sentence goes on after token `end` as it does after a product: "payments for hotels", not "mom and pop".

    `among` other products only what is joined to one of them is meant: "fraud and KYC software".
    """
    if end >= len(texts):
        return not among
    bits = language.phrases.get(texts[end], 0)
    if bits & cues.JOINT:
        joined = by_start.get(end + 1)
        return joined is not None and joined.entries[0].kind == "concept" and among
    return not among and (end in by_start or bool(bits & ~cues.STOP))


def _is_meant(
    kind: Kind,
    raw: str,
    gap: int,
    bits: int,
    units: Sequence[Unit],
    listed: Collection[Kind],
    *,
    sold: bool,
    shown: bool,
) -> bool:
    """Tell whether an ordinary word is meant as the taxonomy reads it."""
    if kind in _WEAK_PLACES:
        return shown and _is_among_places(raw, gap, units)
    if kind == "concept":
        return shown or (sold and not bits & cues.STOP)
    return shown or _supported(kind, bits, units, listed)


def _supported(kind: Kind, bits: int, units: Sequence[Unit], listed: Collection[Kind]) -> bool:
    """A country after "in", a technology after "using", a stage or industry among others are meant in small letters too."""
    if kind in _LISTED_KINDS:
        among = kind in listed or (kind == "stage" and "size" in listed)
        return among and not bits & cues.STOP
    before = units[-1].bits if units else 0
    return bool(before & (cues.PLACE if kind in _PLACE_KINDS else cues.USE))


def _goes_on_in_groups(last: Unit, text: str, language: Language) -> bool:
    """Tell whether digits go on a number written with spaces ("1 000"), as nobody does in English."""
    return (
        last.number is not None
        and last.text.isdigit()
        and len(last.text) <= 3
        and len(text) == 3
        and text.isdigit()
        and (text == "000" or language.code != "en")
    )


def _gap_after(units: Sequence[Unit], between: str) -> int:
    """Classify what stands before the next unit; a colon after a label and the stop of an abbreviation mean nothing."""
    if between == " ":
        return SPACE
    gap = _gap(between) if len(between) <= _LONGEST_MARK else _read_gap(between)
    if units and (
        (gap == STOP and units[-1].text in _ABBREVIATIONS)
        or (gap == COLON and units[-1].bits & ~(cues.PRODUCT_NOUN | cues.STOP) and not units[-1].entries)
    ):
        return SPACE
    return gap


def _read_gap(between: str) -> int:
    """Classify what stands between two units; after a colon a line break means nothing."""
    if between in _SINGLE_MARKS:
        return _SINGLE_MARKS[between]
    between = _ADDRESS.sub("", between)
    if between.isspace() and "\n" not in between:
        return SPACE
    if ":" in between:
        return COLON
    if _BREAKS.search(between):
        return COMMA if _BULLET.fullmatch(between) else STOP
    if _COMMAS.search(between):
        return COMMA
    joins = AMPERSAND if "&" in between or between == " + " else SPACE
    return SLASH if "/" in between else joins


_gap = lru_cache(maxsize=_MARKS)(_read_gap)
