"""Each rule by itself, on texts that break it and on honest ones beside it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from configs.suppliers import RuleArgs
from ingest.suppliers.echoes import Asked, Echoes
from ingest.suppliers.rules import Rules, StoredText
from ingest.suppliers.templates import template_of
from ranking.taxonomy import load_taxonomy

AT = datetime(2026, 5, 1, tzinfo=UTC)
PROMPT = "expense management for logistics companies in Poland with 50 to 500 employees"
HONEST = StoredText(
    miner_id="m", snippet_id="s", kind="news", text="Acme keeps its bills in a shoe box and wants expense management.",
    seen_at=AT, observed_at=AT, source_type="", source_url="", domain="acme.com", name=("acme",), longer={}, first_dated=None,
)  # fmt: skip
ORDINARY = Path(__file__).parents[3] / "fixtures" / "ordinary_texts.txt"


@pytest.fixture(scope="module")
def rules() -> Rules:
    hosts = {"press": ("wire.example", "company")}
    asked = [Asked("q", AT - timedelta(days=1), PROMPT)]
    return Rules(RuleArgs(source_hosts=hosts), load_taxonomy().surfaces, Echoes(asked, RuleArgs().echo_words))


def broken(rules: Rules, **fields: object) -> list[str]:
    return [each.reason for each in rules.breaches(replace(HONEST, **fields))]


def test_an_honest_text_breaks_nothing(rules: Rules) -> None:
    assert broken(rules) == []


def test_of_ordinary_texts_that_sound_like_attacks_hardly_any_breaks_a_rule(rules: Rules) -> None:
    texts = [line for line in ORDINARY.read_text().split("\n") if line and not line.startswith("#")]
    found = {text: broken(rules, text=text) for text in texts}
    suspected = [reasons for reasons in found.values() if reasons]
    assert len(suspected) <= 0.05 * len(texts)
    assert all(reasons == ["order"] for reasons in suspected)


def test_the_words_of_an_earlier_prompt_are_an_echo_and_of_a_later_one_are_not(rules: Rules) -> None:
    text = f"They want {PROMPT} soon."
    assert broken(rules, text=text) == ["echo"]
    assert broken(rules, text=text, seen_at=AT - timedelta(days=2)) == []
    assert broken(rules, text="They want expense management for logistics companies in Poland.") == []


def test_the_name_as_the_beginning_of_another_companys_is_that_companys(rules: Rules) -> None:
    longer = {"robotics": ("acme", "robotics")}
    about_both = "Acme Robotics sells to Acme, which wants expense management."
    assert broken(rules, text="Acme Robotics wants expense management.", longer=longer) == ["other_company"]
    assert broken(rules, text=about_both, longer=longer) == []
    assert broken(rules, text="The firm wants expense management.", longer=longer) == []


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"first_dated": AT - timedelta(days=90)}, ["redated"]),
        ({"first_dated": AT - timedelta(days=90), "observed_at": None}, ["redated"]),
        ({"first_dated": AT - timedelta(days=1)}, []),
        ({"first_dated": AT + timedelta(days=9)}, []),
        ({"first_dated": AT - timedelta(days=90), "kind": "job_posting"}, []),
    ],
)
def test_old_words_under_a_later_date_are_redated(
    rules: Rules, fields: dict[str, object], reasons: list[str]
) -> None:
    assert broken(rules, **fields) == reasons


@pytest.mark.parametrize(
    ("url", "reasons"),
    [
        ("https://wire.example/1", []),
        ("https://www.wire.example/1", []),
        ("https://news.acme.com/1", []),
        ("https://notwire.example/1", ["source"]),
        ("https://blog.example/wire.example", ["source"]),
        ("", ["source"]),
    ],
)
def test_a_type_of_source_is_taken_from_its_hosts_alone(rules: Rules, url: str, reasons: list[str]) -> None:
    assert broken(rules, source_type="press", source_url=url) == reasons
    assert broken(rules, source_type="blog", source_url=url) == []


def test_many_products_in_one_text_are_padding(rules: Rules) -> None:
    few = "Acme wants payroll software, a CRM, an ERP and a help desk."
    many = (
        f"{few} Also business intelligence, marketing automation, endpoint security, project management, e-signature, "
        "applicant tracking, expense management, video conferencing, data warehouse, warehouse management and cloud hosting."
    )
    assert broken(rules, text=few) == []
    assert broken(rules, text=many) == ["padded"]


def test_texts_filled_into_one_form_are_alike_and_others_are_not() -> None:
    same = [
        (f"{name} is looking for a new tool for its team in {2000 + n}", name)
        for n, name in enumerate("abcdefgh")
    ]
    like = template_of(same)
    assert like.texts == 8
    assert like.share > 0.95
    assert like.spread < 0.05
    other = [(f"word{n} " + " ".join(f"w{n}x{k}" for k in range(6 + 5 * n)), "") for n in range(8)]
    assert template_of(other).share == 0.0
    assert template_of([("too short", "")]).texts == 0
