"""The filters of a query as parameters of `candidates`, and the ladder in four rungs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from asyncpg import Range
from numpy.typing import NDArray

from ranking.relaxation import CompanyFilter, Exclusion, Places, Ranges, exclusion, scope
from ranking.taxonomy import Taxonomy
from ranking.types import Query

MOST_CANDIDATES = 1_000
_MOST_EMPLOYEES = 2**31 - 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A query's filters: as asked, one step wider, and what is excluded."""

    strict: CompanyFilter
    wider: CompanyFilter
    excluded: Exclusion

    @classmethod
    def of(cls, query: Query, taxonomy: Taxonomy) -> "Asked":
        """Read a parsed prompt."""
        found = scope(query.include, taxonomy)
        return cls(found.strict, found.widened, exclusion(query.exclude, taxonomy))

    def rungs(self) -> Iterator[tuple[str, CompanyFilter, bool]]:
        """Name, filter, and whether unknown values pass; four steps where `ranking.relaxation` knows twelve."""
        yield "strict", self.strict, False
        yield "unknown", self.strict, True
        neighbours = replace(self.wider, technologies=None, stages=None, roles=None, seniorities=None)
        yield "region_widened", neighbours, True
        yield "industry_dropped", CompanyFilter(), True

    def conditions(self) -> tuple[object, ...]:
        """The strict filters and the exclusions: $3 to $22 of the Postgres leg's `search`."""
        strict = self.strict
        return (
            *_company(strict),
            _listed(strict.roles),
            _listed(strict.seniorities),
            *_excluded(self.excluded),
        )

    def parameters(
        self,
        rung: CompanyFilter,
        *,
        admit_unknown: bool,
        evidence: Sequence[str],
        known: Sequence[str],
        direction: NDArray[np.float32] | None,
    ) -> tuple[object, ...]:
        """$1 to $35 of `candidates`."""
        return (
            admit_unknown,
            *_company(rung), _listed(rung.roles), _listed(rung.seniorities),
            *_excluded(self.excluded),
            *_for_fit(self.strict, self.wider),
            list(evidence), list(known) or None, direction, MOST_CANDIDATES - len(known),
        )  # fmt: skip


def _company(asked: CompanyFilter) -> tuple[object, ...]:
    return (
        _listed(asked.industries), _multirange(asked.employees), *_places(asked.places),
        _listed(asked.technologies), _listed(asked.stages),
    )  # fmt: skip


def _excluded(excluded: Exclusion) -> tuple[object, ...]:
    return (
        _listed(excluded.industries), _multirange(excluded.employees), *_places(excluded.places),
        _listed(excluded.technologies), _listed(excluded.stages), _listed(excluded.company_ids),
        _listed(excluded.company_keys), _listed(excluded.company_domains),
        [" ".join(words) for words in excluded.keywords] or None,
    )  # fmt: skip


def _for_fit(strict: CompanyFilter, wider: CompanyFilter) -> tuple[object, ...]:
    return (
        _listed(strict.industries), _listed(wider.industries), _multirange(strict.employees), _multirange(wider.employees),
        *_places(strict.places), *_places(wider.places),
    )  # fmt: skip


def _places(places: Places | None) -> tuple[list[str] | None, ...]:
    found = places or Places()
    return _listed(found.countries), _listed(found.states), _listed(found.cities)


def _listed(codes: Iterable[str] | None) -> list[str] | None:
    return sorted(codes or ()) or None


def _multirange(ranges: Ranges | None) -> list[Range] | None:
    ends = [
        (each.minimum or 0, _MOST_EMPLOYEES if each.maximum is None else each.maximum)
        for each in ranges or ()
    ]
    return [Range(low, high + 1) for low, high in sorted(ends) if low <= high] or None
