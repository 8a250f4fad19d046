import pytest

from ingest.importers.companies import company_row
from ingest.importers.trades import OwnWords, own_trade
from ranking.taxonomy import load_taxonomy
from tests.unit.ingest.rows import context

TAXONOMY = load_taxonomy()


def _trade(broad: str, filed: str | None, description: str, *tags: str) -> str | None:
    return own_trade((broad,), filed, OwnWords("Acme", description, tags), TAXONOMY)


@pytest.mark.parametrize(
    ("filed", "description", "trade"),
    [
        ("retail", "All-in-one POS for liquor stores", "software"),
        ("logistics", "Rocket is ERP software for trucking companies.", "software"),
        ("logistics", "AI agents for distributors\nWholesalers use us to process quotes.", "software"),
        ("logistics", "We move freight smarter.\nRoute optimization software for couriers.", "software"),
        ("staffing", "Next-gen ATS for recruitment agencies", "hrtech"),
        ("retail", "Helping furniture makers show their tables with AI", "software"),
        (
            "retail",
            "Empowering shops.\nWe are an online marketplace that matches makers and shops.",
            "marketplaces",
        ),
        ("software", "Marketplace for industrial spare parts", "marketplaces"),
    ],
)
def test_who_sells_a_trade_its_software_is_not_of_that_trade(
    filed: str, description: str, trade: str
) -> None:
    assert _trade("B2B", filed, description) == trade


@pytest.mark.parametrize(
    ("filed", "description"),
    [
        ("logistics", "AI-powered fulfillment network for brands"),
        ("logistics", "Freight marketplace with AI"),
        ("logistics", "The first digital freight forwarder in LATAM"),
        ("logistics", "Platform for global logistics."),
        ("logistics", ""),
        ("retail", "The one-stop shop for auto parts\nOur app helps mechanics."),
        ("staffing", "We find you engineers."),
        ("staffing", "Helping software developers find teams"),
        ("hrtech", "AI payroll software"),
        ("software", "Restaurant robots"),
    ],
)
def test_who_plies_the_trade_or_says_too_little_stays_in_it(filed: str, description: str) -> None:
    assert _trade("B2B", filed, description) is None


@pytest.mark.parametrize(
    ("description", "tags", "trade"),
    [
        ("An AI browser that acts on your behalf.", (), "software"),
        ("The video engine for creators", ("Generative AI",), "software"),
        ("Marketplace for rare coins", ("Marketplace",), "marketplaces"),
        ("The largest livestream shopping", ("Marketplace", "E-commerce"), "marketplaces"),
        ("A platform for scientists", (), "software"),
        ("The all-in-one on-device AI tool", (), "software"),
        ("Watch clips to learn languages", (), "software"),
        ("Egypt's leading online grocery brand", ("Grocery", "Delivery", "Logistics"), "grocery"),
        ("The social network for cyclists", ("Social Network", "Social"), "media_entertainment"),
        ("An AI wearable camera that counts calories", ("Computer Vision", "Fitness"), None),
        ("Buy potted plants.", ("E-commerce",), None),
        ("Valet storage for households", ("B2B",), None),
        ("Skincare tested on diverse skin, with an app", ("AI", "Beauty"), None),
        ("Music and grocery in one place", ("Music", "Grocery"), None),
        ("", (), None),
    ],
)
def test_a_company_that_sells_to_consumers_is_what_its_first_words_say(
    description: str, tags: tuple[str, ...], trade: str | None
) -> None:
    assert _trade("Consumer", "consumer_goods", description, *tags) == trade


def test_a_directory_that_names_a_trade_is_believed() -> None:
    assert _trade("Software", "retail", "All-in-one POS for liquor stores") is None
    assert _trade("Consumer", "food_beverage", "An AI browser") is None
    assert _trade("Retail", "retail", "Marketplace for rare coins") is None


def test_the_own_trade_is_stored_under_the_wording_of_the_directory() -> None:
    filed = {"industry": "B2B", "sub_industry": "Recruiting and Talent", "description": "ATS for agencies"}
    row = company_row({"company_id": "1", "name": "Acme", **filed}, context())
    assert (row.industry_code, row.sub_industry_code) == ("software", "hrtech")
    assert row.industry_raw == "B2B > Recruiting and Talent"
