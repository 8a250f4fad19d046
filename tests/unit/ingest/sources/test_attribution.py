"""Which company a page speaks of."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.importers.canonical import Canonicaliser
from ingest.importers.rows import RawRow
from ingest.sources.attribution import Attribution, Unattributed, attribute
from ingest.sources.known_companies import CompanyDirectory, KnownCompany
from ingest.sources.listings import listing
from ingest.sources.mentions import mention
from ranking.taxonomy import load_taxonomy
from ranking.text import company_name_key, words

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CANONICAL = Canonicaliser(load_taxonomy())
RIVERS = "Kayak rental marketplace: paddles, helmets, guides and shuttles for whitewater rivers"
# Words that any company may use are common here, so that sharing them proves little.
ORDINARY = "we build software for teams and customers with data platform engineers hire senior remote"


def company(company_id: str, name: str, **known: Any) -> KnownCompany:
    former = known.pop("former", ())
    values: dict[str, Any] = {
        "home_id": company_id, "domain": "", "description": "", "country_code": None, "city_code": None,
        "technologies": (), "batch": "",
    }  # fmt: skip
    keys = (company_name_key(name), *map(company_name_key, former))
    return KnownCompany(company_id=company_id, name=name, name_keys=keys, **{**values, **known})


def directory(*companies: KnownCompany) -> CompanyDirectory:
    described = Counter(dict.fromkeys(words(ORDINARY), 2_000))
    described.update({"quest": 90, "mason": 60})
    described.update(word for each in companies for word in set(words(each.description)))
    return CompanyDirectory(companies, described, 5_000)


def resolve(known: CompanyDirectory, **row: Any) -> Attribution | Unattributed:
    return attribute(mention(listing(RawRow(1, row), NOW), CANONICAL), known)


def doubt(found: Attribution | Unattributed) -> str:
    assert isinstance(found, Unattributed)
    return found.doubt


QUEST = company("q", "Quest", domain="quest.com", description=RIVERS)


@pytest.mark.parametrize(
    "text",
    [
        "Quest | Guide | Oslo | https://www.quest.com",
        "Quest Rivers | Guide | Oslo\nApply: https://jobs.quest.com/1?utm=x",
    ],
)
def test_its_own_domain_names_a_company(text: str) -> None:
    found = resolve(directory(QUEST), text=text)
    assert isinstance(found, Attribution)
    assert (found.company_id, found.basis, found.evidence) == ("q", "domain", "domain quest.com")


def test_a_domain_of_somebody_else_in_the_text_does_not() -> None:
    known = directory(company("f", "Fly", domain="fly.io"))
    found = resolve(
        known, company="Sells", text="Sells | Engineer | Rogers\nOur demo: https://sells-demo.fly.io/x"
    )
    assert doubt(found) == "unknown"


def test_a_name_alone_is_not_enough() -> None:
    found = resolve(
        directory(QUEST), company="Quest", text="Quest | Engineer | Oslo\nWe build software for teams."
    )
    assert doubt(found) == "unsupported"
    assert found.listed == "; candidates: q (Quest, quest.com)"  # type: ignore[union-attr]


def test_another_domain_speaks_against_a_namesake() -> None:
    text = f"Quest | Guide | Oslo | https://getquest.dev\n{RIVERS}"
    assert doubt(resolve(directory(QUEST), company="Quest", text=text)) == "other domain"


def test_rare_words_of_both_texts_support_a_name() -> None:
    text = "Quest | Guide | Oslo\nWe rent kayaks: paddles, helmets, shuttles and guides on whitewater rivers."
    found = resolve(directory(QUEST), company="Quest", text=text)
    assert isinstance(found, Attribution)
    assert found.basis == "name"
    assert "whitewater" in found.evidence


def test_two_supported_namesakes_are_ambiguous() -> None:
    known = directory(QUEST, company("q2", "Quest", domain="quest.no", description=RIVERS))
    text = "Quest | Guide | Oslo\nWe rent kayaks: paddles, helmets, shuttles and guides on whitewater rivers."
    assert doubt(resolve(known, company="Quest", text=text)) == "ambiguous"


def test_the_batch_named_beside_it_decides_between_namesakes() -> None:
    known = directory(
        company("a", "Mason", domain="mason.ai", batch="Summer 2021"), company("b", "Mason", domain="mason.io", batch="Winter 2016")
    )  # fmt: skip
    found = resolve(known, text="Mason (YC W16) is hiring a data engineer")
    assert isinstance(found, Attribution)
    assert found.company_id == "b"
    assert doubt(resolve(known, text="Mason (YC F24) is hiring a data engineer")) == "other domain"


def test_a_made_up_name_needs_less_and_a_former_name_more() -> None:
    text = "Zorvexa | Guide | Oslo\nGuides for whitewater."
    today = company("z", "Zorvexa", description=RIVERS)
    renamed = company("p", "Prox", description=RIVERS, former=("Zorvexa",))
    assert isinstance(resolve(directory(today), company="Zorvexa", text=text), Attribution)
    assert doubt(resolve(directory(renamed), company="Zorvexa", text=text)) == "unsupported"


@pytest.mark.parametrize("name", ["Stealth", "Stealth Startup", "Confidential"])
def test_no_name_is_no_mention(name: str) -> None:
    known = directory(company("p", "Prox", former=("Stealth",), description=RIVERS))
    assert doubt(resolve(known, company=name, text=f"{name} | Guide | Oslo\n{RIVERS}")) == "unnamed"


def test_two_records_of_one_business_are_one() -> None:
    known = directory(
        company("a", "Quest", domain="quest.com", home_id="b"), company("b", "Quest Inc", domain="quest.com", home_id="b")
    )  # fmt: skip
    found = resolve(known, company="Quest", website="quest.com", title="Guide")
    assert isinstance(found, Attribution)
    assert found.company_id == "b"
