"""Industries, stages, technologies, concepts, sizes, roles and seniorities read from their data files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

from ranking.taxonomy.collection import SurfaceCollection
from ranking.taxonomy.entries import LANGUAGES, PLAIN, Entry, Kind
from ranking.taxonomy.sizes import NAMED_SIZES
from ranking.taxonomy.sources import (
    Phrase,
    Record,
    folded,
    list_of,
    phrase,
    phrases,
    read_tables,
    split,
    text_of,
    weights_of,
)
from ranking.text import words

_TRADE_WORDS: Final = frozenset(
    words(
        """manufacturing production transportation transport contractors construction retail wholesale schools carriers agencies
        brokers brokerages organizations institutes stores dealers practices airlines hospitals distribution farming mining leasing
        banking building makers utilities railroad laboratories consulting generation trucking"""
    )
)

Meaning = tuple[str, str, str, float]
Group = tuple[list[Meaning], str]

_RANKS: Final = {"head of": "head", "vp": "vp", "vp of": "vp", "director of": "director"}


class Node(TypedDict):
    """A code of a two-level tree."""

    name: str
    parent: str | None


class Technology(TypedDict):
    """A product or tool; `concepts` are what it belongs to."""

    name: str
    category: str
    concepts: list[str]


class CompiledConcept(TypedDict):
    """`Concept` in JSON."""

    name: str
    surfaces: dict[str, str]
    strong: str
    need: list[str]
    roles: dict[str, float]
    technologies: dict[str, float]
    industries: list[str]
    parent: str | None


class Affixes(TypedDict):
    """Beginnings and endings of compound titles ("Vertriebs-", "-leiter") and what they mean: kind and code."""

    prefixes: dict[str, tuple[str, str]]
    suffixes: dict[str, tuple[str, str]]


class IndustryTree(NamedTuple):
    """Industry codes, and every wording of a directory -> code."""

    nodes: dict[str, Node]
    lookup: dict[str, str]


class Stages(NamedTuple):
    """Stage codes from earliest to latest, and wording -> code."""

    nodes: list[str]
    lookup: dict[str, str]


class Technologies(NamedTuple):
    """Technology codes, and alias -> code."""

    nodes: dict[str, Technology]
    lookup: dict[str, str]


class Titles(NamedTuple):
    """Roles, seniorities from the highest, the phrases of titles and the affixes of compounds."""

    roles: dict[str, Node]
    seniorities: list[str]
    phrases: list[Group]
    affixes: Affixes


def industries(collection: SurfaceCollection, folder: Path) -> IndustryTree:
    """Return the industry tree; directory wording wins over surfaces, surfaces over their inflections."""
    tables = read_tables("industries", folder)
    return IndustryTree(_nodes(tables), _lookup(collection, "industry", tables))


def directory_trades(collection: SurfaceCollection, folder: Path) -> None:
    """Collect a directory's wording of trades that nothing else is called, so that prompts may use it too.

    To be called last. Only wording that can be nothing but a trade counts ("Truck Transportation", not "Remote Work").
    """
    taken = {text for _, text in collection.meanings()}
    for code, record in read_tables("industries", folder).items():
        names = {folded(raw) for raw in split(text_of(record, "directory"), ";")} - taken
        trades = [
            name for name in sorted(names) if " " in name and not _TRADE_WORDS.isdisjoint(name.split(" "))
        ]
        collection.add("industry", code, (phrase(name, "") for name in trades))


def stages(collection: SurfaceCollection, folder: Path) -> Stages:
    """Return funding stages in order of the file."""
    tables = read_tables("stages", folder)
    return Stages(list(tables), _lookup(collection, "stage", tables))


def sizes(collection: SurfaceCollection, folder: Path) -> None:
    """Collect the wording of named sizes; raise on a name without a range."""
    for code, record in read_tables("sizes", folder).items():
        if code not in NAMED_SIZES:
            raise ValueError(f"size {code} has no range")
        collection.add("size", code, phrases(record))


def technologies(collection: SurfaceCollection, folder: Path) -> Technologies:
    """Return technologies by code; each category's `concepts` hold for all its products."""
    nodes: dict[str, Technology] = {}
    lookup: dict[str, str] = {}
    for category, table in read_tables("technologies", folder).items():
        shared = list_of(table, "concepts")
        for code in table:
            if code == "concepts":
                continue
            if code in nodes:
                raise ValueError(f"technology {code} is given twice")
            names = [phrase(raw, "") for raw in list_of(table, code)]
            nodes[code] = Technology(name=names[0].raw, category=category, concepts=list(shared))
            collection.add("technology", code, names)
            _put(lookup, (name.text for name in names), code, "technology")
    by_code = {folded(code): code for code in nodes}
    return Technologies(nodes, {**by_code, **lookup})


def concepts(
    collection: SurfaceCollection, folder: Path, tools: dict[str, Technology]
) -> dict[str, CompiledConcept]:
    """Return product concepts; the tools of their categories have relevance 1."""
    own: dict[str, dict[str, float]] = {}
    for code, tool in tools.items():
        for concept in tool["concepts"]:
            own.setdefault(concept, {})[code] = PLAIN
    tables = read_tables("concepts", folder)
    return {
        code: _concept(collection, code, record, own.get(code, {})) for code, record in sorted(tables.items())
    }


