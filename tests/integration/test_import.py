"""Files in, stored rows out, and every row accounted for."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from db.pool import open_pool
from ingest.importers import ImportReport, import_files
from ingest.importers.report import Progress
from ingest.importers.rows import UnusableFile

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Write = Callable[..., Path]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database)
    yield opened
    await opened.close()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def jsonl(name: str, *records: dict[str, object]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return jsonl


async def run(pool: asyncpg.Pool, *files: Path, now: datetime = NOW, **options: object) -> ImportReport:
    return await import_files(pool, files, clock=lambda: now, **options)  # type: ignore[arg-type]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.rows, report.stored, report.unchanged, report.rejected


def company(company_id: str, **changes: object) -> dict[str, object]:
    return {
        "company_id": company_id,
        "name": f"Company {company_id}",
        "domain": f"c{company_id}.com",
        **changes,
    }


def snippet(snippet_id: str, company_id: str = "1", **changes: object) -> dict[str, object]:
    text = f"We are hiring {snippet_id}"
    return {
        "snippet_id": snippet_id,
        "company_id": company_id,
        "kind": "news",
        "text": text,
        "miner_id": "m",
        **changes,
    }


async def ids(pool: asyncpg.Pool, statement: str) -> list[object]:
    return [row[0] for row in await pool.fetch(statement)]


async def test_every_kind_is_stored_once_and_a_second_import_changes_nothing(
    pool: asyncpg.Pool, write: Write
) -> None:
    files = [
        write(
            "outcomes.jsonl",
            {"query_id": "q", "lead_id": "l1", "event": "click", "occurred_at": "2026-11-01"},
        ),
        write("snippets.jsonl", snippet("s1"), snippet("s2", company_id="2")),
        write(
            "leads.jsonl",
            {"lead_id": "l1", "company_id": "1", "title": "VP Engineering", "email": "a@c1.com"},
        ),
        write("companies.jsonl", company("1"), company("2", employee_count=12)),
    ]
    report = await run(pool, *files)
    assert counts(report) == (6, 6, 0, 0)
    assert [file.kind for file in report.files] == ["companies", "leads", "snippets", "outcomes"]
    assert report.company_leads == 2 - 1
    before = await pool.fetch(
        "SELECT txid FROM companies UNION ALL SELECT txid FROM intent_snippets ORDER BY txid"
    )
    again = await run(pool, *files, now=NOW + timedelta(days=1))
    assert counts(again) == (6, 0, 6, 0)
    assert before == await pool.fetch(
        "SELECT txid FROM companies UNION ALL SELECT txid FROM intent_snippets ORDER BY txid"
    )
    assert await ids(pool, "SELECT company_id FROM outcomes") == ["1"]


async def test_a_changed_company_is_stored_and_loses_the_vector_of_its_old_words(
    pool: asyncpg.Pool, write: Write
) -> None:
    await run(pool, write("companies.jsonl", company("1"), company("2")))
    await pool.execute(
        "UPDATE companies SET embedding_hash = 'h', embedding = array_fill(0.5, ARRAY[384])::vector"
    )
    changed = write("companies.jsonl", company("1", description="New words"), company("2", employee_count=7))
    assert counts(await run(pool, changed)) == (2, 2, 0, 0)
    rows = await pool.fetch("SELECT embedding_hash, employee_count FROM companies ORDER BY company_id")
    assert [tuple(row) for row in rows] == [(None, None), ("h", 7)]
    assert await ids(pool, "SELECT firmographics ->> 'employee_count' FROM leads ORDER BY lead_id") == [
        None,
        "7",
    ]


async def test_of_rows_with_one_id_the_last_counts_and_equal_ones_are_unchanged(
    pool: asyncpg.Pool, write: Write
) -> None:
    first = write("companies_a.jsonl", company("1", name="Old"), company("2"), company("2"))
    second = write("companies_b.jsonl", company("1", name="New"))
    for stored, unchanged in ((2, 1), (0, 1 + 2)):
        report = await run(pool, first, second)
        assert counts(report) == (4, stored, unchanged, 1)
        assert await ids(pool, "SELECT name FROM companies WHERE company_id = '1'") == ["New"]
    rejects = (first.parent / "companies_a.jsonl.rejects.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in rejects] == [
        {
            "line": 1, "field": "company_id",
            "reason": "is given again with other content, and the last one counts: line 1 of companies_b.jsonl",
        }
    ]  # fmt: skip


async def test_rows_that_cannot_be_used_are_rejected_with_line_field_and_reason(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    path = tmp_path / "companies.csv"
    path.write_text('company_id,name,employee_count\n1,Acme,-3\n2,,5\n3,Fine,"1,000+"\n')
    assert counts(await run(pool, path)) == (3, 1, 0, 2)
    rejects = [
        json.loads(line) for line in (tmp_path / "companies.csv.rejects.jsonl").read_text().splitlines()
    ]
    assert [(one["line"], one["field"]) for one in rejects] == [(2, "employee_count"), (3, "name")]
    assert await ids(pool, "SELECT employee_count FROM companies") == [1000 + 1]


async def test_a_field_that_only_late_rows_have_is_read(pool: asyncpg.Pool, write: Write) -> None:
    rows: list[dict[str, Any]] = [
        {"company_id": str(number), "name": f"Firm {number}"} for number in range(400)
    ]
    rows[350] |= {"city": "Berlin", "surplus": 1}
    report = await run(pool, write("companies.jsonl", *rows))
    assert counts(report) == (400, 400, 0, 0)
    assert report.files[0].ignored_columns == ("surplus",)
    assert await ids(pool, "SELECT company_id FROM companies WHERE city_code = 'berlin'") == ["350"]


async def test_parquet_and_mapped_columns(pool: asyncpg.Pool, tmp_path: Path) -> None:
    path = tmp_path / "firms.parquet"
    table = pa.table(
        {"site": ["a.com", "b.com"], "firm": ["A", "B"], "place": [{"city": "Berlin"}, None], "more": [1, 2]}
    )
    pq.write_table(table, path)
    mapping = {"company_id": "site", "domain": "site", "name": "firm", "city": "place.city"}
    report = await run(pool, path, mapping=mapping)
    assert counts(report) == (2, 2, 0, 0)
    assert report.files[0].ignored_columns == ("more",)
    assert await ids(pool, "SELECT city_code FROM companies ORDER BY company_id") == ["berlin", None]


async def test_a_mapping_may_serve_one_kind_of_several_files(pool: asyncpg.Pool, write: Write) -> None:
    firms = write("firms.jsonl", {"key": "1", "name": "A"})
    with pytest.raises(UnusableFile, match="there is no column 'key'"):
        await run(pool, write("snippets.jsonl", snippet("s")), firms, mapping={"company_id": "key"})
    assert await ids(pool, "SELECT company_id FROM companies") == []


async def test_chunks_report_their_progress(
    pool: asyncpg.Pool, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.importers.sources.CHUNK_ROWS", 2)
    path = write("companies.jsonl", *(company(str(number)) for number in range(5)))
    seen: list[Progress] = []
    await run(pool, path, progress=seen.append)
    assert [(one.stage, one.kind) for one in seen] == [("read", "companies")] * 3 + [("stored", "companies")]
    assert seen[-1].rows == 5


async def test_the_company_level_lead_gives_way_to_real_leads(pool: asyncpg.Pool, write: Write) -> None:
    await run(pool, write("companies.jsonl", company("1"), company("2")))
    assert await ids(pool, "SELECT lead_id FROM leads WHERE is_company_level ORDER BY 1") == ["1", "2"]
    lead = {"lead_id": "l", "company_id": "1", "full_name": "Jo"}
    assert (await run(pool, write("leads.jsonl", lead))).company_leads == -1
    assert await ids(pool, "SELECT lead_id FROM leads ORDER BY 1") == ["2", "l"]
    moved = await run(pool, write("leads.jsonl", {**lead, "company_id": "2"}))
    assert moved.company_leads == 1 - 1
    assert await ids(pool, "SELECT lead_id FROM leads ORDER BY 1") == ["1", "l"]


async def test_a_real_lead_may_carry_its_companys_id_but_not_anothers(
    pool: asyncpg.Pool, write: Write
) -> None:
    await run(pool, write("companies.jsonl", company("1"), company("2")))
    own = {"lead_id": "1", "company_id": "1", "full_name": "Jo"}
    report = await run(pool, write("leads.jsonl", own, {"lead_id": "2", "company_id": "1"}))
    assert counts(report) == (2, 1, 0, 1)
    rows = await pool.fetch("SELECT lead_id, is_company_level FROM leads ORDER BY 1")
    assert [tuple(row) for row in rows] == [("1", False), ("2", True)]


async def test_leads_and_snippets_of_unknown_companies_are_rejected(pool: asyncpg.Pool, write: Write) -> None:
    files = [
        write("companies.jsonl", company("1")),
        write("leads.jsonl", {"lead_id": "l", "company_id": "9"}),
        write(
            "snippets.jsonl",
            snippet("a", company_id="9"),
            {"domain": "nowhere.com", "text": "t", "kind": "news"},
            {"domain": "linkedin.com/company/x", "text": "t", "kind": "news"},
            snippet("b", company_id="9", domain="https://www.c1.com"),
        ),
        write(
            "outcomes.jsonl", {"query_id": "q", "lead_id": "9", "event": "click", "occurred_at": "2026-11-01"}
        ),
    ]
    report = await run(pool, *files)
    reasons = [(file.kind, *key) for file in report.files for key in file.reasons]
    assert sorted(reasons) == [
        ("leads", "company_id", "unknown company"), ("outcomes", "lead_id", "unknown lead"),
        ("snippets", "company_id", "unknown company"), ("snippets", "domain", "the domain is shared by many companies"),
        ("snippets", "domain", "unknown company"),
    ]  # fmt: skip
    assert await ids(pool, "SELECT company_id FROM intent_snippets") == ["1"]


async def test_a_snippet_sent_again_with_other_content_is_a_new_revision_and_the_first_is_kept(
    pool: asyncpg.Pool, write: Write
) -> None:
    companies = write("companies.jsonl", company("1"), company("2"))
    await run(pool, companies, write("snippets.jsonl", snippet("s")))
    later = NOW + timedelta(hours=1)
    for now, stored in ((later, 1), (later, 0)):
        report = await run(
            pool, write("snippets.jsonl", snippet("s", company_id="2", text="Edited")), now=now
        )
        assert report.stored == stored
    assert (await run(pool, write("snippets.jsonl", snippet("s")), now=later)).unchanged == 1
    rows = await pool.fetch(
        "SELECT company_id, revision, seen_at, is_current FROM intent_snippets ORDER BY revision"
    )
    assert [tuple(row) for row in rows] == [("1", 1, NOW, False), ("2", 2, later, True)]
    key = await pool.fetchrow("SELECT company_id, seen_at, latest_seen_at, revision FROM snippet_keys")
    assert tuple(key) == ("2", NOW, later, 2)
    assert await ids(pool, "SELECT snippets FROM miners WHERE miner_id = 'm'") == [1 + 1]


async def test_two_revisions_within_one_tick_of_the_clock_are_both_kept(
    pool: asyncpg.Pool, write: Write
) -> None:
    await run(pool, write("companies.jsonl", company("1")), write("snippets.jsonl", snippet("s")))
    await run(pool, write("snippets.jsonl", snippet("s", text="Edited")))
    assert await ids(pool, "SELECT seen_at FROM intent_snippets ORDER BY revision") == [
        NOW,
        NOW + timedelta(microseconds=1),
    ]


async def test_the_derived_id_makes_a_repost_unchanged_and_dates_are_clamped(
    pool: asyncpg.Pool, write: Write
) -> None:
    record = {"domain": "c1.com", "kind": "job_posting", "text": "DevOps Engineer"}
    soon, late = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    report = await run(
        pool,
        write("companies.jsonl", company("1")),
        write(
            "snippets.jsonl",
            {**record, "observed_at": soon.isoformat()},
            {**record, "observed_at": soon.isoformat()},
            {**record, "text": "other", "observed_at": late.isoformat()},
        ),
    )
    assert counts(report) == (1 + 3, 1 + 1, 1, 1)
    row = await pool.fetchrow("SELECT observed_at, seen_at, miner_id, role_codes FROM intent_snippets")
    assert tuple(row) == (NOW, NOW, "import", ["engineering", "devops"])


async def test_a_columns_dates_are_read_one_way(pool: asyncpg.Pool, tmp_path: Path, write: Write) -> None:
    path = tmp_path / "snippets.csv"
    path.write_text("snippet_id,company_id,text,observed_at\na,1,x,1/28/2026\nb,1,y,2/3/2026\n")
    assert counts(await run(pool, write("companies.jsonl", company("1")), path)) == (3, 3, 0, 0)
    assert await ids(pool, "SELECT observed_at FROM intent_snippets ORDER BY snippet_id") == [
        datetime(2026, 1, 28, tzinfo=UTC),
        datetime(2026, 2, 3, tzinfo=UTC),
    ]


async def test_tenants_see_what_is_shared_and_their_own_and_take_nothing_from_others(
    pool: asyncpg.Pool, write: Write
) -> None:
    await pool.execute("INSERT INTO tenants (tenant_id, name) VALUES ('t', 'T'), ('u', 'U')")
    await run(pool, write("companies.jsonl", company("1")), write("snippets.jsonl", snippet("s")))
    await run(pool, write("companies.jsonl", company("2")), tenant="t")
    report = await run(
        pool,
        write("companies.jsonl", company("1", name="Mine"), company("2", name="Mine")),
        write("leads.jsonl", {"lead_id": "a", "company_id": "1"}, {"lead_id": "b", "company_id": "2"}),
        write("snippets.jsonl", snippet("s", text="Mine"), {"company_id": "1", "text": "x", "kind": "news"}),
        tenant="u",
    )
    rejected = {(file.kind, field, reason) for file in report.files for field, reason in file.reasons}
    taken = "is taken"
    assert rejected == {
        ("companies", "company_id", taken), ("leads", "company_id", "unknown company"), ("snippets", "snippet_id", taken),
    }  # fmt: skip
    assert counts(report) == (6, 2, 0, 4)
    assert await ids(pool, "SELECT name FROM companies ORDER BY company_id") == ["Company 1", "Company 2"]
    assert await ids(pool, "SELECT lead_id FROM leads WHERE tenant_id IS NULL") == ["1"]
    assert await ids(pool, "SELECT miner_id FROM intent_snippets WHERE tenant_id = 'u'") == ["import:u"]


async def test_unknown_wordings_are_kept_counted_and_shown(pool: asyncpg.Pool, write: Write) -> None:
    path = write(
        "companies.jsonl", company("1", industry="Xyzzy"), company("2", industry="Xyzzy", city="Nowhereville")
    )
    for _ in range(2):
        report = await run(pool, path)
        assert report.files[0].unmapped == {("industry", "Xyzzy"): 2, ("city", "Nowhereville"): 1}
        rows = await pool.fetch("SELECT field, value, occurrences FROM unmapped_values ORDER BY field")
        assert [tuple(row) for row in rows] == [
            ("companies.city", "Nowhereville", 1),
            ("companies.industry", "Xyzzy", 2),
        ]
    assert await ids(pool, "SELECT industry_raw FROM companies") == ["Xyzzy", "Xyzzy"]


async def test_a_failing_file_leaves_nothing_of_its_kind(
    pool: asyncpg.Pool, write: Write, tmp_path: Path
) -> None:
    broken = tmp_path / "companies_b.csv"
    broken.write_text("")
    with pytest.raises(UnusableFile, match="the file is empty"):
        await run(pool, write("companies_a.jsonl", company("1")), broken, kind="companies")
    assert await ids(pool, "SELECT company_id FROM companies") == []
