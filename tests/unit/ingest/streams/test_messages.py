"""What a message must be, and what is said of one that is not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from db.submitters.feedback import EventRow
from ingest.importers.snippets import SnippetDraft
from ingest.streams.messages import encoded, holds_nul
from ingest.streams.records import Unusable
from tests.fixtures import streaming
from tests.fixtures.streaming import KEYS, reader, record

NOW = datetime(2024, 11, 21, tzinfo=UTC)


def snippet(number: int, **changes: Any) -> dict[str, Any]:
    return streaming.snippet(number, **{"produced_at": "2024-11-20T12:00:00+00:00", **changes})


def fault_of(value: object, key: bytes | None = b"acme", kind: Any = "snippets") -> tuple[str, str]:
    with pytest.raises(Unusable) as refused:
        reader(lambda: NOW, most_bytes=1_000).read(kind, record(value, key), KEYS)
    return refused.value.fault.code, refused.value.fault.field


def draft(value: object, key: bytes = b"acme") -> SnippetDraft:
    row = reader(lambda: NOW).read("snippets", record(value, key), KEYS)
    assert isinstance(row, SnippetDraft)
    return row


def test_a_snippet_becomes_the_row_that_an_import_makes() -> None:
    row = draft(snippet(1))
    assert (row.company_id, row.miner_id, row.snippet_id) == ("acme", "m", "s1")
    assert row.observed_at == datetime(2024, 11, 1, tzinfo=UTC)


def test_a_domain_stands_in_for_the_company_and_is_the_key() -> None:
    row = draft(snippet(1, company_id=None, domain="https://www.Acme.com/jobs"), b"acme.com")
    assert (row.company_id, row.domain_key) == (None, "acme.com")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (b"{", ("not_json", "")),
        (b"", ("not_json", "")),
        (b'"text"', ("not_json", "")),
        (b"\xff", ("not_json", "")),
        (b"[" * 400 + b"]" * 400, ("not_json", "")),
        (snippet(1, schema_version=2), ("schema_version", "schema_version")),
        (snippet(1, schema_version="1"), ("schema_version", "schema_version")),
        (snippet(1, schema_version=True), ("schema_version", "schema_version")),
        ({"text": "x"}, ("schema_version", "schema_version")),
        (snippet(1, text="x" * 1_000), ("too_large", "")),
        (snippet(1, text="a\0b"), ("nul", "text")),
        (snippet(1, attributes={"deep": [{"er": "\0"}]}), ("nul", "attributes")),
        (snippet(1, text=5), ("wrong_type", "text")),
        (snippet(1, technologies_added="Excel"), ("wrong_type", "technologies_added")),
        (snippet(1, technologies_added=[1]), ("wrong_type", "technologies_added.0")),
        (snippet(1, observed_at=1_700_000_000), ("wrong_type", "observed_at")),
        (snippet(1, observed_at="yesterday"), ("invalid_date", "observed_at")),
        (snippet(1, observed_at="2024-13-40"), ("invalid_date", "observed_at")),
        (snippet(1, observed_at="2024-11-22T00:00:00Z"), ("future_date", "observed_at")),
        (snippet(1, produced_at="2024-11-21T00:05:01Z"), ("future_date", "produced_at")),
        (snippet(1, produced_at="2031-01-01"), ("future_date", "produced_at")),
        (snippet(1, produced_at=" "), ("invalid_date", "produced_at")),
        (snippet(1, produced_at="2024-08-22T23:59:59Z"), ("stale", "produced_at")),
        (snippet(1, text=" "), ("invalid_field", "text")),
        (snippet(1, kind="rumour"), ("invalid_field", "kind")),
        (snippet(1, snippet_id="x" * 300), ("invalid_field", "snippet_id")),
        (snippet(1, company_id=None), ("invalid_field", "company_id")),
    ],
)
def test_each_fault_has_its_code_and_field(value: object, fault: tuple[str, str]) -> None:
    assert fault_of(value) == fault


@pytest.mark.parametrize("key", [None, b""])
def test_a_message_without_key_is_refused(key: bytes | None) -> None:
    assert fault_of(snippet(1), key) == ("missing_key", "")


@pytest.mark.parametrize("key", [b"other", b"\xff"])
def test_a_key_that_is_not_the_companys_is_refused(key: bytes) -> None:
    assert fault_of(snippet(1), key) == ("wrong_key", "")


def test_attributes_nested_deeper_than_json_is_written_are_refused() -> None:
    value = b'{"deep":' * 300 + b"1" + b"}" * 300
    raw = b'{"schema_version":1,"produced_at":"2024-11-20","company_id":"acme","text":"x","attributes":%b}'
    with pytest.raises(Unusable) as refused:
        reader(lambda: NOW).read("snippets", record(raw % value), KEYS)
    assert refused.value.fault.field == "attributes"


def test_a_date_a_little_ahead_is_the_time_of_production_whenever_it_is_read() -> None:
    value = snippet(1, observed_at="2024-11-20T18:00:00Z")
    later = reader(lambda: datetime(2025, 1, 1, tzinfo=UTC)).read("snippets", record(value), KEYS)
    assert draft(value).observed_at == datetime(2024, 11, 20, 12, tzinfo=UTC) == later.observed_at  # type: ignore[union-attr]


def test_fields_that_we_do_not_know_are_let_be() -> None:
    assert draft(snippet(1, added_next_year=1)).snippet_id == "s1"


def test_an_outcome_becomes_its_row() -> None:
    value = {
        "schema_version": 1, "produced_at": "2024-11-20", "query_id": "q", "lead_id": "l", "event": "click",
        "occurred_at": "2024-11-19T10:00:00Z",
    }  # fmt: skip
    row = reader(lambda: NOW).read("outcomes", record(value, b"l"), KEYS)
    assert isinstance(row, EventRow)
    assert (row.lead_id, row.event) == ("l", "click")


def test_nul_is_found_at_any_depth_without_recursion() -> None:
    deep: object = "\0"
    for _ in range(100_000):
        deep = [deep]
    assert holds_nul(deep)
    assert not holds_nul({"a": ["b", 1, None]})


def test_what_is_encoded_is_read_again() -> None:
    raw = encoded({"company_id": "acme", "text": "Hiring", "miner_id": "m"}, NOW)
    assert draft(raw).text == "Hiring"
