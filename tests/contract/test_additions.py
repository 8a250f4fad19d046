"""A generation with additions answers as one that is built anew under the statistics of the first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest

from db.pool import open_pool
from ingest.freshness.following import Follower
from ingest.indexing import build_generation
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


async def _both(leaves: Leaves, anew: Leaves, prompt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answered in a thread, as each has an event loop of its own."""
    told = await asyncio.to_thread(leaves.answer, prompt, NOW_S)
    return told, await asyncio.to_thread(anew.answer, prompt, NOW_S)
