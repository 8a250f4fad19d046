from collections import Counter

import pytest

from ingest.importers.canonical import Canonicaliser, Industry, Place
from ranking.taxonomy import load_taxonomy

CANONICAL = Canonicaliser(load_taxonomy())


@pytest.mark.parametrize(
    ("country", "region", "city", "expected"),
    [
        ("Germany", None, "Berlin", Place("DE", None, "berlin")),
        (None, None, "Berlin", Place("DE", None, "berlin")),
        (None, None, "San Francisco", Place("US", "us_ca", "san_francisco")),
        (None, "California", None, Place("US", "us_ca", None)),
        ("California", None, None, Place("US", "us_ca", None)),
        (None, "Germany", None, Place("DE", None, None)),
        ("Berlin", None, None, Place("DE", None, None)),
        (None, None, "Berlin, Germany", Place("DE", None, "berlin")),
        (None, None, "San Francisco, California, United States", Place("US", "us_ca", "san_francisco")),
        ("DE", "DACH", None, Place("DE", None, None)),
        (None, None, None, Place(None, None, None)),
    ],
)  # fmt: skip
def test_places_are_read_from_whatever_column_holds_them(
    country: str | None, region: str | None, city: str | None, expected: Place
) -> None:
    unmapped: Counter[tuple[str, str]] = Counter()
    assert CANONICAL.place(country, region, city, unmapped) == expected
    assert unmapped == Counter()


def test_places_we_do_not_know_are_counted_by_column() -> None:
    unmapped: Counter[tuple[str, str]] = Counter()
    found = CANONICAL.place("Atlantis", "Nowhere Shire", "Xyzzyville, Germany", unmapped)
    assert found == Place("DE", None, None)
    assert unmapped == {
        ("country", "Atlantis"): 1,
        ("region", "Nowhere Shire"): 1,
        ("city", "Xyzzyville, Germany"): 1,
    }


def test_a_state_of_another_country_does_not_overrule_the_country() -> None:
    assert CANONICAL.place("DE", "California", None, Counter()) == Place("DE", None, None)


def test_the_sub_industry_is_the_most_specific_one_known() -> None:
    found = CANONICAL.industry(["Healthcare"], ["Hospitals"], Counter())
    assert found == Industry("healthcare", "hospitals", "Healthcare > Hospitals")


def test_a_sub_industry_that_is_another_trade_counts() -> None:
    assert CANONICAL.industry(["B2B"], ["Supply Chain and Logistics"], Counter()).code == "logistics"
    assert CANONICAL.industry(["Consumer"], ["Food and Beverage"], Counter()).code == "food_beverage"


@pytest.mark.parametrize(
    ("industry", "sub_industry", "code"),
    [
        ("Government", "Agencies", "government"),
        ("Manufacturing", "Electronics", "manufacturing"),
        ("Financial Services", "Fintech", "financial_services"),
        ("Agriculture", "Wineries", "agriculture"),
        ("Industrials", "Energy", "energy"),
        ("Professional Services", "Tax & Audit", "professional_services"),
    ],
)
def test_a_trade_is_given_up_for_a_part_of_it_and_a_sector_for_any_trade(
    industry: str, sub_industry: str, code: str
) -> None:
    assert CANONICAL.industry([industry], [sub_industry], Counter()).code == code


def test_a_sub_industry_that_says_less_than_the_industry_does_not() -> None:
    assert CANONICAL.industry(["Fintech"], ["Credit and Lending"], Counter()).sub_code == "fintech"
    assert CANONICAL.industry(["Digital Health"], ["Healthcare"], Counter()).sub_code == "digital_health"
    assert CANONICAL.industry(["Logistics"], ["Software"], Counter()).sub_code == "logistics"


def test_an_unknown_sub_industry_leaves_the_industry_and_is_counted() -> None:
    unmapped: Counter[tuple[str, str]] = Counter()
    found = CANONICAL.industry(["Healthcare"], ["Dragon care xyz"], unmapped)
    assert found == Industry("healthcare", "healthcare", "Healthcare > Dragon care xyz")
    assert unmapped == {("sub_industry", "Dragon care xyz"): 1}


def test_the_first_known_of_several_industries_counts() -> None:
    assert CANONICAL.industry(["Xyzzy", "Hospitals"], [], Counter()).code == "healthcare"


def test_an_unknown_industry_is_kept_as_it_is() -> None:
    assert CANONICAL.industry(["Xyzzy"], [], Counter()) == Industry(None, None, "Xyzzy")
    assert CANONICAL.industry([], [], Counter()) == Industry(None, None, None)


def test_an_unknown_technology_stays_as_its_folded_wording() -> None:
    unmapped: Counter[tuple[str, str]] = Counter()
    found = CANONICAL.technologies("technologies", ["Salesforce", "Xyzzy ÄPI", "SALESFORCE"], unmapped)
    assert found == ("salesforce", "xyzzy api")
    assert unmapped == {("technologies", "Xyzzy ÄPI"): 1}


def test_stages_and_countries_have_codes() -> None:
    unmapped: Counter[tuple[str, str]] = Counter()
    assert CANONICAL.stage("Series A", unmapped) == "series_a"
    assert CANONICAL.country("Germany", unmapped) == "DE"
    assert CANONICAL.country(None, unmapped) is None
    assert unmapped == Counter()