def _concept(
    collection: SurfaceCollection, code: str, record: Record, own: dict[str, float]
) -> CompiledConcept:
    plain = [form for form in collection.add("concept", code, phrases(record)) if form.weight == PLAIN]
    return CompiledConcept(
        name=text_of(record, "name"),
        surfaces={lang: _texts(form for form in plain if form.lang in ("", lang)) for lang in LANGUAGES},
        strong=_texts(plain),
        need=[folded(raw) for raw in list_of(record, "need")],
        roles=weights_of(record, "roles"),
        technologies={**weights_of(record, "technologies"), **own},
        industries=list(list_of(record, "industries")),
        parent=text_of(record, "parent") or None,
    )


def titles(collection: SurfaceCollection, folder: Path) -> Titles:
    """Return roles and seniorities.

    Their phrases are surfaces of prompts too, but for those under `title`.
    """
    titles_only = SurfaceCollection()
    roles = read_tables("roles", folder)
    ranks = read_tables("seniorities", folder)
    for kind, tables in (("role", roles), ("seniority", ranks)):
        for code, record in tables.items():
            _add_title(collection, titles_only, "role" if kind == "role" else "seniority", code, record)
    for code, record in read_tables("executives", folder).items():
        for role in list_of(record, "roles"):
            _add_title(collection, titles_only, "role", role, record)
        if not text_of(record, "seniority"):
            raise ValueError(f"executive {code} has no seniority")
        _add_title(collection, titles_only, "seniority", text_of(record, "seniority"), record)
    affixes = read_tables("affixes", folder)
    return Titles(
        _nodes(roles),
        list(ranks),
        grouped(titles_only),
        Affixes(prefixes=_affixes(affixes, "prefixes"), suffixes=_affixes(affixes, "suffixes")),
    )


def _add_title(
    collection: SurfaceCollection, titles_only: SurfaceCollection, kind: Kind, code: str, record: Record
) -> None:
    forms = tuple(phrases(record))
    collection.add(kind, code, forms)
    titles_only.add(kind, code, forms)
    titles_only.add(kind, code, (phrase(raw, "") for raw in list_of(record, "title")))
    if kind == "role":
        for form in forms:
            for rank in _ranks(form.text):
                collection.add("seniority", rank, (form,))
                titles_only.add("seniority", rank, (form,))


def _ranks(title: str) -> set[str]:
    """Return the seniorities that a role's phrase names beside the role: "head of payroll"."""
    return {rank for lead, rank in _RANKS.items() if title.startswith(f"{lead} ")}


def _affixes(tables: dict[str, Record], key: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for code, record in tables.items():
        for affix in list_of(record, key):
            found[folded(affix)] = (text_of(record, "kind"), code)
    return found


def _nodes(tables: dict[str, Record]) -> dict[str, Node]:
    nodes = {
        code: Node(name=text_of(record, "name"), parent=text_of(record, "parent") or None)
        for code, record in tables.items()
    }
    for code, node in nodes.items():
        parent = node["parent"]
        if not node["name"] or (parent and nodes.get(parent, {"parent": code})["parent"]):
            raise ValueError(f"{code} has no name, or its parent is unknown or no top-level code")
    return nodes


def _lookup(collection: SurfaceCollection, kind: Kind, tables: dict[str, Record]) -> dict[str, str]:
    directory: dict[str, str] = {}
    plain: dict[str, str] = {}
    inflected: dict[str, str] = {}
    for code, record in tables.items():
        names = [folded(raw) for raw in split(text_of(record, "directory"), ";")]
        _put(directory, [folded(code), *names], code, kind)
        written = tuple(phrases(record))
        forms = collection.add(kind, code, written)
        for form in (phrase(text_of(record, "name"), "en"), *written):
            plain.setdefault(form.text, code)
        for form in forms:
            inflected.setdefault(form.text, code)
    return {**inflected, **plain, **directory}


def _put(lookup: dict[str, str], texts: Iterable[str], code: str, kind: str) -> None:
    for text in texts:
        if lookup.setdefault(text, code) != code:
            raise ValueError(f"{kind} {text!r} names both {lookup[text]} and {code}")


def _texts(forms: Iterable[Phrase]) -> str:
    return "\n".join(dict.fromkeys(form.text for form in forms))


def grouped(collection: SurfaceCollection) -> list[Group]:
    """Return the collected phrases, those with equal meanings joined by newlines."""
    groups: dict[tuple[Entry, ...], list[str]] = {}
    for text, entries in collection.entries().items():
        groups.setdefault(tuple(entries), []).append(text)
    return [
        ([(entry.kind, entry.code, entry.lang, entry.weight) for entry in entries], "\n".join(texts))
        for entries, texts in groups.items()
    ]


def by_code(lookup: Mapping[str, str]) -> dict[str, str]:
    """Return code -> its texts joined by newlines."""
    texts: dict[str, list[str]] = {}
    for text, code in sorted(lookup.items()):
        texts.setdefault(code, []).append(text)
    return {code: "\n".join(found) for code, found in texts.items()}
