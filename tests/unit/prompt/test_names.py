"""Exemplars, comparisons and companies to leave out (F-1)."""

import pytest

from ranking.prompt import parse
from ranking.taxonomy.loading import load_taxonomy


@pytest.mark.parametrize(
    ("prompt", "exemplars"),
    [
        ("companies like Stripe and Adyen", ("Stripe", "Adyen")),
        ("companies like Stripe, Adyen, and Mollie in Spain", ("Stripe", "Adyen", "Mollie")),
        ("companies like Stripe/Adyen", ("Stripe", "Adyen")),
        ("companies like Stripe & Adyen", ("Stripe & Adyen",)),
        ("companies like Johnson & Johnson", ("Johnson & Johnson",)),
        ("companies like Bank of America", ("Bank of America",)),
        ("companies like Deutsche Bank", ("Deutsche Bank",)),
        ("companies like the Wombat Works", ("Wombat Works",)),
        ("companies like 3M", ("3M",)),
        ("companies like stripe, adyen and mollie", ("stripe", "adyen", "mollie")),
        ("companies like stripe, 50-500 employees", ("stripe",)),
        ("companies like stripe, in germany", ("stripe",)),
        ("companies like https://www.acme.com and globex.io", ("acme.com", "globex.io")),
        ("like Stripe", ("Stripe",)),
        ("Stripe lookalikes", ("Stripe",)),
        ("Acme Widgets lookalikes", ("Acme Widgets",)),
        ("lookalikes", ()),
        ("companies like", ()),
        ("companies like hotels", ()),
        ("banks. Like Monzo", ("Monzo",)),
        ("CRM for banks, like Monzo", ("Monzo",)),
        ("banks like Monzo", ("Monzo",)),
        ("like Stripe Stripe lookalikes", ("Stripe Stripe",)),
    ],
)
def test_exemplars(prompt: str, exemplars: tuple[str, ...]):
    assert parse(prompt, load_taxonomy()).exemplars == exemplars


@pytest.mark.parametrize(
    ("prompt", "comparisons"),
    [
        ("CRM like Salesforce", ("Salesforce",)),
        ("CRM software such as Salesforce or HubSpot for banks", ("Salesforce", "HubSpot")),
        ("our gizmo, an alternative to Acme, for banks", ("Acme",)),
        ("Acme alternative for banks", ("Acme",)),
        ("we sell a better tool than most, like Acme", ("Acme",)),
        ("not an alternative to Acme", ()),
    ],
)
def test_products_named_for_comparison_are_no_exemplars(prompt: str, comparisons: tuple[str, ...]):
    query = parse(prompt, load_taxonomy())

    assert query.product.comparisons == comparisons
    assert query.exemplars == ()


@pytest.mark.parametrize(
    ("prompt", "companies"),
    [
        ("banks except Monzo and Revolut", ("Monzo", "Revolut")),
        ("banks, not Monzo", ("Monzo",)),
        ("banks, not monzo.com", ("monzo.com",)),
        ("not companies like Monzo", ("Monzo",)),
        ("hotels, not hotels like Hilton", ("Hilton",)),
        ("banks like Monzo but not like Revolut", ("Revolut",)),
        ("Banken außer Monzo", ("Monzo",)),
    ],
)
def test_companies_to_leave_out(prompt: str, companies: tuple[str, ...]):
    assert parse(prompt, load_taxonomy()).exclude.companies == companies


def test_at_most_twenty_names_follow_one_cue():
    names = [f"Acme{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]

    assert parse("companies like " + ", ".join(names), load_taxonomy()).exemplars == tuple(names[:20])


@pytest.mark.parametrize(
    ("prompt", "companies"),
    [
        ("CRM for hotels. Stripe excluded.", ("Stripe",)),
        ("CRM for banks\nGoldman Sachs excluded", ("Goldman Sachs",)),
        ("Wir verkaufen CRM. Allianz nicht.", ("Allianz",)),
        ("CRM for banks in DACH\n- Stripe excluded", ("Stripe",)),
    ],
)
def test_a_company_that_begins_a_sentence_is_left_out_by_what_follows(
    prompt: str, companies: tuple[str, ...]
):
    assert parse(prompt, load_taxonomy()).exclude.companies == companies
