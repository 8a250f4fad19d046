"""Wording of directories, titles and prompts leads to codes."""

from itertools import pairwise

import pytest

from ranking.taxonomy import BUCKETS, COMMON_WORD, SurfaceIndex, employee_bucket, load_taxonomy
from ranking.text import words
from ranking.types import EmployeeRange

TAXONOMY = load_taxonomy()


@pytest.mark.parametrize(
    ("wording", "code"),
    [
        ("B2B", "software"),
        ("Fintech", "fintech"),
        ("Healthcare IT", "digital_health"),
        ("Hospital & Health Care", "healthcare"),
        ("Hospitals and Health Care", "healthcare"),
        ("B2B -> Payments", "payments"),
        ("Oil & Energy", "oil_gas"),
        ("Insurance companies", "insurance"),
        ("Krankenhäuser", "hospitals"),
        ("cabinets comptables", "accounting_firms"),
        ("mechanical contractors", "mechanical_contractors"),
        ("Staffing & Recruiting", "staffing"),
        ("medical_devices", "medical_devices"),
        ("Basket weaving", None),
        ("", None),
    ],
)
def test_directory_wording_becomes_an_industry(wording: str, code: str | None) -> None:
    assert TAXONOMY.industry_code(wording) == code


def test_industry_family_holds_parent_and_children() -> None:
    assert TAXONOMY.industry_parent("hospitals") == "healthcare"
    assert TAXONOMY.industry_parent("healthcare") is None
    assert {"healthcare", "hospitals", "clinics"} <= TAXONOMY.industry_children("healthcare")
    assert TAXONOMY.industry_children("hospitals") == {"hospitals"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("DE", "DE"), ("deu", "DE"), ("Deutschland", "DE"), ("Allemagne", "DE"), ("Duitsland", "DE"), ("Niemcy", "DE"),
        ("U.S.", "US"), ("Estados Unidos", "US"), ("Holland", "NL"), ("UAE", "AE"), ("Trinidad & Tobago", "TT"), ("Atlantis", None),
    ],
)  # fmt: skip
def test_countries_are_known_by_code_and_by_name(name: str, code: str | None) -> None:
    assert TAXONOMY.country_code(name) == code


def test_regions_and_states() -> None:
    assert TAXONOMY.region_code("DACH-Raum") == "dach"
    assert TAXONOMY.region_code("California") == "us_ca"
    assert TAXONOMY.region_countries("dach") == {"DE", "AT", "CH", "LI"}
    assert TAXONOMY.region_countries("us_ca") == frozenset()
    assert TAXONOMY.region_country("us_ca") == "US"
    assert TAXONOMY.region_country("dach") is None
    assert TAXONOMY.region_parent("europe") is None
    assert TAXONOMY.country_region("DE") == "dach"


@pytest.mark.parametrize(
    ("name", "country", "code"),
    [
        ("München", None, "munich"), ("Monaco di Baviera", None, "munich"), ("Cambridge", None, "cambridge"),
        ("Cambridge", "US", "cambridge_us"), ("Portland, ME", None, "portland_me"), ("Dublin, Ireland", None, "dublin"),
        ("Bengaluru, Non-U.S.", None, "bangalore"), ("Paris", "US", None), ("Nowhere", None, None),
    ],
)  # fmt: skip
def test_cities_are_told_apart_by_country_and_state(name: str, country: str | None, code: str | None) -> None:
    assert TAXONOMY.city_code(name, country) == code


def test_cities_know_their_country_and_state() -> None:
    assert (TAXONOMY.city_country("munich"), TAXONOMY.city_region("munich")) == ("DE", None)
    assert (TAXONOMY.city_country("austin"), TAXONOMY.city_region("austin")) == ("US", "us_tx")


@pytest.mark.parametrize("word", ["of", "nice", "reading", "mobile", "split", "tours", "bath"])
def test_ordinary_words_are_no_plain_names_of_cities(word: str) -> None:
    weights = {entry.weight for entry in TAXONOMY.surfaces.entries(word) if entry.kind == "city"}
    assert weights <= {COMMON_WORD}


def test_ordinary_words_that_name_a_tool_are_marked() -> None:
    assert [entry.weight for entry in TAXONOMY.surfaces.entries("tableau")] == [COMMON_WORD]
    assert TAXONOMY.technology_code("Tableau") == "tableau"
    assert TAXONOMY.technology_code("Unheard Of") is None


