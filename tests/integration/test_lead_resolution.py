"""The same person under several ids, after imports of leads and of companies."""

import json
from pathlib import Path

import asyncpg
import pytest

from db.pool import open_pool
from db.statements import load
from ingest.importers import import_files

COMPANIES = [
    {"company_id": "a", "name": "Acme", "domain": "acme.com"},
    {"company_id": "b", "name": "Beta", "domain": "beta.com"},
]
LEADS = [
    {
        "lead_id": "1",
        "company_id": "a",
        "full_name": "Dr. Jane Doe",
        "title": "CFO",
        "email": "jane@acme.com",
    },
    {"lead_id": "2", "company_id": "a", "full_name": "Doe, Jane", "title": "Chief Financial Officer"},
    {"lead_id": "3", "company_id": "b", "full_name": "Jane Doe", "email": "jane+news@acme.com"},
    {"lead_id": "4", "company_id": "b", "full_name": "Jane Doe"},
    {"lead_id": "5", "company_id": "a", "full_name": "Max Muster", "email": "info@acme.com"},
    {"lead_id": "6", "company_id": "a", "full_name": "Erika Muster", "email": "info@acme.com"},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path


async def imported(pool: asyncpg.Pool, path: Path, kind: str, rows: list[dict[str, str]]) -> None:
    file = path / f"{kind}.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    await import_files(pool, [file], kind)  # type: ignore[arg-type]


async def same(pool: asyncpg.Pool) -> dict[str, tuple[str, str]]:
    rows = await pool.fetch("SELECT lead_id, representative_id, reason FROM lead_duplicates")
    return {row["lead_id"]: (row["representative_id"], row["reason"]) for row in rows}


async def test_persons_are_flagged_with_their_evidence_and_parted_again(database: str, path: Path) -> None:
    pool = await open_pool(database)
    try:
        await imported(pool, path, "companies", COMPANIES)
        await imported(pool, path, "leads", LEADS)
        assert await same(pool) == {
            "2": ("1", "same_name"), "3": ("1", "same_mailbox"), "4": ("1", "same_name"),
        }  # fmt: skip
        changed = {**LEADS[2], "email": "jane@beta.com"}
        await imported(pool, path, "leads", [changed])
        assert await same(pool) == {"2": ("1", "same_name"), "4": ("3", "same_name")}
        await imported(pool, path, "leads", LEADS)
        assert (await same(pool))["3"] == ("1", "same_mailbox")
    finally:
        await pool.close()


async def test_people_of_companies_that_become_one_are_compared_and_no_more_when_these_part(
    database: str, path: Path
) -> None:
    pool = await open_pool(database)
    try:
        await imported(pool, path, "companies", COMPANIES)
        await imported(pool, path, "leads", [LEADS[1], LEADS[3]])
        assert await same(pool) == {}
        await imported(pool, path, "companies", [{**COMPANIES[1], "domain": "acme.com"}])
        assert await same(pool) == {"4": ("2", "same_name")}
        await imported(pool, path, "companies", COMPANIES)
        assert await same(pool) == {}
    finally:
        await pool.close()


async def test_who_must_not_be_contacted_is_not_under_any_id(database: str, path: Path) -> None:
    pool = await open_pool(database)
    try:
        await imported(pool, path, "companies", COMPANIES)
        await imported(pool, path, "leads", LEADS)
        await pool.execute(
            "INSERT INTO suppressions (kind, value, reason) VALUES ('lead', '4', 'do_not_contact'), "
            "('company', 'b', 'do_not_contact')"
        )
        barred = await pool.fetch(load()["suppressions_in_force"])
        assert {(row["kind"], row["value"]) for row in barred} == {
            ("lead", "1"), ("lead", "2"), ("lead", "3"), ("lead", "4"), ("company", "b"),
        }  # fmt: skip
    finally:
        await pool.close()
