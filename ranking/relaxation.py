"""Whom a query admits, as data: the ladder of ever wider filters, and exclusions that no step relaxes (F-2).

A filter is a set of taxonomy codes per dimension, None where nothing is asked (or any longer). Two backends
evaluate the same filters: `db.filtering` on the snapshot's columns and `db.search` in Postgres.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from ranking.errors import InvalidQuery
from ranking.taxonomy import Taxonomy
from ranking.taxonomy.sizes import BUCKETS, employee_bucket
from ranking.text import company_name_key, domain_key, words
from ranking.types import EmployeeRange, Exclusions, Query, StepName, Targets

Codes = frozenset[str]
Named = tuple[str, ...]
Ranges = tuple[EmployeeRange, ...]
_NONE: Codes = frozenset()
_NOTHING_EXCLUDED = Exclusions()
_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Places:
    """Countries, states and cities; a company is inside when any of its three codes is named.

    `state_countries`, `city_countries` and `city_states` are where the named states and cities lie. With them
    a company whose state or city is not known counts as unknown only where it could still be inside.
    """

    countries: Codes = _NONE
    states: Codes = _NONE
    cities: Codes = _NONE
    state_countries: Codes = _NONE
    city_countries: Codes = _NONE
    city_states: Codes = _NONE

    def contains(self, country: str | None, state: str | None, city: str | None) -> bool:
        """Whether one of the known codes is named."""
        return country in self.countries or state in self.states or city in self.cities

    def undecided(self, country: str | None, state: str | None, city: str | None) -> bool:
        """Whether the company is not known to be inside, and what is not known could put it there."""
        if self.contains(country, state, city):
            return False
        if self.countries and country is None:
            return True
        if self.states and state is None and (country is None or country in self.state_countries):
            return True
        in_reach = (country is None or country in self.city_countries) and (
            state is None or state in self.city_states
        )
        return bool(self.cities) and city is None and in_reach


@dataclass(frozen=True, slots=True)
class CompanyFilter:
    """What a company, and one and the same lead of it, must show; None in a field asks nothing.

    `industries` and `roles` cover their children. A company passes `technologies` with any of them. `roles`
    and `seniorities` are asked of one lead together.
    """

    industries: Codes | None = None
    employees: Ranges | None = None
    places: Places | None = None
    technologies: Codes | None = None
    stages: Codes | None = None
    roles: Codes | None = None
    seniorities: Codes | None = None

    @property
    def asks_company(self) -> bool:
        """Whether anything is asked of the company itself, not of its leads."""
        asked = (self.industries, self.employees, self.places, self.technologies, self.stages)
        return any(field is not None for field in asked)

    @property
    def asks_contact(self) -> bool:
        """Whether a role or a seniority is asked for."""
        return self.roles is not None or self.seniorities is not None


@dataclass(frozen=True, slots=True)
class Scope:
    """What the customer asked for, and the same one step wider in industry, size and region (F-2, F-3)."""

    strict: CompanyFilter
    widened: CompanyFilter


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder; `admit_unknown` lets companies pass where a targeted value is not known."""

    name: StepName
    filter: CompanyFilter
    admit_unknown: bool


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What is never admitted, whatever the step; unknown values pass (F-2).

    `industries` and `roles` cover their children; empty fields exclude nothing. A company is excluded by its
    id, its present or a former name (`company_keys` against name keys), or its domain. Each of `keywords`
    excludes companies whose words contain all of its words. `roles` and `seniorities` take leads away, and a
    company only when no lead is left.
    """

    industries: Codes = _NONE
    employees: Ranges = ()
    places: Places | None = None
    technologies: Codes = _NONE
    stages: Codes = _NONE
    roles: Codes = _NONE
    seniorities: Codes = _NONE
    company_ids: Codes = _NONE
    company_keys: Codes = _NONE
    company_domains: Codes = _NONE
    keywords: tuple[tuple[str, ...], ...] = ()


@contextmanager
def _known_codes() -> Iterator[None]:
    """Turn the taxonomy's KeyError for an unknown code into the caller's error."""
    try:
        yield
    except KeyError as err:
        raise InvalidQuery(f"The taxonomy has no code {err.args[0]!r}.") from err


@_known_codes()
def scope(targets: Targets, taxonomy: Taxonomy) -> Scope:
    """Turn the targets into filters: strict, and widened where a dimension has a wider neighbourhood.

    A country is dropped from the strict places when a state or city inside it is named too ("Berlin, Germany"
    means Berlin); regions and countries are united ("Europe and the UK").
    """
    employees = targets.employees
    industries, around_industries = _target_industries(targets.industries, taxonomy)
    places, around_places = _target_places(targets.countries, targets.regions, targets.cities, taxonomy)
    others = (
        frozenset(targets.technologies) or None,
        frozenset(targets.stages) or None,
        _covering(targets.roles, taxonomy.role_children) if targets.roles else None,
        frozenset(targets.seniorities) or None,
    )
    wider = tuple(map(widened_range, employees)) or None
    return Scope(
        CompanyFilter(industries, employees or None, places, *others),
        CompanyFilter(around_industries, wider, around_places, *others),
    )


def ladder(query: Query, taxonomy: Taxonomy) -> tuple[Rung, ...]:
    """The steps in which the query's filters are relaxed, each admitting all that the one before admits.

    Steps whose dimension nobody asked for, or that would change nothing, are absent.

    Source: F-2.
    """
    return tuple(rungs(scope(query.include, taxonomy)))


def rungs(asked: Scope) -> Iterator[Rung]:
    """The ladder of an already made scope, each step made when it is taken; see `ladder`."""
    current = asked.strict
    yield Rung("strict", current, admit_unknown=False)
    if current.asks_company or current.asks_contact:
        yield Rung("unknown", current, admit_unknown=True)
    for name, relaxed in _relaxations(asked):
        if relaxed != current:
            yield Rung(name, relaxed, admit_unknown=True)
        current = relaxed


def _relaxations(asked: Scope) -> Iterator[tuple[StepName, CompanyFilter]]:
    relaxed = replace(asked.strict, technologies=None)
    yield "technology", relaxed
    relaxed = replace(relaxed, stages=None)
    yield "stage", relaxed
    relaxed = replace(relaxed, seniorities=None)
    yield "seniority", relaxed
    relaxed = replace(relaxed, roles=None)
    yield "role", relaxed
    relaxed = replace(relaxed, places=asked.widened.places)
    yield "region_widened", relaxed
    relaxed = replace(relaxed, employees=asked.widened.employees)
    yield "employees_widened", relaxed
    relaxed = replace(relaxed, places=None)
    yield "region_dropped", relaxed
    relaxed = replace(relaxed, employees=None)
    yield "employees_dropped", relaxed
    relaxed = replace(relaxed, industries=asked.widened.industries)
    yield "sub_industry_widened", relaxed
    yield "industry_dropped", replace(relaxed, industries=None)


@_known_codes()
def exclusion(excluded: Exclusions, taxonomy: Taxonomy) -> Exclusion:
    """Turn the NOT filters into what the backends evaluate; places are united, never narrowed (F-1, F-2).

    Raises:
        InvalidQuery: a code is not in the taxonomy.
    """
    if excluded == _NOTHING_EXCLUDED:
        return Exclusion()
    return Exclusion(
        industries=_covering(excluded.industries, taxonomy.industry_children) or _NONE,
        employees=excluded.employees,
        places=_excluded_places(excluded.countries, excluded.regions, excluded.cities, taxonomy),
        technologies=frozenset(excluded.technologies),
        stages=frozenset(excluded.stages),
        roles=_covering(excluded.roles, taxonomy.role_children) or _NONE,
        seniorities=frozenset(excluded.seniorities),
        company_ids=frozenset(excluded.companies),
        company_keys=frozenset(filter(None, map(company_name_key, excluded.companies))),
        company_domains=frozenset(filter(None, map(domain_key, excluded.companies))),
        keywords=tuple(filter(None, (tuple(dict.fromkeys(words(each))) for each in excluded.keywords))),
    )


def stop_at(limit: int) -> int:
    """How many distinct companies end the ladder: max(4 x K, 200) (F-2)."""
    return max(4 * limit, 200)


def widened_range(asked: EmployeeRange) -> EmployeeRange:
    """The range with one LinkedIn bucket added at each end: 51-200 becomes 11-500 (F-2, F-3).

    Round numbers belong to the bucket they border: 50-500 is read as 51-500, so it becomes 11-1000.
    """
    low, high = asked.minimum, asked.maximum
    if low is not None:
        bucket = employee_bucket(low)
        if BUCKETS[bucket].maximum == low and (high is None or high > low):
            bucket += 1
        low = min(low, BUCKETS[max(bucket - 1, 0)].minimum or 0)
    if high is not None:
        bucket = employee_bucket(high)
        if BUCKETS[bucket].minimum == high and (asked.minimum is None or asked.minimum < high):
            bucket = max(bucket - 1, 0)
        above = BUCKETS[min(bucket + 1, len(BUCKETS) - 1)].maximum
        high = None if above is None else max(high, above)
    return EmployeeRange(low, high)


def _covering(codes: Iterable[str], children: Callable[[str], Codes]) -> Codes | None:
    return _NONE.union(*map(children, codes)) or None


@lru_cache(_KEPT)
def _target_industries(codes: Named, taxonomy: Taxonomy) -> tuple[Codes | None, Codes | None]:
    """The industries of the strict filter, and with their siblings."""
    return _covering(codes, taxonomy.industry_children), _widened_industries(codes, taxonomy)


@lru_cache(_KEPT)
def _target_places(
    countries: Named, regions: Named, cities: Named, taxonomy: Taxonomy
) -> tuple[Places | None, Places | None]:
    """The places of the strict filter, and each with its parent."""
    if not (countries or regions or cities):
        return None, None
    states = frozenset(region for region in regions if taxonomy.region_country(region))
    named = _located(Places(_NONE, states, frozenset(cities)), taxonomy)
    qualified = named.state_countries | named.city_countries
    inside = (frozenset(countries) - qualified).union(
        *(taxonomy.region_countries(region) for region in regions)
    )
    places = replace(named, countries=inside, states=states - named.city_states)
    strict = _located(places, taxonomy)
    return strict, _widened_places(strict, regions, taxonomy)


@lru_cache(_KEPT)
def _excluded_places(countries: Named, regions: Named, cities: Named, taxonomy: Taxonomy) -> Places | None:
    named = frozenset(countries).union(*(taxonomy.region_countries(region) for region in regions))
    states = frozenset(region for region in regions if taxonomy.region_country(region))
    places = Places(named, states, frozenset(cities))
    return None if places == Places() else _located(places, taxonomy)


def _located(places: Places, taxonomy: Taxonomy) -> Places:
    """The same places with the countries and states in which they lie."""
    states = (taxonomy.region_country(state) for state in places.states)
    return replace(
        places,
        state_countries=frozenset(filter(None, states)),
        city_countries=frozenset(taxonomy.city_country(city) for city in places.cities),
        city_states=frozenset(filter(None, (taxonomy.city_region(city) for city in places.cities))),
    )


def _widened_places(strict: Places, regions: Iterable[str], taxonomy: Taxonomy) -> Places:
    """Each place with its parent: a city's state or country, a state's country, a country's region."""
    stateless = frozenset(
        taxonomy.city_country(city) for city in strict.cities if not taxonomy.city_region(city)
    )
    of_regions = _NONE.union(*(taxonomy.region_countries(region) for region in regions))
    named = strict.countries - of_regions
    parents = {taxonomy.country_region(country) for country in named}
    parents.update(filter(None, (taxonomy.region_parent(region) for region in regions)))
    countries = (strict.countries | strict.state_countries | stateless).union(
        *(taxonomy.region_countries(parent) for parent in parents)
    )
    return _located(Places(countries, strict.states | strict.city_states, strict.cities), taxonomy)


def _widened_industries(codes: Iterable[str], taxonomy: Taxonomy) -> Codes | None:
    roots = (taxonomy.industry_parent(code) or code for code in codes)
    return _NONE.union(*(taxonomy.industry_children(root) for root in roots)) or None
