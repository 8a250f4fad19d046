"""Words that are not quite the taxonomy's: slips of the hand, compounds, other small words, marks between words."""

import pytest

from ranking.prompt import parse
from ranking.prompt.typos import corrected
from ranking.taxonomy.loading import load_taxonomy

TAXONOMY = load_taxonomy()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("hotles", "hotels"),
        ("germnay", "DE"),
        ("manufactureres", "manufacturing"),
        ("universites", "universities"),
        ("restaurnts", "restaurants"),
    ],
)
def test_one_slip_of_the_hand_is_forgiven(written: str, meant: str):
    assert meant in {entry.code for entry in corrected(written, TAXONOMY.surfaces)}


@pytest.mark.parametrize("word", ["bnak", "hotels2", "münchn", "xyzzyxyzzy", "planets", "a" * 21])
def test_short_strange_and_far_words_are_left_alone(word: str):
    assert corrected(word, TAXONOMY.surfaces) == ()


def test_names_with_capitals_are_never_corrected():
    assert parse("CRM for Hotles", TAXONOMY).include.industries == ()


@pytest.mark.parametrize(
    ("prompt", "concepts"),
    [
        ("software per la gestione dei contratti", ("contract_management",)),
        ("logiciel pour la gestion des stocks", ("wms",)),
        ("plataforma de gestão de frotas", ("fleet_telematics",)),
        ("software de gestión de zzz", ()),
        ("software, contratti", ()),
    ],
)
def test_small_words_within_a_product_do_not_matter(prompt: str, concepts: tuple[str, ...]):
    assert parse(prompt, TAXONOMY).product.concepts == concepts


@pytest.mark.parametrize(
    ("prompt", "industries"),
    [
        ("Biotechfirmen", ("biotech",)),
        ("CRM für Chemiekonzerne", ("chemicals",)),
        ("Zzzfirmen", ()),
        ("food producers", ("food_beverage",)),
        ("fabricants d'emballages", ("packaging",)),
    ],
)
def test_compounds_and_makers_are_read_by_their_trade(prompt: str, industries: tuple[str, ...]):
    assert parse(prompt, TAXONOMY).include.industries == industries


def test_no_phrase_reaches_over_a_colon_or_a_comma():
    query = parse("ESG reporting software: companies in Spain", TAXONOMY)

    assert query.product.concepts == ("esg_reporting",)
    assert query.product.keywords == ()
    assert parse("law, firms in Spain", TAXONOMY).include.industries == ()


def test_a_city_may_be_written_with_its_state_behind_a_comma():
    assert parse("banks in Cambridge, MA", TAXONOMY).include.cities == ("cambridge_us",)


def test_an_excluded_word_of_the_targets_own_industry_is_a_keyword():
    query = parse("CRM for universities, but not for business schools", TAXONOMY)

    assert query.include.industries == ("universities",)
    assert query.exclude.industries == ()
    assert query.exclude.keywords == ("business schools",)


@pytest.mark.parametrize(
    ("prompt", "concepts", "excluded"),
    [
        ("banks without a CRM", ("crm",), ()),
        ("banks with no CRM", ("crm",), ()),
        ("We sell CRM to banks without an ERP", ("crm",), ()),
        ("HR software without payroll", ("hris",), ("payroll",)),
        ("banks, no CRM vendors", (), ("crm",)),
        ("banks without a clue", (), ("clue",)),
    ],
)
def test_what_a_target_lacks_is_a_wish(prompt: str, concepts: tuple[str, ...], excluded: tuple[str, ...]):
    query = parse(prompt, TAXONOMY)

    assert (query.product.concepts, query.exclude.keywords) == (concepts, excluded)
