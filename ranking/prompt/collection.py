"""Values of a query gathered with the words that caused them."""

from collections.abc import Mapping, Sequence
from typing import Final

from ranking.prompt.meaning import CONCEPT, KEYWORD
from ranking.prompt.names import Name
from ranking.prompt.reading import FIELDS, Reading
from ranking.prompt.units import Unit
from ranking.taxonomy.model import Taxonomy
from ranking.taxonomy.sizes import NAMED_SIZES
from ranking.text import domain_key
from ranking.types import EmployeeRange, Exclusions, Span, Targets

_STARTUP: Final = "startup"
RULED_OUT_STARTUP_SIZE: Final = EmployeeRange(1, 10)
RULED_OUT_STARTUP_STAGES: Final = ("pre_seed", "seed", "early")
_INCLUDE: Final = "include."
_EXCLUDE: Final = "exclude."
_TARGETS: Final = {f"{_INCLUDE}{name}": name for name in FIELDS.values()}
_EXCLUSIONS: Final = {f"{_EXCLUDE}{name}": name for name in (*FIELDS.values(), "companies", "keywords")}
_NO_EXCLUSIONS: Final = Exclusions()


class Collection:
    """Unique values per field in order of the prompt, and one span per mention.

    Fields are named as in `Span.field`: "include.industries", "product.concepts", "exemplars", "limit".
    """

    def __init__(self, prompt: str, units: Sequence[Unit], marks: Sequence[int]) -> None:
        self._prompt = prompt
        self._units = units
        self._marks = marks
        self._codes: dict[str, dict[str, None]] = {}
        self._ranges: dict[str, dict[EmployeeRange, None]] = {}
        self._claimed: set[int] = set()
        self._stated: set[EmployeeRange] = set()
        self.spans: list[Span] = []

    def add(self, field: str, value: str, start: int, end: int) -> None:
        """Add a value that code points [start, end) caused."""
        values = self._codes.get(field)
        if values is None:
            self._codes[field] = {value: None}
        else:
            values[value] = None
        self.spans.append(Span(field, value, self._prompt[start:end], start, end))

    def add_range(self, field: str, value: EmployeeRange, start: int, end: int) -> None:
        """Add a head count that code points [start, end) caused."""
        self._ranges.setdefault(field, {})[value] = None
        self.spans.append(Span(field, describe(value), self._prompt[start:end], start, end))

    def add_reading(self, reading: Reading) -> None:
        """Add what one unit says; a ruled-out value's span begins at the cue of the first thing it rules out."""
        place = reading.unit
        unit = self._units[place]
        start = unit.start if self._marks[place] < 0 else self._start(place)
        entry = reading.entry
        if entry is not None and entry.code == _STARTUP and reading.field == "exclude.employees":
            self._rule_out_startups(start, unit.end)
        elif entry is not None and entry.kind == "size":
            self.add_range(reading.field, NAMED_SIZES[entry.code], start, unit.end)
        else:
            self.add(
                reading.field, (reading.phrase or unit.text) if entry is None else entry.code, start, unit.end
            )

    def _rule_out_startups(self, start: int, end: int) -> None:
        """ "not startups" means the young and tiny, not every company of up to 200 people."""
        self.add_range("exclude.employees", RULED_OUT_STARTUP_SIZE, start, end)
        for stage in RULED_OUT_STARTUP_STAGES:
            self.add("exclude.stages", stage, start, end)

    def add_quantity(self, place: int) -> None:
        """Add the head count a unit states."""
        unit = self._units[place]
        assert unit.employees is not None
        side = "include" if self._marks[place] < 0 else "exclude"
        if side == "include":
            self._stated.add(unit.employees)
        self.add_range(f"{side}.employees", unit.employees, self._start(place), unit.end)

    def add_name(self, name: Name, taxonomy: Taxonomy) -> None:
        """Add a company or product as the customer wrote it; used technologies by their code."""
        start, end = self._units[name.start].start, self._units[name.end - 1].end
        value = self._prompt[start:end].strip()
        field = name.field
        if field == "include.technologies":
            value = taxonomy.technology_code(value) or self._units[name.start].text
        elif "." in value and " " not in value:
            value = domain_key(value) or value
        if self._marks[name.start] >= 0 and field == "exclude.companies":
            start = self._start(name.start)
        self.add(field, value, start, end)

    def _start(self, place: int) -> int:
        cue = self._marks[place]
        if cue < 0 or cue > place or cue in self._claimed:
            return self._units[place].start
        self._claimed.add(cue)
        return self._units[cue].start

    def settle(self) -> None:
        """Let an exclusion win over an inclusion of the same value, and a head count over the name of a size."""
        dropped: set[tuple[str, str]] = set()
        if self._ranges:
            dropped = self._settle_sizes()
        for field, ruled_out in self._codes.items():
            if field.startswith(_EXCLUDE):
                wanted_field = _INCLUDE + field.removeprefix(_EXCLUDE)
                wanted = self._codes.get(wanted_field, {})
                for value in wanted.keys() & ruled_out.keys():
                    del wanted[value]
                    dropped.add((wanted_field, value))
        if dropped:
            self.spans = [span for span in self.spans if (span.field, span.value) not in dropped]

    def _settle_sizes(self) -> set[tuple[str, str]]:
        wanted = self._ranges.get(f"{_INCLUDE}employees", {})
        ruled_out = self._ranges.get(f"{_EXCLUDE}employees", {})
        unstated = wanted.keys() - self._stated if self._stated else set()
        dropped = unstated | (wanted.keys() & ruled_out.keys())
        for size in dropped:
            del wanted[size]
        return {(f"{_INCLUDE}employees", describe(size)) for size in dropped}

    def codes(self, field: str) -> tuple[str, ...]:
        """Return the textual values of a field."""
        return tuple(self._codes.get(field, ()))

    def ranges(self, field: str) -> tuple[EmployeeRange, ...]:
        """Return the head counts of a field."""
        return tuple(self._ranges.get(field, ()))

    def targets(self) -> Targets:
        """Return the fields under "include"."""
        return Targets(employees=self.ranges(f"{_INCLUDE}employees"), **self._under(_TARGETS))

    def exclusions(self) -> Exclusions:
        """Return the fields under "exclude"."""
        coded, employees = self._under(_EXCLUSIONS), self.ranges(f"{_EXCLUDE}employees")
        return Exclusions(employees=employees, **coded) if coded or employees else _NO_EXCLUSIONS

    def _under(self, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        return {names[field]: tuple(values) for field, values in self._codes.items() if field in names}

    @property
    def concepts(self) -> tuple[str, ...]:
        """Product concepts in order of the prompt."""
        return self.codes(CONCEPT)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Folded words of the product that no concept covers."""
        return self.codes(KEYWORD)


def describe(value: str | EmployeeRange) -> str:
    """Return a value as text: a head count reads "50-500", "1000+" or "0-49"."""
    if isinstance(value, str):
        return value
    low = value.minimum if value.minimum is not None else 0
    return f"{low}+" if value.maximum is None else f"{low}-{value.maximum}"