@pytest.mark.parametrize(
    ("title", "roles", "seniority"),
    [
        ("Leiter Personal", ("hr",), "head"),
        ("Directeur des ressources humaines", ("hr",), "director"),
        ("CISO", ("security",), "cxo"),
        ("VP eng", ("engineering",), "vp"),
        ("Head of Customer Success", ("customer_success",), "head"),
        ("VP Finance", ("finance",), "vp"),
        ("SDR", ("sales", "sdr"), None),
        ("Verkäufer im Außendienst", ("sales", "account_executive"), None),
        ("Vertriebsleiterin", ("sales",), "head"),
        ("senior ml data engineer", ("data", "data_engineering"), "senior"),
        ("customer support associate", ("customer_success", "customer_support"), None),
        ("Chief Financial Officer (CFO)", ("finance",), "cxo"),
        ("Werkstudent Marketing", ("marketing",), "training"),
        ("Marketing Intern, Office of the CEO", ("marketing", "general_management"), "training"),
        ("Softwarespezialistin", ("engineering", "software_engineering"), None),
        ("Cloudentwickler", ("engineering",), None),
        ("Product Owner", ("product",), None),
        ("Basket weaver", (), None),
    ],
)  # fmt: skip
def test_titles_name_departments_and_seniority(
    title: str, roles: tuple[str, ...], seniority: str | None
) -> None:
    assert set(TAXONOMY.role_codes(title)) == set(roles)
    assert TAXONOMY.seniority_code(title) == seniority


def test_roles_form_families() -> None:
    assert TAXONOMY.role_parent("devops") == "engineering"
    assert TAXONOMY.role_parent("engineering") is None
    assert {"engineering", "devops"} <= TAXONOMY.role_children("engineering")
    assert TAXONOMY.seniority_rank("owner") == 0


@pytest.mark.parametrize(
    ("wording", "code"), [("Series A", "series_a"), ("Early", "early"), ("Post-IPO", "public"), ("?", None)]
)
def test_stages(wording: str, code: str | None) -> None:
    assert TAXONOMY.stage_code(wording) == code


@pytest.mark.parametrize(
    ("count", "bucket"), [(0, 0), (1, 0), (2, 1), (10, 1), (11, 2), (1000, 5), (10_000, 7), (10_001, 8)]
)
def test_employee_buckets(count: int, bucket: int) -> None:
    assert employee_bucket(count) == bucket


def test_buckets_follow_each_other_without_gap() -> None:
    assert BUCKETS[0] == EmployeeRange(1, 1)
    assert BUCKETS[-1] == EmployeeRange(10_001, None)
    assert all((a.maximum or 0) + 1 == b.minimum for a, b in pairwise(BUCKETS))


def test_display_names() -> None:
    assert TAXONOMY.display_name("industry", "hospitals") == "Hospitals"
    assert TAXONOMY.display_name("country", "DE") == "Germany"
    assert TAXONOMY.display_name("stage", "series_a") == "series a"


@pytest.mark.parametrize(
    ("prompt", "concept", "industry"),
    [
        ("HR software for hospitals", "hris", "hospitals"),
        ("Personalsoftware für Krankenhäuser", "hris", "hospitals"),
        ("logiciel RH pour les hôpitaux", "hris", "hospitals"),
        ("software de RRHH para hospitales", "hris", "hospitals"),
        ("software de RH para hospitais", "hris", "hospitals"),
        ("software HR per gli ospedali", "hris", "hospitals"),
        ("HR-software voor ziekenhuizen", "hris", "hospitals"),
    ],
)
def test_one_request_means_the_same_in_seven_languages(prompt: str, concept: str, industry: str) -> None:
    matches = TAXONOMY.surfaces.match(words(prompt))
    found = {(e.kind, e.code) for match in matches for e in match.entries if e.weight > COMMON_WORD}
    assert {("concept", concept), ("industry", industry)} <= found


def test_longest_phrase_wins_and_is_skipped_over() -> None:
    entries = TAXONOMY.surfaces.entries("crm")
    index = SurfaceIndex({"a": entries, "a b": entries, "b c": entries})
    assert [(m.start, m.end) for m in index.match(["a", "b", "c", "a"])] == [(0, 2), (3, 4)]
    assert (index.max_words, len(index), index.entries("zzz")) == (2, 3, ())
    assert SurfaceIndex({}).max_words == 0
