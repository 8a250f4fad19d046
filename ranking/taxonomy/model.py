"""Codes of everything a query or a record can name, and the wording that leads to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from ranking.taxonomy.entries import LANGUAGES, Concept, Entry, Kind
from ranking.taxonomy.surfaces import SurfaceIndex
from ranking.taxonomy.titles import TitleReader
from ranking.text import words

if TYPE_CHECKING:
    from ranking.taxonomy.compilation import CompiledTaxonomy
    from ranking.taxonomy.vocabulary import CompiledConcept, Group, Node

_ARROW = re.compile(r"->|>|:|→")
_SEPARATOR = re.compile(r"[/,;&|()>:→]|->|\band\b")
_FILLER_WORDS = """and und et y e ed en the industry industries sector company companies business businesses firm firms branche
unternehmen firmen secteur entreprises empresas aziende bedrijven other"""
_FILLER = frozenset(_FILLER_WORDS.split())


class Taxonomy:
    """The shipped taxonomy.

    Immutable. Upper-case tuples are sorted, their index is the code's integer in a snapshot.
    """

    def __init__(self, compiled: CompiledTaxonomy) -> None:
        self.version: str = compiled["version"]
        self.INDUSTRIES: tuple[str, ...] = tuple(sorted(compiled["industries"]))
        self.COUNTRIES: tuple[str, ...] = tuple(sorted(compiled["countries"]))
        self.REGIONS: tuple[str, ...] = tuple(sorted(compiled["regions"]))
        self.CITIES: tuple[str, ...] = tuple(sorted(compiled["cities"]))
        self.TECHNOLOGIES: tuple[str, ...] = tuple(sorted(compiled["technologies"]))
        self.STAGES: tuple[str, ...] = tuple(sorted(compiled["stages"]))
        self.SENIORITIES: tuple[str, ...] = tuple(sorted(compiled["seniorities"]))
        self.ROLES: tuple[str, ...] = tuple(sorted(compiled["roles"]))
        self.CONCEPTS: tuple[str, ...] = tuple(sorted(compiled["concepts"]))
        self.surfaces = SurfaceIndex(_index(compiled["surfaces"]))
        self._compiled = compiled
        self._lookups = {kind: _by_text(texts) for kind, texts in compiled["lookups"].items()}
        self._city_names = _by_text(compiled["city_names"])
        self._concepts = {code: _concept(code, record) for code, record in compiled["concepts"].items()}
        self._industry_families = _families(compiled["industries"])
        self._role_families = _families(compiled["roles"])
        self._members = {code: frozenset(region["members"]) for code, region in compiled["regions"].items()}
        self._titles = TitleReader(
            SurfaceIndex(_index(compiled["titles"])),
            compiled["affixes"]["prefixes"],
            compiled["affixes"]["suffixes"],
        )
        self._rank = {code: place for place, code in enumerate(compiled["seniorities"])}

    def industry_code(self, text: str) -> str | None:
        """Return the most specific industry a directory's wording names, None when it names none we know."""
        lookup = self._lookups["industry"]
        for part in _parts(text):
            tokens = words(part)
            plain = [token for token in tokens if token not in _FILLER]
            found = lookup.get(" ".join(tokens)) or lookup.get(" ".join(plain))
            if found is not None:
                return found
        return None

    def industry_parent(self, code: str) -> str | None:
        """Return the top-level industry of a sub-industry, None for a top-level one."""
        return self._compiled["industries"][code]["parent"]

    def industry_children(self, code: str) -> frozenset[str]:
        """Return an industry with its sub-industries, itself included."""
        return self._industry_families[code]

    def country_code(self, text: str) -> str | None:
        """Return ISO 3166-1 alpha-2 from a code (alpha-2, alpha-3) or a name in any language we know."""
        return self._lookups["country"].get(_key(text))

    def region_code(self, text: str) -> str | None:
        """Return a region ("dach") or state ("us_ca") from its code or name."""
        return self._lookups["region"].get(_key(text))

    def region_countries(self, region: str) -> frozenset[str]:
        """Return the countries of a region; empty for a state."""
        return self._members[region]

    def country_region(self, country: str) -> str:
        """Return the one region a country widens to."""
        return self._compiled["homes"][country]

    def region_parent(self, region: str) -> str | None:
        """Return the broader region, None for a continent or a state."""
        return self._compiled["regions"][region]["parent"]

    def region_country(self, region: str) -> str | None:
        """Return the country of a state, None for a group of countries."""
        return self._compiled["regions"][region]["country"]

    def city_code(self, text: str, country: str | None = None) -> str | None:
        """Return the city of that name, in `country` if given, else the best known one.

        What follows a comma ("Portland, ME", "Dublin, Ireland") decides between namesakes when it names a state or country.
        """
        known = self._city_names.get(_key(text))
        head, _, tail = text.partition(",")
        if known is None:
            known = self._city_names.get(_key(head), "")
        state = self.region_code(tail) if tail else None
        within = country or (self.country_code(tail) if tail and not state else None)
        for code in known.split():
            if within not in {None, self.city_country(code)}:
                continue
            if state is None or self.region_country(state) is None or self.city_region(code) == state:
                return code
        return None

    def city_country(self, city: str) -> str:
        """Return the ISO code of a city's country."""
        return self._compiled["cities"][city]["country"]

    def city_region(self, city: str) -> str | None:
        """Return the state of a city where states are known."""
        return self._compiled["cities"][city]["region"]

    def technology_code(self, text: str) -> str | None:
        """Return the technology of that name or alias."""
        return self._lookups["technology"].get(_key(text))

    def technology_category(self, code: str) -> str:
        """Return the category of a technology ("crm", "programming_language")."""
        return self._compiled["technologies"][code]["category"]

    def technology_concepts(self, code: str) -> tuple[str, ...]:
        """Return the product concepts a technology belongs to, () for languages and frameworks."""
        return tuple(self._compiled["technologies"][code]["concepts"])

    def stage_code(self, text: str) -> str | None:
        """Return the funding stage of a wording ("Series A", "Seed", "Growth")."""
        return self._lookups["stage"].get(_key(text))

    def seniority_code(self, title: str) -> str | None:
        """Return the highest seniority a title names; interns and trainees stay in training."""
        found = self._titles.read(title).seniorities
        if "training" in found:
            return "training"
        return min(found, key=self._rank.__getitem__, default=None)

    def role_codes(self, title: str) -> tuple[str, ...]:
        """Return departments and specific roles a title names, each role after its department."""
        codes: list[str] = []
        for role in self._titles.read(title).roles:
            parent = self.role_parent(role)
            codes += [parent, role] if parent else [role]
        return tuple(dict.fromkeys(codes))

    def seniority_rank(self, code: str) -> int:
        """Return 0 for the highest seniority (owner), growing downwards."""
        return self._rank[code]

    def role_parent(self, role: str) -> str | None:
        """Return the department of a specific role, None for a department."""
        return self._compiled["roles"][role]["parent"]

    def role_children(self, role: str) -> frozenset[str]:
        """Return a role with the specific roles under it, itself included."""
        return self._role_families[role]

    def concept(self, code: str) -> Concept:
        """Return a product concept; KeyError for an unknown code."""
        return self._concepts[code]

    def display_name(self, kind: Kind, code: str) -> str:
        """Return the English name of a code for answers."""
        compiled = self._compiled
        names: Mapping[Kind, Mapping[str, Mapping[str, object]]] = {
            "industry": compiled["industries"],
            "role": compiled["roles"],
            "technology": compiled["technologies"],
            "concept": compiled["concepts"],
            "region": compiled["regions"],
            "city": compiled["cities"],
        }
        if kind == "country":
            return compiled["countries"][code]
        return str(names[kind][code]["name"]) if kind in names else code.replace("_", " ")


