"""What a prompt and a directory call the same trade leads to the same code."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.taxonomy.sources import DATA_FOLDER, folded, list_of, read_tables, split, text_of

TAXONOMY = load_taxonomy()
INDUSTRIES = read_tables("industries", DATA_FOLDER)


def _codes(text: str) -> set[str]:
    return {entry.code for entry in TAXONOMY.surfaces.entries(text) if entry.kind == "industry"}


@pytest.mark.parametrize("code", INDUSTRIES)
def test_prompt_wording_of_an_industry_is_understood_in_a_directory(code: str) -> None:
    wording = {
        folded(raw.rstrip("~"))
        for lang in ("any", "en", "de", "fr", "es", "pt", "it", "nl")
        for raw in list_of(INDUSTRIES[code], lang)
    }
    assert {
        text: TAXONOMY.industry_code(text)
        for text in wording
        if TAXONOMY.industry_code(text) not in _codes(text)
    } == {}


@pytest.mark.parametrize("code", INDUSTRIES)
def test_directory_wording_that_a_prompt_may_use_means_the_same_there(code: str) -> None:
    names = [folded(raw) for raw in split(text_of(INDUSTRIES[code], "directory"), ";")]
    assert {name: _codes(name) for name in names if _codes(name) and code not in _codes(name)} == {}


@pytest.mark.parametrize(
    ("asked_for", "in_a_directory"),
    [
        ("consulting firms", "Consulting"),
        ("Beratungsunternehmen", "Consulting"),
        ("cabinets de conseil", "Management Consulting"),
        ("hotels and restaurants", "Hotels & Restaurants"),
        ("energy and utility companies", "Energy & Utilities"),
        ("food and beverage producers", "Food & Beverage"),
        ("indústrias de alimentos e bebidas", "Food & Beverage"),
        ("public sector bodies", "Government"),
        ("société de services financiers", "Financial Services"),
        ("engineering consultancies", "Engineering Consulting"),
        ("estate agents", "Real Estate Agents and Brokers"),
        ("insurance brokers", "Insurance Agencies and Brokerages"),
        ("foundations", "Foundations"),
        ("publishers", "Book and Periodical Publishing"),
        ("breweries", "Breweries"),
        ("marketplaces", "Internet Marketplace Platforms"),
        ("municipalities", "Municipalities"),
        ("car dealers", "Car Dealers"),
        ("accounting firms", "Accounting"),
        ("trucking companies", "Truck Transportation"),
        ("chemical companies", "Chemical Manufacturing"),
        ("retailers", "Retail Trade"),
        ("property companies", "Property"),
    ],
)
def test_everyday_wording_reaches_the_code_of_the_directory(asked_for: str, in_a_directory: str) -> None:
    query = parse(f"CRM for {asked_for}", TAXONOMY)

    assert query.include.industries == (TAXONOMY.industry_code(in_a_directory),)
