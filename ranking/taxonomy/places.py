"""Countries, regions, states and cities read from their data files."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

from ranking.taxonomy.collection import SurfaceCollection
from ranking.taxonomy.entries import COMMON_WORD, DEMONYM, LANGUAGES, PLAIN
from ranking.taxonomy.inflection import inflections
from ranking.taxonomy.sources import Phrase, Record, folded, list_of, phrase, phrases, read_tables, text_of

_GERMAN_ADJECTIVE = ("", "e", "er", "en", "es", "em")
_SUBDIVIDED = ("US", "CA")
_WORDS_OF_TWO = frozenset(
    ("in", "or", "me", "ok", "hi", "al", "la", "de", "id", "pa", "on", "ai", "it")
)  # rather than states
_SAFE_LENGTH = 6  # shorter names in the other languages are words elsewhere ("Çad" is Chad in Turkish)


class Region(TypedDict):
    """A group of countries, or a state (`country` set, no members)."""

    name: str
    members: list[str]
    parent: str | None
    country: str | None


class City(TypedDict):
    """A city with its country, and its state where we tell states apart."""

    name: str
    country: str
    region: str | None


class Geography(NamedTuple):
    """All places.

    `homes` maps each country to the one region it widens to, lookups map folded wording to codes.
    """

    countries: dict[str, str]
    regions: dict[str, Region]
    homes: dict[str, str]
    cities: dict[str, City]
    country_lookup: dict[str, str]
    region_lookup: dict[str, str]
    city_names: dict[str, list[str]]


class _NamedCity(NamedTuple):
    code: str
    city: City
    names: tuple[Phrase, ...]


def geography(collection: SurfaceCollection, folder: Path) -> Geography:
    """Return every place and collect their names."""
    countries, country_lookup = _countries(collection, folder)
    regions, homes, region_lookup = _regions(collection, folder, frozenset(countries))
    states = read_tables("states", folder)
    _states(collection, states, regions, region_lookup)
    cities: dict[str, City] = {}
    city_names: dict[str, list[str]] = {}
    for named in _cities(folder, states):
        if named.code in cities:
            raise ValueError(f"city {named.code} is given twice")
        cities[named.code] = named.city
        for name in dict.fromkeys((folded(named.code), *(name.text for name in named.names))):
            city_names.setdefault(name, []).append(named.code)
        collection.add("city", named.code, _city_surfaces(named, countries, states))
    return Geography(countries, regions, homes, cities, country_lookup, region_lookup, city_names)


def _countries(collection: SurfaceCollection, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    generated: dict[str, dict[str, str]] = json.loads((folder / "countries.json").read_text(encoding="utf-8"))
    written = read_tables("countries", folder)
    common = {folded(word) for word in list_of(written.pop("common_words", {}), "any")}
    lookup: dict[str, str] = {}
    for code, names in generated.items():
        record = written.get(code, {})
        for short in (code.lower(), names["alpha3"].lower()):
            lookup.setdefault(short, code)
        spelled = [phrase(name, lang) for lang, name in names.items() if lang != "alpha3"]
        lookup_only = {
            name.raw for name in spelled if name.lang not in LANGUAGES and len(name.text) < _SAFE_LENGTH
        }
        lookup_only -= {name.raw for name in spelled if name.lang in LANGUAGES}
        spelled = [name._replace(lang=name.lang if name.lang in LANGUAGES else "") for name in spelled]
        spelled += phrases(record)
        shown = [
            name._replace(weight=COMMON_WORD) if name.text in common else name
            for name in spelled
            if name.raw not in lookup_only
        ]
        collection.add("country", code, shown)
        collection.add("country", code, _demonyms(record))
        lookup.update({name.text: code for name in spelled})
    return {code: names["en"] for code, names in generated.items()}, lookup


def _demonyms(record: Record) -> Iterator[Phrase]:
    """Yield "German", "deutsche", "tedeschi", ...; a stem ending in "*" takes the endings of a German adjective."""
    for lang in LANGUAGES:
        for raw in list_of(record, f"demonyms_{lang}"):
            word = phrase(raw.replace("*", ""), lang)
            weight = COMMON_WORD if word.weight == COMMON_WORD else DEMONYM
            endings = _GERMAN_ADJECTIVE if "*" in raw else ("",)
            forms = [word.text + ending for ending in endings]
            if lang in ("fr", "es", "pt", "it"):
                forms += inflections(word.text, lang)
            for form in forms:
                yield word._replace(text=form, weight=weight)


def _regions(
    collection: SurfaceCollection, folder: Path, countries: frozenset[str]
) -> tuple[dict[str, Region], dict[str, str], dict[str, str]]:
    tables = read_tables("regions", folder)
    regions: dict[str, Region] = {}
    homes: dict[str, str] = {}
    lookup: dict[str, str] = {}
    for code, record in tables.items():
        for country in list_of(record, "home"):
            if homes.setdefault(country, code) != code:
                raise ValueError(f"{country} has two home regions: {homes[country]} and {code}")
        regions[code] = Region(
            name=text_of(record, "name"),
            members=sorted(_members(tables, code)),
            parent=text_of(record, "parent") or None,
            country=None,
        )
        taken = collection.add("region", code, phrases(record))
        lookup.update(dict.fromkeys((folded(code), *(form.text for form in taken)), code))
    stray = countries.symmetric_difference(homes)
    if stray:
        raise ValueError(f"countries without home region, or unknown: {sorted(stray)}")
    return regions, homes, lookup


def _members(tables: dict[str, Record], code: str) -> set[str]:
    """Return the countries of a region: its own, and those of the regions named with "@"."""
    members = set(list_of(tables[code], "home"))
    for member in list_of(tables[code], "members"):
        members |= _members(tables, member[1:]) if member.startswith("@") else {member}
    return members - set(list_of(tables[code], "without"))


def _states(
    collection: SurfaceCollection,
    states: dict[str, Record],
    regions: dict[str, Region],
    lookup: dict[str, str],
) -> None:
    for code, record in states.items():
        names = tuple(phrases(record))
        regions[code] = Region(
            name=names[0].raw, members=[], parent=None, country=code.partition("_")[0].upper()
        )
        collection.add("region", code, names)
        shorts = (phrase(f"{short}~", "") for short in list_of(record, "short"))
        collection.add("region", code, (short for short in shorts if short.text not in _WORDS_OF_TWO))
        for name in (folded(code), *(form.text for form in names)):
            lookup.setdefault(name, code)
        for short in list_of(record, "short"):
            lookup.setdefault(folded(short), code)


def _cities(folder: Path, states: dict[str, Record]) -> Iterator[_NamedCity]:
    for country, table in read_tables("cities", folder).items():
        for key, value in table.items():
            if isinstance(value, str):
                yield _city(key, value, country, None)
            elif isinstance(value, dict):
                state = f"{country.lower()}_{key}"
                if state not in states:
                    raise ValueError(f"unknown state {state}")
                for code, names in value.items():
                    yield _city(code, names, country, state)


def _city(code: str, names: str, country: str, region: str | None) -> _NamedCity:
    read = tuple(phrase(raw.strip(), "") for raw in names.split(","))
    return _NamedCity(code, City(name=read[0].raw, country=country, region=region), read)


def _city_surfaces(
    named: _NamedCity, countries: dict[str, str], states: dict[str, Record]
) -> Iterable[Phrase]:
    """Yield the names a prompt may use; beside its country or state an ordinary word ("Nice", "Reading") is a plain name."""
    region = named.city["region"]
    qualifiers: list[str] = []
    if region and named.city["country"] in _SUBDIVIDED:
        qualifiers += [text_of(states[region], "short"), text_of(states[region], "any")]
    for name in named.names:
        ordinary = name.weight == COMMON_WORD
        yield name
        beside = (
            [*qualifiers, countries[named.city["country"]], named.city["country"]] if ordinary else qualifiers
        )
        for qualifier in beside:
            first = qualifier.partition(",")[0]
            yield name._replace(text=f"{name.text} {folded(first)}", weight=PLAIN)