def _key(text: str) -> str:
    return " ".join(words(text))


def _parts(text: str) -> list[str]:
    """Return the whole text, then what follows the last arrow, then its parts in order ("Oil & Energy", "B2B -> Payments")."""
    tail = _ARROW.split(text)[-1]
    return [text, tail, *_SEPARATOR.split(tail), *_SEPARATOR.split(text)]


def _index(groups: Iterable[Group]) -> dict[str, tuple[Entry, ...]]:
    phrases: dict[str, tuple[Entry, ...]] = {}
    for meanings, texts in groups:
        entries = tuple(Entry(cast(Kind, kind), code, lang, weight) for kind, code, lang, weight in meanings)
        phrases.update(dict.fromkeys(texts.split("\n"), entries))
    return phrases


def _by_text(texts: Mapping[str, str]) -> dict[str, str]:
    codes: dict[str, str] = {}
    for code, joined in texts.items():
        codes.update(dict.fromkeys(joined.split("\n"), code))
    return codes


def _families(nodes: Mapping[str, Node]) -> dict[str, frozenset[str]]:
    families: dict[str, set[str]] = {code: {code} for code in nodes}
    for code, node in nodes.items():
        if node["parent"]:
            families[node["parent"]].add(code)
    return {code: frozenset(family) for code, family in families.items()}


def _concept(code: str, record: CompiledConcept) -> Concept:
    return Concept(
        code=code,
        name=record["name"],
        surfaces=MappingProxyType({lang: tuple(record["surfaces"][lang].split("\n")) for lang in LANGUAGES}),
        strong=frozenset(record["strong"].split("\n")),
        need=tuple(record["need"]),
        roles=MappingProxyType(record["roles"]),
        technologies=MappingProxyType(record["technologies"]),
        industries=tuple(record["industries"]),
        parent=record["parent"],
    )
