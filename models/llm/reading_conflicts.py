"""What of a query's values is of one kind, and which of them an exclusion leaves nothing of."""

from typing import Final, NamedTuple

from models.llm.reading_codes import kind_of
from ranking.taxonomy import Taxonomy

_GROUPS: Final = {
    "countries": "places", "regions": "places", "cities": "places", "roles": "people", "seniorities": "people",
    "employees": "size", "stages": "size", "concepts": "sold", "keywords": "sold",
}  # fmt: skip


def name_of(field: str) -> str:
    """ "industries" of "include.industries"."""
    return field.rpartition(".")[2]


def group_of(field: str) -> str:
    """What a field is about: places, people, size, what is sold, or the field's own name."""
    return _GROUPS.get(name_of(field), name_of(field))


class Pair(NamedTuple):
    """A field of a query and one of its values."""

    field: str
    value: str


def bars(bar: Pair, wanted: Pair, taxonomy: Taxonomy) -> bool:
    """Whether nothing is left of what is wanted when `bar` is ruled out: the same value, or one that holds all of it."""
    if wanted.field == "exemplars":
        return bar.field == "exclude.companies" and bar.value.casefold() == wanted.value.casefold()
    if group_of(bar.field) == "places" == group_of(wanted.field) and bar.value != wanted.value:
        countries = _whole_countries(bar, taxonomy)
        return bool(countries) and _countries(wanted, taxonomy) <= countries
    if name_of(bar.field) != name_of(wanted.field):
        return False
    match kind_of(bar.field):
        case "industry":
            return wanted.value in taxonomy.industry_children(bar.value)
        case "role":
            return wanted.value in taxonomy.role_children(bar.value)
        case _:
            return bar.value == wanted.value


def _whole_countries(place: Pair, taxonomy: Taxonomy) -> frozenset[str]:
    """The countries that a place holds; none for a state or a city."""
    match kind_of(place.field):
        case "country":
            return frozenset({place.value})
        case "region":
            return taxonomy.region_countries(place.value)
        case _:
            return frozenset()


def _countries(place: Pair, taxonomy: Taxonomy) -> frozenset[str]:
    """The countries that a place lies in."""
    if kind_of(place.field) == "city":
        return frozenset({taxonomy.city_country(place.value)})
    country = taxonomy.region_country(place.value) if kind_of(place.field) == "region" else None
    return frozenset({country}) if country else _whole_countries(place, taxonomy)
