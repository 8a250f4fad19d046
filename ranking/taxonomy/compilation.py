"""The data files compiled into one JSON document, `data/compiled.json`, which is what `load_taxonomy` reads.

Parsing TOML and inflecting takes seconds, reading the result tens of milliseconds. Run `python -m ranking.taxonomy.compilation` after a
change of the data; a test regenerates the document and compares.
"""

import hashlib
import json
from pathlib import Path
from typing import Final, TypedDict

from ranking.taxonomy import places, vocabulary
from ranking.taxonomy.collection import SurfaceCollection
from ranking.taxonomy.sources import DATA_FOLDER

COMPILED: Final = DATA_FOLDER / "compiled.json"


class CompiledTaxonomy(TypedDict):
    """The layout of `compiled.json`.

    Phrases that mean the same are joined by newlines, which loads five times faster.
    """

    version: str
    industries: dict[str, vocabulary.Node]
    roles: dict[str, vocabulary.Node]
    seniorities: list[str]
    stages: list[str]
    technologies: dict[str, vocabulary.Technology]
    concepts: dict[str, vocabulary.CompiledConcept]
    countries: dict[str, str]
    regions: dict[str, places.Region]
    homes: dict[str, str]
    cities: dict[str, places.City]
    lookups: dict[str, dict[str, str]]
    city_names: dict[str, str]
    titles: list[vocabulary.Group]
    affixes: vocabulary.Affixes
    surfaces: list[vocabulary.Group]


def compile_data(folder: Path = DATA_FOLDER) -> CompiledTaxonomy:
    """Return the whole taxonomy of the data files in `folder`.

    Raise ValueError where they contradict themselves.
    """
    collection = SurfaceCollection()
    industries = vocabulary.industries(collection, folder)
    stages = vocabulary.stages(collection, folder)
    technologies = vocabulary.technologies(collection, folder)
    concepts = vocabulary.concepts(collection, folder, technologies.nodes)
    vocabulary.sizes(collection, folder)
    titles = vocabulary.titles(collection, folder)
    geography = places.geography(collection, folder)
    vocabulary.directory_trades(collection, folder)
    compiled = CompiledTaxonomy(
        version="",
        industries=industries.nodes,
        roles=titles.roles,
        seniorities=titles.seniorities,
        stages=stages.nodes,
        technologies=technologies.nodes,
        concepts=concepts,
        countries=geography.countries,
        regions=geography.regions,
        homes=geography.homes,
        cities=geography.cities,
        lookups={
            "industry": vocabulary.by_code(industries.lookup),
            "stage": vocabulary.by_code(stages.lookup),
            "technology": vocabulary.by_code(technologies.lookup),
            "country": vocabulary.by_code(geography.country_lookup),
            "region": vocabulary.by_code(geography.region_lookup),
        },
        city_names=vocabulary.by_code(
            {name: " ".join(codes) for name, codes in geography.city_names.items()}
        ),
        titles=titles.phrases,
        affixes=titles.affixes,
        surfaces=vocabulary.grouped(collection),
    )
    compiled["version"] = hashlib.sha256(serialise(compiled)).hexdigest()[:12]
    return compiled


def serialise(compiled: CompiledTaxonomy) -> bytes:
    """Return the document as it is committed: UTF-8 JSON with one section per line."""
    sections = (
        f"{json.dumps(name)}: {json.dumps(section, ensure_ascii=False, separators=(',', ':'))}"
        for name, section in compiled.items()
    )
    return ("{\n" + ",\n".join(sections) + "\n}\n").encode()


if __name__ == "__main__":
    COMPILED.write_bytes(serialise(compile_data()))
