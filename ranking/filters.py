"""The request's own filters on top of the parsed prompt: explicit filters override, exclusions are united (F-1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ranking.errors import FieldError, InvalidQuery
from ranking.taxonomy import Taxonomy
from ranking.text import words
from ranking.types import EmployeeRange, Exclusions, Query, Targets

Canonical = Callable[[str], str | None]


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


def apply(query: Query, filters: Filters, taxonomy: Taxonomy) -> Query:
    """The query with the filters applied.

    Raises:
        InvalidQuery: a value names nothing in the taxonomy, or the filters contradict each other; each fault has its
            JSON pointer.
    """
    faults: list[FieldError] = []
    reader = _Reader(taxonomy, faults)
    include = reader.targets(query.include, filters)
    exclude = reader.exclusions(query.exclude, filters.exclude)
    faults.extend(_contradictions(filters, reader))
    if faults:
        raise InvalidQuery("The filters cannot be used.", tuple(faults))
    return replace(query, include=include, exclude=exclude)


@dataclass(frozen=True, slots=True)
class _Reader:
    taxonomy: Taxonomy
    faults: list[FieldError]

    def codes(
        self, pointer: str, values: Sequence[str], canonical: Canonical, known: Sequence[str]
    ) -> tuple[str, ...]:
        """Codes of the values, in order and once each; what names nothing becomes a fault."""
        found: dict[str, None] = {}
        for number, value in enumerate(values):
            code = value if value in known else canonical(value)
            if code is None:
                self.faults.append(FieldError(f"{pointer}/{number}", f"{value!r} is not known"))
            else:
                found[code] = None
        return tuple(found)

    def places(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        taxonomy = self.taxonomy
        return self.codes(pointer, values, taxonomy.region_code, taxonomy.REGIONS)

    def industries(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        return self.codes(pointer, values, self.taxonomy.industry_code, self.taxonomy.INDUSTRIES)

    def countries(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        return self.codes(pointer, values, self.taxonomy.country_code, self.taxonomy.COUNTRIES)

    def technologies(self, values: Sequence[str]) -> tuple[str, ...]:
        """Technologies need not be in the taxonomy: suppliers name new ones every day."""
        return tuple(
            dict.fromkeys(self.taxonomy.technology_code(value) or " ".join(words(value)) for value in values)
        )

    def roles(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        return self.codes(pointer, values, self._role, self.taxonomy.ROLES)

    def seniorities(self, pointer: str, values: Sequence[str]) -> tuple[str, ...]:
        return self.codes(pointer, values, self.taxonomy.seniority_code, self.taxonomy.SENIORITIES)

    def targets(self, parsed: Targets, filters: Filters) -> Targets:
        has_places = bool(filters.countries or filters.regions)
        return replace(
            parsed,
            industries=self.industries("/filters/industries", filters.industries) or parsed.industries,
            countries=self.countries("/filters/countries", filters.countries)
            if has_places
            else parsed.countries,
            regions=self.places("/filters/regions", filters.regions) if has_places else parsed.regions,
            cities=() if has_places else parsed.cities,
            employees=self.employees(filters) or parsed.employees,
            technologies=self.technologies(filters.technologies) or parsed.technologies,
            roles=self.roles("/filters/roles", filters.roles) or parsed.roles,
            seniorities=self.seniorities("/filters/seniorities", filters.seniorities) or parsed.seniorities,
        )

    def exclusions(self, parsed: Exclusions, filters: ExcludeFilters) -> Exclusions:
        at = "/filters/exclude"
        return replace(
            parsed,
            industries=_united(parsed.industries, self.industries(f"{at}/industries", filters.industries)),
            countries=_united(parsed.countries, self.countries(f"{at}/countries", filters.countries)),
            regions=_united(parsed.regions, self.places(f"{at}/regions", filters.regions)),
            companies=_united(parsed.companies, tuple(filters.companies)),
            keywords=_united(parsed.keywords, tuple(" ".join(words(each)) for each in filters.keywords)),
            technologies=_united(parsed.technologies, self.technologies(filters.technologies)),
            roles=_united(parsed.roles, self.roles(f"{at}/roles", filters.roles)),
            seniorities=_united(
                parsed.seniorities, self.seniorities(f"{at}/seniorities", filters.seniorities)
            ),
        )

    def employees(self, filters: Filters) -> tuple[EmployeeRange, ...]:
        low, high = filters.employee_min, filters.employee_max
        if low is None and high is None:
            return ()
        if low is not None and high is not None and low > high:
            self.faults.append(FieldError("/filters/employee_min", f"{low} is above employee_max {high}"))
        return (EmployeeRange(low, high),)

    def _role(self, title: str) -> str | None:
        roles = self.taxonomy.role_codes(title)
        return roles[-1] if roles else None


def _contradictions(filters: Filters, reader: _Reader) -> list[FieldError]:
    """What the request's own filters both ask for and exclude."""
    silent = _Reader(reader.taxonomy, [])
    excluded = filters.exclude
    pairs = (
        ("industries", silent.industries("", filters.industries), silent.industries("", excluded.industries)),
        ("countries", silent.countries("", filters.countries), silent.countries("", excluded.countries)),
        ("regions", silent.places("", filters.regions), silent.places("", excluded.regions)),
        (
            "technologies",
            silent.technologies(filters.technologies),
            silent.technologies(excluded.technologies),
        ),
    )
    return [
        FieldError(
            f"/filters/exclude/{name}",
            f"{', '.join(sorted(set(asked) & set(barred)))} is asked for and excluded",
        )
        for name, asked, barred in pairs
        if set(asked) & set(barred)
    ]


def _united(parsed: tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*parsed, *added)))
