"""A generation with additions answers as one that is built anew under the statistics of the first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import numpy as np
import pytest

from db.pool import open_pool
from db.snapshot import Catalogue, open_snapshot
from db.snapshot.columns import SnippetColumns
from db.snapshot.growth import live_rows
from ingest.freshness.following import Follower
from ingest.freshness.held import Held
from ingest.indexing import build_generation
from ranking.types import IntArray
from tests.fixtures.changing_world import NOW, ChangingWorld
from tests.fixtures.followed import TAXONOMY, Leaves, Replica, built_under

PROMPTS = (
    "CRM for companies in Europe",
    "applicant tracking software and payroll for software companies with 20-500 employees",
    "payroll automation newtown bookkeeping",
    "sales outsourcing, not in Germany, for companies like Company c003",
)
NOW_S = NOW.timestamp() + 86_400.0


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(database) as opened:
        yield opened


async def never() -> None:
    raise AssertionError


def follower(pool: asyncpg.Pool, root: Path) -> Follower:
    return Follower(pool, root, TAXONOMY, never, clock=lambda: NOW_S)


@pytest.mark.parametrize("seed", range(3))
async def test_additions_answer_as_a_build(seed: int, pool: asyncpg.Pool, tmp_path: Path) -> None:
    world, base = ChangingWorld(Random(seed)), tmp_path / "base"
    async with pool.acquire() as connection, connection.transaction():
        await world.begin(connection)
    await build_generation(pool, base, TAXONOMY, clock=lambda: NOW_S)
    replica, following = Replica(base), follower(pool, base)
    try:
        for step in range(4):
            async with pool.acquire() as connection:
                for _ in range(world.random.randrange(4, 13)):
                    await world.change(connection)
                assert await following.step(connection)
            leaves = replica.look()
            anew = await built_under(base, pool, tmp_path / f"anew-{step}", NOW_S)
            for prompt in PROMPTS:
                told, expected = await _both(leaves, anew, prompt)
                assert told == expected, (seed, step, prompt)
    finally:
        replica.close()


@pytest.mark.parametrize("seed", range(3))
async def test_additions_know_the_same_repeats_as_a_build(
    seed: int, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    world, base = ChangingWorld(Random(100 + seed), companies=6), tmp_path / "base"
    async with pool.acquire() as connection, connection.transaction():
        await world.begin(connection)
    await build_generation(pool, base, TAXONOMY, clock=lambda: NOW_S)
    following, repeats = follower(pool, base), 0
    for step in range(8):
        async with pool.acquire() as connection:
            for _ in range(3):
                await world.change(connection)
                await world.repeat(connection)
            await following.step(connection)
        held = Held(base, TAXONOMY)
        await build_generation(pool, tmp_path / "anew", TAXONOMY, clock=lambda: NOW_S)
        anew = open_snapshot(tmp_path / "anew")
        known = _repeated(held.growth.columns, held.cards, live_rows(held.growth.columns, held.growth.gone))
        all_rows = np.arange(len(anew.snippets.kind), dtype=np.int32)
        expected = _repeated(anew.snippets, anew.catalogue, all_rows)
        assert known == expected, (seed, step)
        repeats += sum(key != original for key, (original, _) in known.items())
    assert repeats


def _repeated(
    columns: SnippetColumns, cards: Catalogue, rows: IntArray
) -> dict[tuple[str, str], tuple[tuple[str, str], bool]]:
    """By the key of each snippet the key of the one it repeats, and whether it counts as a repeat."""
    shown = dict(zip(rows.tolist(), cards.snippets(rows.tolist()), strict=True))
    keys = {row: (card.miner_id, card.snippet_id) for row, card in shown.items()}
    return {keys[row]: (keys[int(columns.original[row])], bool(columns.duplicate[row])) for row in keys}


async def _both(leaves: Leaves, anew: Leaves, prompt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answered in a thread, as each has an event loop of its own."""
    told = await asyncio.to_thread(leaves.answer, prompt, NOW_S)
    return told, await asyncio.to_thread(anew.answer, prompt, NOW_S)
