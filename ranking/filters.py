"""The request's own filters on top of the parsed prompt: explicit filters override, exclusions are united (F-1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ranking.code_reader import CodeReader
from ranking.contradictions import barred_wishes
from ranking.errors import FieldError, InvalidQuery
from ranking.taxonomy import Taxonomy
from ranking.types import EmployeeRange, Exclusions, Query, Targets

_AT = "/filters"
_BARRED = f"{_AT}/exclude"


@dataclass(frozen=True, slots=True)
class ExcludeFilters:
    """What the request excludes, in the caller's words or codes."""

    industries: Sequence[str] = ()
    countries: Sequence[str] = ()
    regions: Sequence[str] = ()
    companies: Sequence[str] = ()
    keywords: Sequence[str] = ()
    technologies: Sequence[str] = ()
    roles: Sequence[str] = ()
    seniorities: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the request asks for, in the caller's words or codes; empty asks nothing."""

    industries: Sequence[str] = ()
    countries: Sequence[str] = ()
    regions: Sequence[str] = ()
    employee_min: int | None = None
    employee_max: int | None = None
    technologies: Sequence[str] = ()
    roles: Sequence[str] = ()
    seniorities: Sequence[str] = ()
    exclude: ExcludeFilters = field(default_factory=ExcludeFilters)


NO_FILTERS = Filters()


def apply(query: Query, filters: Filters, taxonomy: Taxonomy) -> Query:
    """The query with the filters applied.

    Raises:
        InvalidQuery: a value names nothing in the taxonomy, or the filters contradict each other; each fault has its
            JSON pointer.
    """
    if filters == NO_FILTERS:
        return query
    reader = CodeReader(taxonomy)
    asked, barred = _asked(filters, reader), _barred(filters.exclude, reader)
    faults = [*reader.faults, *_contradictions(asked, barred, taxonomy)]
    if faults:
        raise InvalidQuery("The filters cannot be used.", tuple(faults))
    return replace(query, include=_overridden(query.include, asked), exclude=_united(query.exclude, barred))


def _asked(filters: Filters, reader: CodeReader) -> Targets:
    return Targets(
        industries=reader.industries(f"{_AT}/industries", filters.industries),
        employees=_employees(filters, reader),
        countries=reader.countries(f"{_AT}/countries", filters.countries),
        regions=reader.regions(f"{_AT}/regions", filters.regions),
        roles=reader.roles(f"{_AT}/roles", filters.roles),
        seniorities=reader.seniorities(f"{_AT}/seniorities", filters.seniorities),
        technologies=reader.technologies(f"{_AT}/technologies", filters.technologies),
    )


def _barred(filters: ExcludeFilters, reader: CodeReader) -> Exclusions:
    return Exclusions(
        industries=reader.industries(f"{_BARRED}/industries", filters.industries),
        countries=reader.countries(f"{_BARRED}/countries", filters.countries),
        regions=reader.regions(f"{_BARRED}/regions", filters.regions),
        roles=reader.roles(f"{_BARRED}/roles", filters.roles),
        seniorities=reader.seniorities(f"{_BARRED}/seniorities", filters.seniorities),
        technologies=reader.technologies(f"{_BARRED}/technologies", filters.technologies),
        companies=reader.names(f"{_BARRED}/companies", filters.companies),
        keywords=reader.keywords(f"{_BARRED}/keywords", filters.keywords),
    )


def _employees(filters: Filters, reader: CodeReader) -> tuple[EmployeeRange, ...]:
    low, high = filters.employee_min, filters.employee_max
    if low is None and high is None:
        return ()
    if low is not None and high is not None and low > high:
        reader.faults.append(FieldError(f"{_AT}/employee_min", f"{low} is above employee_max {high}"))
    return (EmployeeRange(low, high),)


def _overridden(parsed: Targets, asked: Targets) -> Targets:
    """Each dimension that is asked for replaces the parsed one; places are one dimension."""
    places = asked if asked.countries or asked.regions else parsed
    return replace(
        parsed,
        industries=asked.industries or parsed.industries,
        employees=asked.employees or parsed.employees,
        countries=places.countries,
        regions=places.regions,
        cities=places.cities,
        roles=asked.roles or parsed.roles,
        seniorities=asked.seniorities or parsed.seniorities,
        technologies=asked.technologies or parsed.technologies,
    )


def _united(parsed: Exclusions, barred: Exclusions) -> Exclusions:
    def both(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*getattr(parsed, name), *getattr(barred, name))))

    return replace(
        parsed,
        industries=both("industries"),
        countries=both("countries"),
        regions=both("regions"),
        roles=both("roles"),
        seniorities=both("seniorities"),
        technologies=both("technologies"),
        companies=both("companies"),
        keywords=both("keywords"),
    )


def _contradictions(asked: Targets, barred: Exclusions, taxonomy: Taxonomy) -> list[FieldError]:
    """What the request's own filters ask for and bar at once, wholly: such a request can only come back empty."""
    return [
        FieldError(f"{_BARRED}/{name}", f"{', '.join(codes)} is asked for and excluded")
        for name, codes in barred_wishes(asked, barred, taxonomy)
    ]
