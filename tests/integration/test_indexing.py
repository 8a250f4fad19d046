"""A generation is published with its lexical index, or not at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.pool import open_pool
from db.snapshot import open_snapshot, write_snapshot
from db.snapshot.layout import CURRENT
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
