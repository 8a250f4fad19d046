"""A query's filters as the parameters of the retrieval statements in `queries.sql`."""

from collections.abc import Iterable
from dataclasses import dataclass

from asyncpg import Range

from ranking.relaxation import Codes, CompanyFilter, Exclusion, Places, Ranges
from ranking.types import Float32Array

_MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Bindings:
    """What stays the same in every step: tenant, exclusions, exemplars, and the unrelaxed filter."""

    tenant: str | None
    asked: CompanyFilter
    excluded: Exclusion
    exemplar_clusters: tuple[str, ...]
    direction: Float32Array | None

    def step(self, asked: CompanyFilter, *, admit_unknown: bool) -> tuple[object, ...]:
        """$1 to $33 for one rung of the ladder."""
        return (
            self.tenant,
            admit_unknown,
            *_targets(asked),
            *_exclusions(self.excluded),
            list(self.exemplar_clusters) or None,
            self.direction,
            _listed(self.asked.roles),
            _listed(self.asked.seniorities),
        )


def _targets(asked: CompanyFilter) -> tuple[object, ...]:
    """$3 to $16."""
    places = asked.places or Places()
    return (
        _listed(asked.industries),
        *_counts(asked.employees),
        _listed(places.countries),
        _listed(places.states),
        _listed(places.cities),
        sorted(places.state_countries),
        sorted(places.city_countries),
        sorted(places.city_states),
        _listed(asked.technologies),
        _listed(asked.stages),
        _listed(asked.roles),
        _listed(asked.seniorities),
    )


def _exclusions(excluded: Exclusion) -> tuple[object, ...]:
    """$17 to $29."""
    places = excluded.places or Places()
    return (
        _listed(excluded.industries),
        _counts(excluded.employees or None)[0],
        _listed(places.countries),
        _listed(places.states),
        _listed(places.cities),
        _listed(excluded.technologies),
        _listed(excluded.stages),
        _listed(excluded.roles),
        _listed(excluded.seniorities),
        _listed(excluded.company_ids),
        _listed(excluded.company_keys),
        _listed(excluded.company_domains),
        [" ".join(words) for words in excluded.keywords] or None,
    )


def _listed(codes: Codes | None) -> list[str] | None:
    """A text array in one order, None where there is nothing."""
    return sorted(codes) if codes else None


def _counts(ranges: Ranges | None) -> tuple[list[Range] | None, int | None, int | None]:
    """The head counts as a multirange, and the least and the most of them."""
    if ranges is None:
        return None, None, None
    ends = [
        (max(each.minimum or 0, 0), _MAX_COUNT - 1 if each.maximum is None else each.maximum)
        for each in ranges
    ]
    return _merged(ends), min(low for low, _ in ends), max(high for _, high in ends)


def _merged(ends: Iterable[tuple[int, int]]) -> list[Range]:
    return [Range(low, high + 1) for low, high in sorted(ends) if low <= high]
