"""Which product concepts a snippet settles: its company has just chosen or put to work a product of that kind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from ranking.need import Passage
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.types import SnippetKind

# F-6's tables give a concept's own tools 1; tools that only go with it give less and settle nothing.
_OWN_TOOL: Final = 1.0
_PLAIN_WEIGHT: Final = 0.5


class RelatedTools(Protocol):
    """What is asked of a concept."""

    @property
    def technologies(self) -> Mapping[str, float]:
        """Technology code -> rel in [0, 1]."""
        ...


class Concepts(Protocol):
    """What is asked of the taxonomy."""

    @property
    def CONCEPTS(self) -> tuple[str, ...]:  # noqa: N802  # the taxonomy's own spelling
        """Concept codes."""
        ...

    @property
    def surfaces(self) -> SurfaceIndex:
        """Every wording of every concept and technology."""
        ...

    def concept(self, code: str, /) -> RelatedTools:
        """A concept by its code."""
        ...


class Settlements:
    """Finds what snippets settle, as positions in CONCEPTS."""

    def __init__(self, taxonomy: Concepts) -> None:
        self._surfaces = taxonomy.surfaces
        self._number = {code: number for number, code in enumerate(taxonomy.CONCEPTS)}
        self._tools: defaultdict[str, set[int]] = defaultdict(set)
        for code, number in self._number.items():
            for technology, rel in taxonomy.concept(code).technologies.items():
                if rel >= _OWN_TOOL:
                    self._tools[technology].add(number)

    def of(self, kind: SnippetKind, choices: Iterable[Passage], added: Sequence[str]) -> set[int]:
        """Concepts of which a tool was added, or that a passage about a choice names by themselves or by a tool.

        Technologies of a job posting are only asked for.
        """
        settled: set[int] = set()
        if kind == "job_posting":
            return settled
        for technology in added:
            settled |= self._tools.get(technology, set())
        for passage in choices:
            for match in self._surfaces.match(passage):
                for entry in match.entries:
                    if entry.weight < _PLAIN_WEIGHT:
                        continue
                    if entry.kind == "concept":
                        settled.add(self._number[entry.code])
                    elif entry.kind == "technology":
                        settled |= self._tools.get(entry.code, set())
        return settled
