"""The world's own words: products, industries, places, names and texts, read from `lexicon/*.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ingest.synthetic.grammar import Skeleton, compile_skeleton
from ingest.synthetic.spec import LANGUAGES

_FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, slots=True)
class Product:
    """One category of product and the words around it; `names` has one entry per language."""

    key: str
    names: tuple[str, ...]
    terms: tuple[str, ...]
    tools: tuple[str, ...]
    roles: tuple[str, ...]
    pains: tuple[str, ...]
    department: str
    pool: tuple[str, ...]
    size: tuple[int, int]

    def lexicon(self) -> tuple[str, ...]:
        """Words, in lower case, one of which makes a text on-topic: terms, names in every language, tools."""
        return tuple(sorted({word.lower() for word in (*self.terms, *self.names, *self.tools)}))


@dataclass(frozen=True, slots=True)
class Industry:
    """One industry; `subs` pairs a sub-industry with what its companies offer."""

    key: str
    share: float
    words: tuple[str, ...]
    targets: tuple[str, ...]
    not_sub: str
    not_words: tuple[str, ...]
    subs: tuple[tuple[str, tuple[str, ...]], ...]
    name_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """One country; `cities` pairs a city with its region."""

    code: str
    share: float
    language: str
    tld: str
    forms: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A place that a prompt can name; `wider` is the next larger one, empty when there is none."""

    key: str
    weight: float
    wider: str
    countries: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """One language's texts: skeletons by class, word lists, department names."""

    classes: dict[str, tuple[Skeleton, ...]]
    words: dict[str, tuple[str, ...]]
    departments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Word lists for names and titles, by kind and language."""

    companies: dict[str, tuple[str, ...]]
    first: dict[str, tuple[str, ...]]
    last: dict[str, tuple[str, ...]]
    titles: dict[str, tuple[str, ...]]
    neutral: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the world can say."""

    products: tuple[Product, ...]
    industries: tuple[Industry, ...]
    countries: tuple[Country, ...]
    areas: dict[str, Area]
    exclusions: dict[str, tuple[str, ...]]
    voices: dict[str, Voice]
    names: Names
    prompts: dict[str, dict[str, Any]]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


def _product(key: str, row: dict[str, str]) -> Product:
    low, high = row["size"].split("-")
    return Product(
        key=key,
        names=_split(row["names"]),
        terms=_split(row["terms"]),
        tools=_split(row["tools"]),
        roles=_split(row["roles"]),
        pains=_split(row["pains"]),
        department=row["dept"],
        pool=_split(row["pool"]),
        size=(int(low), int(high)),
    )


def _industry(key: str, row: dict[str, Any]) -> Industry:
    not_sub, *not_words = _split(row["not_sub"])
    subs = []
    for line in row["subs"]:
        name, offers = line.split(": ", 1)
        subs.append((name, tuple(offers.split(" / "))))
    return Industry(
        key=key,
        share=row["share"],
        words=_split(row["words"]),
        targets=_split(row["targets"]),
        not_sub=not_sub,
        not_words=tuple(not_words),
        subs=tuple(subs),
        name_words=_split(row["name_words"]),
    )


def _country(code: str, row: dict[str, Any]) -> Country:
    pairs = [city.split(":") for city in _split(row["cities"])]
    cities = tuple((city, region) for city, region in pairs)
    return Country(code, row["share"], row["lang"], row["tld"], _split(row["forms"]), cities)


def _voice(language: str) -> Voice:
    rows = _read(f"texts_{language}")
    classes = {
        name: tuple(compile_skeleton(line) for line in lines) for name, lines in rows["classes"].items()
    }
    words = {name: _split(line) for name, line in rows["words"].items()}
    return Voice(classes, words, rows["departments"])


def _names() -> Names:
    rows = _read("names")
    lists = {kind: {name: _split(line) for name, line in table.items()} for kind, table in rows.items()}
    return Names(
        companies=lists["companies"],
        first=lists["first_names"],
        last=lists["last_names"],
        titles=lists["titles"],
        neutral=lists["technologies"]["neutral"],
    )


@cache
def vocabulary() -> Vocabulary:
    """The lexicon, read once."""
    places = _read("places")
    areas = {
        key: Area(key, row["weight"], row["wider"], _split(row["countries"]), _split(row["names"]))
        for key, row in places["areas"].items()
    }
    return Vocabulary(
        products=tuple(_product(key, row) for key, row in _read("products").items()),
        industries=tuple(_industry(key, row) for key, row in _read("industries").items()),
        countries=tuple(_country(code, row) for code, row in places["countries"].items()),
        areas=areas,
        exclusions={code: _split(line) for code, line in places["nots"].items()},
        voices={language: _voice(language) for language in LANGUAGES},
        names=_names(),
        prompts=_read("prompts"),
    )
