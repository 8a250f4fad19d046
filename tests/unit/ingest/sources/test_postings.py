"""Raw rows to listings, and listings to snippets."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from ingest.importers.canonical import Canonicaliser
from ingest.importers.rows import FieldProblem, RawRow
from ingest.sources.known_companies import CompanyDirectory, KnownCompany
from ingest.sources.listings import listing
from ingest.sources.postings import SourceNames, attribute_postings, read_postings
from ingest.sources.technologies import technologies_in
from ingest.streams.messages import SnippetMessage, encoded
from ranking.taxonomy import load_taxonomy

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TAXONOMY = load_taxonomy()
CANONICAL = Canonicaliser(TAXONOMY)
KESTREL = KnownCompany("k", "k", "Kestrel", ("kestrel",), "kestrel.com", "", None, None, (), "")


def test_markup_and_odd_line_ends_become_plain_lines() -> None:
    link = '<a href="https:&#x2F;&#x2F;kestrel.com&#x2F;jobs" rel="nofollow">https:&#x2F;&#x2F;kes...</a>'
    raw = {"text": f"Kestrel &#x2F; maps<p>Apply: {link}\u2028Bye", "time": 1_767_225_600}
    found = listing(RawRow(3, raw), NOW)
    assert found.body == "Kestrel / maps\nApply: https://kestrel.com/jobs\nBye"
    assert found.posted_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_row_that_says_nothing_is_refused() -> None:
    with pytest.raises(FieldProblem, match="is required"):
        listing(RawRow(1, {"company": "Kestrel"}), NOW)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Our stack: Python, Postgres and React.", ("python", "postgresql", "react")),
        ("You have experience with Salesforce and HubSpot.", ("salesforce", "hubspot")),
        ("Our customers include Salesforce and HubSpot.", ()),
        ("We go to the office. Close to the sea. Python is fine.", ()),
        ("We write Python, Go and Rust.", ("python", "golang", "rust")),
        ("Apply at https://jobs.ashbyhq.com/kestrel or greenhouse.io/kestrel", ()),
    ],
)
def test_technologies_count_where_they_are_asked_for(text: str, codes: tuple[str, ...]) -> None:
    assert technologies_in(text, "Kestrel", TAXONOMY) == codes


def test_rows_become_snippets_or_rejects(tmp_path: Path) -> None:
    rows = [
        {"id": 7, "text": "Kestrel | Senior Backend Engineer | Oslo | https://kestrel.com\nWe use Python.", "date": "2026-02-01"},
        {"id": 8, "company": "Kestrel", "title": "Sales Manager", "website": "kestrel.com", "locations": ["Oslo"], "url": "https://b.example/8"},
        {"id": 9, "company": "Kestrel", "title": "Sales Manager", "website": "kestrel.com", "active": False},
        {"id": 10, "company": "Falcon", "title": "Sales Manager"},
        {"id": 11, "text": "0 open positions"},
        {"id": 12, "text": "Kestrel | Senior Backend Engineer | Oslo | https://kestrel.com\nWe use Python.", "date": "2026-02-01"},
    ]  # fmt: skip
    path = tmp_path / "listings.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    postings, result = read_postings(path, CANONICAL, NOW)
    directory = CompanyDirectory([KESTREL], Counter(), 0)
    attribute_postings(
        postings, directory, CANONICAL, SourceNames("m", "forum", "https://f.example/{id}"), result
    )
    assert (result.rows, len(result.snippets)) == (6, 2)
    assert sorted((reject.line, reject.reason.split(":")[0]) for reject in result.rejects) == [
        (3, "is no posting"), (4, "unknown company"), (5, "is no posting"), (6, "repeats an earlier listing"),
    ]  # fmt: skip
    first, second = result.snippets
    assert (first["snippet_id"], first["company_id"], first["kind"]) == ("forum-7", "k", "job_posting")
    assert first["text"].startswith("Senior Backend Engineer\nKestrel | Senior Backend Engineer")
    assert first["source_url"] == "https://f.example/7"
    assert first["technologies_added"] == ["python"]
    assert first["attributes"]["roles"] == ["engineering", "backend"]
    assert first["attributes"]["seniorities"] == ["senior"]
    assert second["text"] == "Sales Manager\nKestrel is hiring in Oslo."
    assert (second["source_url"], second["observed_at"]) == ("https://b.example/8", None)
    for record in result.snippets:
        message = SnippetMessage.model_validate_json(encoded(record, NOW))
        assert message.routing_key() == "k"
