"""What is sold and to whom (F-1)."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy


@pytest.mark.parametrize(
    ("prompt", "category"),
    [
        ("HR software for hospitals", "hr software"),
        ("construction software for banks", "construction software"),
        ("hotel dashboards", "hotel dashboards"),
        ("we sell CRM to banks", "crm"),
        ("banks that need a CRM", "crm"),
        ("logiciel de paie pour hôtels", "logiciel de paie"),
        ("banks in Spain", ""),
        ("our gizmo and a CRM for banks", "crm"),
    ],
)
def test_category_is_the_phrase_of_the_product(prompt: str, category: str):
    assert parse(prompt, load_taxonomy()).product.category == category


@pytest.mark.parametrize(
    ("prompt", "industries", "keywords"),
    [
        ("mining dashboards for banks", ("banking",), ("mining",)),
        ("mining dashboards for Spain", ("mining",), ()),
        ("mining dashboards for SMBs", ("mining",), ()),
        ("insurance for hotels", ("hotels",), ("insurance",)),
        ("hotels for Germany", ("hotels",), ()),
        ("gizmos for German banks", ("banking",), ("gizmos",)),
        ("leads for our gizmos at banks", ("banking",), ("gizmos",)),
        ("our hotels software", ("hotels",), ()),
        ("shiny banks", ("banking",), ("shiny",)),
        ("shiny companies in Spain", (), ("shiny",)),
    ],
)
def test_industry_words_of_the_product_are_no_target(
    prompt: str, industries: tuple[str, ...], keywords: tuple[str, ...]
):
    query = parse(prompt, load_taxonomy())

    assert query.include.industries == industries
    assert query.product.keywords == keywords


@pytest.mark.parametrize(
    ("prompt", "roles"),
    [
        ("CFOs at banks", ("finance",)),
        ("sell to CFOs", ("finance",)),
        ("banks hiring CFOs", ()),
        ("sales training for banks", ()),
        ("we sell sales coaching to banks", ()),
    ],
)
def test_roles_are_targets_unless_hired_or_sold(prompt: str, roles: tuple[str, ...]):
    assert parse(prompt, load_taxonomy()).include.roles == roles


def test_makers_of_a_product_are_an_industry_when_another_product_is_sold():
    taxonomy = load_taxonomy()
    query = parse("payroll for CRM vendors", taxonomy)

    assert query.product.concepts == ("payroll",)
    assert query.include.industries == taxonomy.concept("crm").industries


def test_makers_alone_leave_the_product_a_guess():
    assert parse("CRM vendors", load_taxonomy()).product.concepts == ("crm",)


def test_a_product_the_target_uses_is_a_keyword():
    query = parse("payroll for companies using a CRM", load_taxonomy())

    assert query.product.concepts == ("payroll",)
    assert query.product.keywords == ("crm",)


def test_small_words_name_no_country_or_department():
    query = parse("tell us about it: banks in our area", load_taxonomy())

    assert query.include.countries == ()
    assert query.include.roles == ()


def test_capitals_name_the_country():
    assert parse("US banks", load_taxonomy()).include.countries == ("US",)
    assert parse("banks in us", load_taxonomy()).include.countries == ("US",)


def test_software_for_one_industry_is_sold_to_it_unless_another_is_named():
    taxonomy = load_taxonomy()

    assert parse("construction software", taxonomy).include.industries == ("construction",)
    assert parse("construction software for banks", taxonomy).include.industries == ("banking",)


def test_a_place_the_taxonomy_does_not_know_is_no_keyword():
    query = parse("CRM for banks in Wombat Springs", load_taxonomy())

    assert query.product.keywords == ()
    assert query.confidence < parse("CRM for banks", load_taxonomy()).confidence


@pytest.mark.parametrize(
    ("prompt", "keywords"),
    [
        ("our shop gizmo for banks", ("shop", "gizmo")),
        ("leads for our", ()),
        ("leads for", ()),
        ("gizmos for Germany, Spain", ("gizmos",)),
        ("gizmos on wombats for banks", ("gizmos", "wombats")),
    ],
)
def test_keywords_of_the_product(prompt: str, keywords: tuple[str, ...]):
    assert parse(prompt, load_taxonomy()).product.keywords == keywords


def test_a_trade_is_an_industry_alone_and_a_role_beside_another_industry():
    taxonomy = load_taxonomy()

    assert parse("CRM for architects", taxonomy).include.industries == ("architecture",)
    assert parse("CRM for architects", taxonomy).include.roles == ()
    assert "architecture" not in parse("architects at hospitals", taxonomy).include.industries
