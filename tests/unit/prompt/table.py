"""Reads the table of prompts and resolves its English wording in a taxonomy."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ranking.prompt.collection import describe
from ranking.taxonomy.entries import Kind
from ranking.taxonomy.model import Taxonomy
from ranking.taxonomy.sizes import NAMED_SIZES
from ranking.text import words
from ranking.types import Exclusions, Query, Targets

KINDS: dict[str, Kind] = {
    "industries": "industry",
    "countries": "country",
    "regions": "region",
    "cities": "city",
    "technologies": "technology",
    "stages": "stage",
    "roles": "role",
    "seniorities": "seniority",
    "concepts": "concept",
    "size": "size",
}
INCLUDED = tuple(spec.name for spec in dataclasses.fields(Targets))
EXCLUDED = tuple(spec.name for spec in dataclasses.fields(Exclusions))
FREE = frozenset({"concepts", "keywords", "language"})


class Case(NamedTuple):
    """A prompt and what must be read from it: field ("not industries") -> values."""

    prompt: str
    expected: dict[str, list[str]]


def read_table(path: Path) -> Iterator[Case]:
    prompt = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("    "):
            yield Case(prompt, dict(_field(part) for part in line.split(";")))
        elif line and not line.startswith("#"):
            prompt = line


def read_blocks(path: Path) -> Iterator[tuple[str, ...]]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    for block in "\n".join(lines).split("\n\n"):
        if block.strip():
            yield tuple(block.strip().splitlines())


def _field(text: str) -> tuple[str, list[str]]:
    name, _, values = text.strip().partition(":")
    return name, [value.strip() for value in values.split(",") if value.strip()]


def resolved(expected: dict[str, list[str]], taxonomy: Taxonomy) -> dict[str, set[str]]:
    """Return the expected fields as codes; a size becomes the head count it names."""
    fields: dict[str, set[str]] = {}
    for name, values in expected.items():
        if name == "not startups":
            fields["not employees"] = {"1-10"}
            fields["not stages"] = {"pre_seed", "seed", "early"}
            continue
        plain = name.removeprefix("not ")
        side = name.removesuffix(plain)
        kind = KINDS.get(plain)
        found = {
            code for value in values for code in (_codes(value, kind, taxonomy) if kind else [_text(value)])
        }
        if plain == "size":
            found = {describe(NAMED_SIZES[code]) for code in found}
        fields.setdefault(side + ("employees" if plain == "size" else plain), set()).update(found)
    return fields


def _codes(value: str, kind: Kind, taxonomy: Taxonomy) -> list[str]:
    codes = [entry.code for entry in taxonomy.surfaces.entries(" ".join(words(value))) if entry.kind == kind]
    assert codes, f"the taxonomy knows no {kind} called {value!r}"
    return codes[:1] if kind in ("industry", "country", "region", "city") else codes


def _text(value: str) -> str:
    return f"0{value}" if value.startswith("-") else value


def parsed(query: Query) -> dict[str, set[str]]:
    """Return the fields of a query under the table's names, empty ones left out."""
    fields = {name: set(map(describe, getattr(query.include, name))) for name in INCLUDED}
    fields |= {f"not {name}": set(map(describe, getattr(query.exclude, name))) for name in EXCLUDED}
    fields |= {
        "concepts": set(query.product.concepts),
        "keywords": set(query.product.keywords),
        "comparisons": set(query.product.comparisons),
        "exemplars": set(query.exemplars),
        "limit": set() if query.limit is None else {str(query.limit)},
        "language": {query.language},
    }
    return {name: values for name, values in fields.items() if values}


def differences(case: Case, query: Query, taxonomy: Taxonomy) -> dict[str, tuple[set[str], set[str]]]:
    """Return field -> (expected, parsed) where they differ; FREE fields count only where the table names them."""
    expected, found = resolved(case.expected, taxonomy), parsed(query)
    names = set(expected) | (set(found) - FREE)
    return {
        name: (expected.get(name, set()), found.get(name, set()))
        for name in sorted(names)
        if expected.get(name, set()) != found.get(name, set())
    }
