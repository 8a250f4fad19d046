"""Imports keep the clusters of company records up to date."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from db.pool import open_pool
from ingest.importers import import_files

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LONG = (
    "We build scheduling software for hospitals and clinics that want fewer empty beds and shorter queues. "
    "Nurses plan their shifts on the phone, managers see tomorrow's gaps, and patients hear in time when a date moves. "
    "Founded by two doctors, we work with ninety hospitals in five countries and answer every call within a minute."
)


def written(path: Path, records: Iterable[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


async def clusters_after(dsn: str, path: Path, *records: dict[str, object]) -> dict[str, str]:
    pool = await open_pool(dsn)
    try:
        await import_files(pool, [written(path, records)], kind="companies", clock=lambda: NOW)
        rows = await pool.fetch("SELECT company_id, cluster_id FROM companies ORDER BY company_id")
    finally:
        await pool.close()
    return {row["company_id"]: row["cluster_id"] for row in rows}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "companies.jsonl"


async def test_records_of_one_domain_are_merged_across_imports_and_part_again(
    database: str, path: Path
) -> None:
    first = {"company_id": "a", "name": "Acme", "domain": "acme.com"}
    second = {"company_id": "b", "name": "Acme Labs", "domain": "https://www.acme.com/x", "employee_count": 5}
    assert await clusters_after(database, path, first) == {"a": "a"}
    assert await clusters_after(database, path, second) == {"a": "b", "b": "b"}
    connection = await asyncpg.connect(database)
    found = await connection.fetchrow(
        "SELECT company_id, representative_id, reason, evidence FROM company_duplicates"
    )
    assert tuple(found) == ("a", "b", "same_domain", "acme.com")
    assert await clusters_after(database, path, {**first, "domain": "other.com"}) == {"a": "a", "b": "b"}
    assert await connection.fetchval("SELECT count(*) FROM company_duplicates") == 0
    await connection.close()


async def test_a_third_record_ties_two_clusters_together(database: str, path: Path) -> None:
    await clusters_after(
        database, path,
        {"company_id": "a", "name": "Old Acme", "country": "DE", "city": "Berlin"},
        {"company_id": "b", "name": "Something", "domain": "acme.com"},
        {"company_id": "c", "name": "Acme", "domain": "acme.com"},
    )  # fmt: skip
    tie = {
        "company_id": "d", "name": "New Acme", "domain": "acme.com", "former_names": ["Old Acme Inc."], "country": "DE",
        "city": "Berlin",
    }  # fmt: skip
    assert await clusters_after(database, path, tie) == dict.fromkeys("abcd", "d")


async def test_a_near_identical_record_is_merged_and_a_namesake_is_not(database: str, path: Path) -> None:
    found = await clusters_after(
        database, path,
        {"company_id": "a", "name": "Quest", "domain": "quest.com", "description": LONG, "tags": ["health"]},
        {"company_id": "b", "name": "Quest", "domain": "getquest.io", "description": LONG.replace("\n", " ")},
        {"company_id": "c", "name": "Quest", "domain": "quest.de", "description": "We sell maps, tents and boots to those "
         "who climb mountains, and tell them the weather of the day before they leave the valley."},
    )  # fmt: skip
    assert found == {"a": "a", "b": "a", "c": "c"}


async def test_an_inactive_record_does_not_speak_for_an_active_one(database: str, path: Path) -> None:
    found = await clusters_after(
        database, path,
        {"company_id": "a", "name": "Acme", "domain": "acme.com", "is_active": False, "employee_count": 9, "country": "DE"},
        {"company_id": "b", "name": "Acme", "domain": "acme.com"},
    )  # fmt: skip
    assert found == {"a": "b", "b": "b"}
