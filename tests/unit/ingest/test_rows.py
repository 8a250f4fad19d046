from datetime import UTC, datetime, timedelta

import pytest

from ingest.importers.companies import company_row
from ingest.importers.leads import lead_row
from ingest.importers.outcomes import outcome_row
from ingest.importers.rows import FieldProblem
from ingest.importers.snippets import posting_title, snippet_draft, snippet_kind
from tests.unit.ingest.rows import NOW, context

ACME = {"company_id": "1", "name": "Acme Health GmbH"}
POSTING = {"company_id": "1", "kind": "job_posting", "text": "DevOps Engineer\nWe run clusters."}


def test_a_company_is_canonical() -> None:
    row = company_row(
        {
            **ACME, "domain": "https://www.Acme.com/about", "description": "Runs clinics", "industry": "Hospitals",
            "country": "Germany", "city": "Berlin", "employee_count": "51-200", "stage": "Series A", "tags": "care; rooms",
            "technologies": ["Salesforce"], "former_names": ["Acme Care Inc", "Acme Care GmbH"], "is_active": "no",
            "founded_year": "1999", "attributes": {"b": 1, "a": 2},
        },
        context(),
    )  # fmt: skip
    assert (row.name_key, row.domain, row.domain_key) == (
        "acme health",
        "https://www.acme.com/about",
        "acme.com",
    )
    assert (row.industry_code, row.sub_industry_code, row.industry_raw) == (
        "healthcare",
        "hospitals",
        "Hospitals",
    )
    assert (row.country_code, row.city_code, row.city_raw) == ("DE", "berlin", "Berlin")
    assert (row.employee_count, row.stage_code, row.founded_year) == ((51 + 200) // 2, "series_a", 1999)
    assert (row.technologies, row.tags, row.is_active) == (("salesforce",), ("care", "rooms"), False)
    assert row.former_name_keys == ("acme care",)
    assert row.attributes == '{"a":2,"b":1,"employee_range":"51-200"}'
    assert row.keyword_tokens == sorted({"acme", "health", "gmbh", "runs", "clinics", "care", "rooms"})


def test_a_short_description_has_no_fingerprint() -> None:
    assert company_row({**ACME, "description": "Runs clinics"}, context()).simhash is None
    long = "Runs clinics for cats, dogs, horses and whoever else"
    assert company_row({**ACME, "description": long}, context()).simhash is not None


def test_the_content_hash_changes_with_the_content_only() -> None:
    first = company_row(ACME, context()).content_hash
    assert company_row(dict(reversed(ACME.items())), context()).content_hash == first
    assert company_row({**ACME, "tags": []}, context()).content_hash == first
    assert company_row({**ACME, "is_active": False}, context()).content_hash != first


def test_what_does_not_map_is_counted() -> None:
    found = context()
    row = company_row({**ACME, "domain": "no domain", "employee_count": "tiny", "stage": "Xyzzy"}, found)
    assert (row.domain, row.domain_key, row.employee_count, row.stage_raw) == (
        "no domain",
        None,
        None,
        "Xyzzy",
    )
    assert found.unmapped == {
        ("domain", "no domain"): 1,
        ("employee_count", "tiny"): 1,
        ("stage", "Xyzzy"): 1,
    }


def test_zero_employees_are_unknown_with_a_note() -> None:
    found = context()
    assert company_row({**ACME, "employee_count": 0}, found).employee_count is None
    assert found.notes == {"employee_count 0 is kept as unknown": 1}
    assert company_row({**ACME, "employee_count": ""}, found).employee_count is None
    assert found.notes.total() == 1


def test_the_first_city_of_a_list_counts() -> None:
    assert company_row({**ACME, "city": ["Berlin", "Paris"]}, context()).city_code == "berlin"
    assert company_row({**ACME, "city": []}, context()).city_raw is None


@pytest.mark.parametrize("field", ["company_id", "name"])
def test_a_company_needs_an_id_and_a_name(field: str) -> None:
    with pytest.raises(FieldProblem, match="is required") as caught:
        company_row({**ACME, field: " "}, context())
    assert caught.value.field == field


def test_a_lead_has_the_roles_and_the_seniority_of_its_title() -> None:
    row = lead_row(
        {"lead_id": "7", "company_id": "1", "title": "VP of Engineering", "country": "Germany"}, context()
    )
    assert (row.seniority_code, row.role_codes, row.country_code) == ("vp", ("engineering",), "DE")


def test_a_given_seniority_overrules_the_title_and_a_department_adds_a_role() -> None:
    row = lead_row(
        {
            "lead_id": "7",
            "company_id": "1",
            "title": "VP",
            "seniority": "Director",
            "department": "Engineering",
        },
        context(),
    )
    assert (row.seniority_code, row.role_codes, row.department) == (
        "director",
        ("engineering",),
        "Engineering",
    )
    assert (
        lead_row({"lead_id": "7", "company_id": "1", "seniority": "CXO"}, context()).seniority_code == "cxo"
    )


def test_an_unknown_seniority_is_counted_and_the_title_asked() -> None:
    found = context()
    row = lead_row({"lead_id": "7", "company_id": "1", "title": "VP Xyzzy", "seniority": "Xyzzy"}, found)
    assert row.seniority_code == "vp"
    assert found.unmapped == {("seniority", "Xyzzy"): 1, ("title", "VP Xyzzy"): 1}


def test_a_private_address_is_dropped_with_a_note_and_a_business_one_kept() -> None:
    found = context()
    assert lead_row({"lead_id": "7", "company_id": "1", "email": "jo@gmail.com"}, found).email is None
    assert lead_row({"lead_id": "7", "company_id": "1", "email": "Jo@acme.com"}, found).email == "jo@acme.com"
    assert list(found.notes.values()) == [1]


def test_a_job_posting_has_the_roles_of_its_first_line() -> None:
    assert snippet_draft(POSTING, context()).role_codes == ("engineering", "devops")
    assert snippet_draft({**POSTING, "kind": "news"}, context()).role_codes == ()
    assert posting_title("x" * 300) == "x" * 200


def test_a_derived_snippet_id_depends_on_what_the_requirement_names_and_on_nothing_else() -> None:
    def derived(company: str = "1", **changes: object) -> str:
        return snippet_draft({**POSTING, **changes}, context()).settle(company).snippet_id

    first = derived()
    assert len(first) == 64
    assert derived(text="devops  ENGINEER We run clusters.", observed_at="2026-01-01") == first
    changed = [
        derived(text="other"),
        derived(kind="news"),
        derived(source_url="u"),
        derived(miner_id="m"),
        derived("2"),
    ]
    assert len({first, *changed}) == 1 + 5
    assert derived(snippet_id="mine") == "mine"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"text": "x"}, "company_id"),
        ({"text": "x", "domain": "nowhere"}, "domain"),
        ({"company_id": "1"}, "text"),
    ],
)
def test_a_snippet_needs_a_text_and_a_company(record: dict[str, object], field: str) -> None:
    with pytest.raises(FieldProblem) as caught:
        snippet_draft(record, context())
    assert caught.value.field == field


