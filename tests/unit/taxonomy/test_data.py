"""The shipped data contradicts itself nowhere and speaks seven languages."""

from collections import Counter

import pytest

from ranking.taxonomy import LANGUAGES, NAMED_SIZES, load_taxonomy
from ranking.taxonomy.compilation import COMPILED, CompiledTaxonomy, compile_data, serialise
from ranking.taxonomy.sources import list_of, read_tables

TAXONOMY = load_taxonomy()
NAMESAKES = {
    ("city", name)
    for name in (
        "alexandria", "birmingham", "cambridge", "london", "manchester", "portland", "rochester", "san jose", "st petersburg",
    )
} | {("industry", name) for name in ("association", "associations")}  # a French one is any non-profit  # fmt: skip


@pytest.fixture(scope="module")
def compiled() -> CompiledTaxonomy:
    return compile_data()


def test_compiled_document_is_what_the_data_files_say(compiled: CompiledTaxonomy) -> None:
    assert COMPILED.read_bytes() == serialise(compiled)


def test_no_phrase_means_two_things_of_one_kind_unless_they_are_namesakes() -> None:
    doubles = {
        (kind, phrase)
        for phrase, entries in TAXONOMY.surfaces.phrases().items()
        for kind, count in Counter(entry.kind for entry in entries).items()
        if count > 1
    }
    assert doubles == NAMESAKES


def test_every_phrase_leads_to_a_known_code() -> None:
    known = {
        "industry": TAXONOMY.INDUSTRIES, "country": TAXONOMY.COUNTRIES, "region": TAXONOMY.REGIONS, "city": TAXONOMY.CITIES,
        "technology": TAXONOMY.TECHNOLOGIES, "stage": TAXONOMY.STAGES, "seniority": TAXONOMY.SENIORITIES,
        "role": TAXONOMY.ROLES, "concept": TAXONOMY.CONCEPTS, "size": tuple(NAMED_SIZES),
    }  # fmt: skip
    found = {(e.kind, e.code) for entries in TAXONOMY.surfaces.phrases().values() for e in entries}
    assert {(kind, code) for kind, code in found if code not in known[kind]} == set()


@pytest.mark.parametrize("code", TAXONOMY.CONCEPTS)
def test_concept_refers_to_known_codes_and_speaks_seven_languages(code: str) -> None:
    concept = TAXONOMY.concept(code)
    assert set(concept.roles) <= set(TAXONOMY.ROLES)
    assert set(concept.technologies) <= set(TAXONOMY.TECHNOLOGIES)
    assert set(concept.industries) <= set(TAXONOMY.INDUSTRIES)
    assert concept.parent is None or concept.parent in TAXONOMY.CONCEPTS
    assert all(0 < weight <= 1 for weight in (*concept.roles.values(), *concept.technologies.values()))
    assert concept.roles
    assert concept.need
    assert concept.strong
    assert {lang for lang in LANGUAGES if not all(concept.surfaces[lang])} == set()


@pytest.mark.parametrize("prefix", ["industries", "roles", "seniorities", "sizes", "concepts"])
def test_every_language_has_its_own_wording(prefix: str) -> None:
    missing = [
        (code, lang)
        for code, record in read_tables(prefix).items()
        for lang in LANGUAGES
        if not list_of(record, lang)
    ]
    assert missing == []


def test_own_tools_of_a_concept_have_full_relevance() -> None:
    assert TAXONOMY.concept("crm").technologies["salesforce"] == 1.0
    assert TAXONOMY.concept("crm").technologies["outreach"] == 0.6
    assert TAXONOMY.technology_concepts("salesforce") == ("crm",)
    assert TAXONOMY.technology_concepts("python") == ()
    assert TAXONOMY.technology_category("python") == "programming_language"


def test_every_country_widens_to_one_region_that_holds_it() -> None:
    assert all(c in TAXONOMY.region_countries(TAXONOMY.country_region(c)) for c in TAXONOMY.COUNTRIES)


def test_parents_of_regions_hold_their_members() -> None:
    broken = [
        region
        for region in TAXONOMY.REGIONS
        if (parent := TAXONOMY.region_parent(region)) is not None
        and not TAXONOMY.region_countries(region) <= TAXONOMY.region_countries(parent)
    ]
    assert broken == []


def test_the_european_union_has_27_members() -> None:
    assert len(TAXONOMY.region_countries("eu")) == 27
    assert len(TAXONOMY.region_countries("eurozone")) == 27 - 6
