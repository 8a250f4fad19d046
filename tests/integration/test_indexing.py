"""A generation is published with its lexical index, or not at all."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.pool import open_pool
from db.snapshot import open_snapshot, tombstones, write_snapshot
from db.snapshot.additions import last_path, mark_last
from db.snapshot.layout import CURRENT
from db.snapshot.tombstones import is_left_behind, prune_tombstones
from ingest.indexing import build_generation
from models.lexical import LexicalIndex
from ranking.errors import ArtifactError
from ranking.taxonomy import load_taxonomy
from tests.fixtures.snapshot_world import add_company, add_snippet

TAXONOMY = load_taxonomy()


def clock() -> float:
    return 1_775_000_000.0


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database)
    await add_company(opened, "a")
    await add_company(opened, "b")
    await add_snippet(opened, "s1", "b", "Looking for wooden chairs")
    await add_snippet(opened, "s2", "a", "Chairs were delivered")
    await add_snippet(opened, "s3", "b", "A lamp broke")
    yield opened
    await opened.close()


async def test_the_lexical_index_numbers_snippets_as_the_columns_do(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    generation = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    snapshot = open_snapshot(tmp_path, generation, taxonomy_version=TAXONOMY.version)
    index = LexicalIndex.open(snapshot.lexical)
    rows, raw = index.term_postings("chair")
    assert sorted(snapshot.catalogue.text(row) for row in rows.tolist()) == [
        "Chairs were delivered",
        "Looking for wooden chairs",
    ]
    assert (raw > 0).all()
    assert any(name.startswith("lexical/") for name in snapshot.manifest.files)


async def test_an_unchanged_database_keeps_its_generation(pool: asyncpg.Pool, tmp_path: Path) -> None:
    first = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    assert await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: clock() + 60.0) == first
    await add_snippet(pool, "s4", "a", "A door was painted")
    assert await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: clock() + 120.0) != first


async def test_a_crash_between_columns_and_index_leaves_the_old_generation_served(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    first = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    await add_snippet(pool, "s4", "a", "A door was painted")

    def crash(_columns: Path, _out: Path) -> None:
        raise MemoryError

    async with pool.acquire() as connection:
        with pytest.raises(MemoryError):
            await write_snapshot(connection, tmp_path, TAXONOMY, clock=clock, extend=crash)
    assert open_snapshot(tmp_path).generation == first
    assert len(names(tmp_path) - {CURRENT, first}) == 1
    second = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    assert open_snapshot(tmp_path).generation == second
    assert names(tmp_path) == {CURRENT, first, second}


async def test_a_damaged_lexical_index_is_refused(pool: asyncpg.Pool, tmp_path: Path) -> None:
    generation = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    path = tmp_path / generation / "lexical" / "manifest.json"
    path.write_text(path.read_text().replace("atire", "lucene"))
    with pytest.raises(ArtifactError, match="damaged"):
        open_snapshot(tmp_path)


async def test_marks_of_deleted_rows_go_once_no_generation_needs_them_and_they_are_old(
    pool: asyncpg.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tombstones, "_AT_ONCE", 1)
    months_ago = "UPDATE tombstones SET deleted_at = to_timestamp($1) - interval '32 days'"

    async def left() -> list[str]:
        rows = await pool.fetch("SELECT entity_id FROM tombstones ORDER BY entity_id")
        return [row["entity_id"] for row in rows]

    bury = "INSERT INTO tombstones (entity, entity_id, company_id) VALUES ('snippet', $1, 'a')"
    await pool.executemany(bury, [("one",), ("two",)])
    first = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    assert await left() == ["one", "two"], "they are young"
    await pool.execute(bury, "unseen")
    await add_snippet(pool, "s4", "a", "A door was painted")
    await pool.execute(months_ago, clock())
    async with pool.acquire() as connection:
        assert await prune_tombstones(connection, tmp_path, clock()) == 2
        assert await left() == ["unseen"], "who follows the first generation has not seen them"
        await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: clock() + 60.0)
        assert await left() == ["unseen"], "it is still kept"
        shutil.rmtree(tmp_path / first)
        assert await prune_tombstones(connection, tmp_path, clock()) == 1
        assert await prune_tombstones(connection, tmp_path / "none", clock()) == 0


async def test_a_generation_that_nobody_followed_for_a_month_is_left_behind(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    generation = await build_generation(pool, tmp_path, TAXONOMY, clock=clock)
    month_s = tombstones.KEPT_DAYS * 86_400.0
    assert not is_left_behind(tmp_path, generation, clock() + month_s - 1.0)
    assert is_left_behind(tmp_path, generation, clock() + month_s + 1.0)
    mark_last(tmp_path / generation, 0)
    os.utime(last_path(tmp_path / generation), (clock() + 10.0, clock() + 10.0))
    assert not is_left_behind(tmp_path, generation, clock() + month_s + 1.0)