def test_kinds_are_read_in_usual_wordings() -> None:
    assert [snippet_kind(value) for value in ("Job Posting", "tech-change", None)] == [
        "job_posting",
        "tech_change",
        "other",
    ]
    with pytest.raises(FieldProblem, match="must be one of job_posting"):
        snippet_kind("gossip")


def test_a_snippet_keeps_its_dates_and_technologies() -> None:
    draft = snippet_draft(
        {
            **POSTING,
            "observed_at": "1/2/2026",
            "technologies_added": ["Salesforce"],
            "technologies_removed": "Xyzzy",
        },
        context(observed_at="DMY"),
    )
    assert draft.observed_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert (draft.technologies_added, draft.technologies_removed) == (("salesforce",), ("xyzzy",))


CLICK = {"query_id": "q", "lead_id": "7", "event": "Click", "occurred_at": "2026-04-01"}


def test_an_outcome_is_canonical_and_its_id_derived() -> None:
    row = outcome_row({**CLICK, "position": "3"}, context())
    assert (row.event, row.occurred_at, row.position) == ("click", datetime(2026, 4, 1, tzinfo=UTC), 3)
    assert row.event_id == outcome_row(CLICK, context()).event_id
    assert row.event_id != outcome_row({**CLICK, "event": "reply"}, context()).event_id
    assert outcome_row({**CLICK, "event_id": "e"}, context()).event_id == "e"


def test_a_label_without_a_date_is_the_same_tomorrow() -> None:
    label = {"prompt": "crm for banks", "company_id": "1", "label": 1}
    first = outcome_row(label, context())
    assert first.occurred_at == NOW
    later = context()
    later = type(later)(NOW + timedelta(days=1), later.canonical, "import", {}, later.unmapped, later.notes)
    assert outcome_row(label, later).content_hash == first.content_hash
    assert outcome_row({**label, "label": 0}, later).content_hash != first.content_hash


@pytest.mark.parametrize(
    ("missing", "field"),
    [("query_id", "query_id"), ("lead_id", "lead_id"), ("event", "event"), ("occurred_at", "occurred_at")],
)
def test_an_outcome_says_which_query_which_lead_what_and_when(missing: str, field: str) -> None:
    with pytest.raises(FieldProblem, match="is required") as caught:
        outcome_row({key: value for key, value in CLICK.items() if key != missing}, context())
    assert caught.value.field == field


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(FieldProblem, match="must be one of impression, click"):
        outcome_row({**CLICK, "event": "purchase"}, context())
