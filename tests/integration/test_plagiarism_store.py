"""Verdicts about near-duplicates and the index they come from survive a restart."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
import pytest

from db.pool import open_pool
from ingest.plagiarism.detection import Detector
from ingest.plagiarism.fingerprint import Fingerprint
from ingest.plagiarism.index import SketchIndex
from ingest.plagiarism.storing import judge_stored, load_index
from tests.unit.ingest.reposting import MORNING, posting, snippet

CAPACITY = 1_000
NOW = MORNING + timedelta(days=1)
_COMPANY = """INSERT INTO companies (company_id, cluster_id, name, name_key, content_hash)
    VALUES ('acme', 'acme', 'Acme', 'acme', 'x')"""
_SNIPPET = """INSERT INTO intent_snippets (company_id, miner_id, snippet_id, seen_at, kind, text, content_hash)
    VALUES ($1, $2, $3, $4, 'job_posting', $5, 'x')"""
_KEY = """INSERT INTO snippet_keys (company_id, miner_id, snippet_id, seen_at, latest_seen_at, content_hash)
    VALUES ($1, $2, $3, $4, $4, 'x')"""


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database)
    try:
        await pool.execute(_COMPANY)
        yield pool
    finally:
        await pool.close()


async def stored(
    pool: asyncpg.Pool, detector: Detector, *batch: tuple[str, Fingerprint]
) -> Sequence[tuple[str, str]]:
    async with pool.acquire() as connection, connection.transaction():
        for text, each in batch:
            place = (each.company_id, each.miner_id, each.snippet_id, each.seen_at)
            await connection.execute(_KEY, *place)
            await connection.execute(_SNIPPET, *place, text)
        repeats = await judge_stored(connection, detector, [each for _, each in batch], NOW)
    return [(repeat.snippet.snippet_id, repeat.original.snippet_id) for repeat in repeats]


def posted(number: int, key: str, miner: str = "finder", minutes: float = 0) -> tuple[str, Fingerprint]:
    return posting(number), snippet(posting(number), miner, minutes=minutes, key=key)


async def found(pool: asyncpg.Pool) -> list[tuple[object, ...]]:
    rows = await pool.fetch(
        "SELECT snippet_id, original_snippet_id, distance, contained, is_renewal FROM snippet_repeats ORDER BY snippet_id"
    )
    return [tuple(row) for row in rows]


async def test_a_repost_is_recognised_after_a_restart(pool: asyncpg.Pool) -> None:
    await stored(pool, Detector(SketchIndex(CAPACITY)), posted(1, "first"), posted(2, "second"))
    after = Detector(await load_index(pool, CAPACITY))
    assert await stored(pool, after, posted(1, "copy", "copier", 5)) == [("copy", "first")]
    assert await found(pool) == [("copy", "first", 0, 1.0, False)]
    marked = await pool.fetch(
        "SELECT snippet_id, duplicate_of FROM intent_snippets WHERE duplicate_of IS NOT NULL"
    )
    assert [tuple(row) for row in marked] == [("copy", "finder\x1ffirst")]
    assert await pool.fetchval("SELECT count(*) FROM snippet_sketches") == 2


async def test_renewals_are_kept_on_record_and_stay_evidence(pool: asyncpg.Pool) -> None:
    detector = Detector(SketchIndex(CAPACITY))
    await stored(pool, detector, posted(1, "first"))
    await stored(pool, detector, posted(1, "again", minutes=900))
    assert await found(pool) == [("again", "first", 0, 1.0, True)]
    assert await pool.fetchval("SELECT count(*) FROM intent_snippets WHERE duplicate_of IS NOT NULL") == 0


async def test_an_original_that_comes_late_takes_the_place_of_its_copies(pool: asyncpg.Pool) -> None:
    detector = Detector(SketchIndex(CAPACITY))
    await stored(pool, detector, posted(1, "copy", "copier", 5))
    await stored(pool, detector, posted(1, "other", "third", 9))
    assert await stored(pool, detector, posted(1, "first", "finder", 0)) == [("copy", "first")]
    assert [row[:2] for row in await found(pool)] == [("copy", "first"), ("other", "first")]
    assert await pool.fetchval("SELECT string_agg(snippet_id, ' ') FROM snippet_sketches") == "first"


async def test_what_is_erased_leaves_no_sketch_and_is_named_no_more(pool: asyncpg.Pool) -> None:
    detector = Detector(SketchIndex(CAPACITY))
    await stored(pool, detector, posted(1, "first"))
    await pool.execute("DELETE FROM intent_snippets")
    await pool.execute("DELETE FROM snippet_keys")
    assert await pool.fetchval("SELECT count(*) FROM snippet_sketches") == 0
    assert await stored(pool, detector, posted(1, "copy", "copier", 5)) == []


async def test_a_batch_judged_again_after_a_failure_finds_the_same(pool: asyncpg.Pool) -> None:
    detector = Detector(SketchIndex(CAPACITY))
    first, copy = posted(1, "first"), posted(1, "copy", "copier", 5)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with pool.acquire() as connection, connection.transaction():
            await judge_stored(connection, detector, [first[1], copy[1]], NOW)
    assert await stored(pool, detector, first, copy) == [("copy", "first")]
