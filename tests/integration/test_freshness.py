"""What is committed reaches replicas by additions: whenever its transaction began, whenever the replica started."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import asyncpg
import pytest

from db.pool import open_pool
from db.snapshot.additions import LATER, last_path, parted
from db.snapshot.reader import current_generation
from db.snapshot.tombstones import KEPT_DAYS, is_left_behind
from ingest.freshness.following import Follower, Limits
from ingest.freshness.retention import drop_old
from ingest.indexing import build_generation
from tests.fixtures.changing_world import NOW, ChangingWorld
from tests.fixtures.followed import TAXONOMY, Leaves, Replica

NOW_S = NOW.timestamp() + 86_400.0
PROMPT = "CRM software"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(database) as opened:
        yield opened


@pytest.fixture
async def world(pool: asyncpg.Pool, tmp_path: Path) -> ChangingWorld:
    made = ChangingWorld(Random(7), companies=8)
    async with pool.acquire() as connection, connection.transaction():
        await made.begin(connection)
    await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: NOW_S)
    return made


async def never() -> None:
    raise AssertionError


def follower(pool: asyncpg.Pool, root: Path, **options: object) -> Follower:
    return Follower(pool, root, TAXONOMY, **{"rebuild": never, "clock": lambda: NOW_S} | options)  # type: ignore[arg-type]


async def step(following: Follower, pool: asyncpg.Pool) -> bool:
    async with pool.acquire() as connection:
        return await following.step(connection)


def seen(replica: Replica) -> set[str]:
    """Ids of all snippets that the replica has."""
    leaves = replica.look()
    alive = (leaves.tables.at(NOW_S).flags & 1) != 0
    rows = [row for row, known in enumerate(alive.tolist()) if known]
    return {card.snippet_id for card in leaves.catalogue.snippet_cards(rows)}


def new_text(company: str = "c001") -> dict[str, object]:
    return {
        "company_id": company,
        "kind": "news",
        "text": f"We at {company} are looking for a CRM",
        "observed_at": NOW,
    }


async def test_a_transaction_that_commits_late_is_not_lost(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, replica = follower(pool, tmp_path), Replica(tmp_path)
    async with pool.acquire() as slow, pool.acquire() as quick:
        transaction = slow.transaction()
        await transaction.start()
        late = await world.add_snippet(slow, **new_text("c001"))
        early = await world.add_snippet(quick, **new_text("c002"))
        assert await step(following, pool)
        assert {early} == {early, late} & seen(replica)
        assert not await step(following, pool)
        await transaction.commit()
        assert await step(following, pool)
        assert {early, late} <= seen(replica)
    replica.close()


async def test_what_is_rolled_back_never_shows(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following = follower(pool, tmp_path)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await world.add_snippet(connection, **new_text())
        await transaction.rollback()
    assert not await step(following, pool)


async def test_a_replica_that_starts_late_holds_what_the_others_hold(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, early = follower(pool, tmp_path), Replica(tmp_path)
    for _ in range(5):
        async with pool.acquire() as connection:
            for _ in range(4):
                await world.change(connection)
        await step(following, pool)
        early.look()
    late = Replica(tmp_path)
    assert late.generation == early.generation
    answers = [await asyncio.to_thread(each.look().answer, PROMPT, NOW_S) for each in (early, late)]
    assert answers[0] == answers[1]
    assert answers[0]["leads"]
    early.close()
    late.close()


async def test_a_follower_goes_on_where_another_ended(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    replica = Replica(tmp_path)
    ids = []
    for company in ("c001", "c002", "c003"):
        ids.append(
            await world.add_snippet(pool, **new_text(company) | {"text": f"{company} neologism{company} CRM"})
        )
        assert await step(follower(pool, tmp_path), pool)
    assert set(ids) <= seen(replica)
    assert parted(replica.generation)[1] == 3
    assert not await step(follower(pool, tmp_path), pool)
    replica.close()


async def test_what_is_deleted_is_gone_with_the_next_addition(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, replica = follower(pool, tmp_path), Replica(tmp_path)
    before = await answer(replica)
    company = before["leads"][0]["company_id"]
    lead = before["leads"][1]["lead_id"]
    await pool.execute("DELETE FROM companies WHERE company_id = $1", company)
    await pool.execute("DELETE FROM leads WHERE lead_id = $1", lead)
    await step(following, pool)
    after = await answer(replica)
    assert company not in {each["company_id"] for each in after["leads"]}
    assert lead not in {each["lead_id"] for each in after["leads"]}
    assert replica.look().catalogue.lead_row(lead) is None
    assert replica.look().catalogue.company_row(company) is None
    replica.close()


async def test_what_retention_drops_is_gone_with_the_next_addition(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, replica = follower(pool, tmp_path), Replica(tmp_path)
    old = await world.add_snippet(pool, **new_text() | {"seen_at": NOW - timedelta(days=800)})
    await step(following, pool)
    assert old in seen(replica)
    assert await drop_old(pool, NOW_S)
    await step(following, pool)
    assert old not in seen(replica)
    newest = "SELECT max(relname) FROM pg_class WHERE relname ~ '^intent_snippets_[0-9]{4}q[0-9]$'"
    a_year_on = NOW + timedelta(days=365)
    assert await pool.fetchval(newest) >= f"intent_snippets_{a_year_on.year}q{(a_year_on.month + 2) // 3}"
    replica.close()


async def test_one_drops_what_is_old_while_others_leave_it_to_him(
    world: ChangingWorld, pool: asyncpg.Pool
) -> None:
    assert world
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(4862026014)")
        assert not await drop_old(pool, NOW_S)
    assert await drop_old(pool, NOW_S)


async def test_more_than_is_worth_adding_is_built_by_the_follower_when_nobody_else_does(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    built = asyncio.Event()

    async def rebuild() -> None:
        await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: NOW_S + 1.0)
        built.set()

    limits = Limits(most_at_once=0, patience_s=0.0)
    following, replica = follower(pool, tmp_path, rebuild=rebuild, limits=limits), Replica(tmp_path)
    fresh = await world.add_snippet(pool, **new_text())
    assert not await step(following, pool)
    async with asyncio.timeout(20):
        await built.wait()
    assert not await step(following, pool)
    assert fresh in seen(replica)
    replica.close()


@pytest.mark.parametrize("follows_since_it_was_built", [True, False])
async def test_what_nobody_followed_for_longer_than_deletions_are_remembered_is_built_anew(
    follows_since_it_was_built: bool, world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    built, now_s = asyncio.Event(), NOW_S

    async def rebuild() -> None:
        await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: now_s)
        built.set()

    limits = Limits(patience_s=0.0)
    following = follower(pool, tmp_path, rebuild=rebuild, limits=limits, clock=lambda: now_s)
    if follows_since_it_was_built:
        assert not await step(following, pool)
    now_s += (KEPT_DAYS + 1.0) * 86_400.0
    if (
        not follows_since_it_was_built
    ):  # else the sign of life that was given just now, by the clock of this machine, stands
        assert is_left_behind(tmp_path, current_generation(tmp_path), now_s)
    deleted = await pool.fetchval("DELETE FROM companies WHERE company_id = 'c001' RETURNING company_id")
    await pool.execute("DELETE FROM tombstones")
    assert not await step(following, pool)
    async with asyncio.timeout(20):
        await built.wait()
    await step(following, pool)
    replica = Replica(tmp_path)
    assert replica.look().catalogue.company_row(deleted) is None
    replica.close()


async def test_a_throttle_that_ends_by_itself_lets_evidence_count_again(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    moments = iter([NOW_S, NOW_S + 60.0, NOW_S + 120.0])
    following = follower(pool, tmp_path, clock=lambda: next(moments))
    replica = Replica(tmp_path)
    honest = await answer(replica)
    await pool.execute("UPDATE miners SET throttled_until = to_timestamp($1)", NOW_S + 90.0)
    await step(following, pool)
    assert await answer(replica) != honest
    assert not await step(following, pool)
    await step(following, pool)
    assert await answer(replica) == honest
    replica.close()


async def test_too_many_additions_make_a_new_generation_which_replicas_take_up_with_what_came_meanwhile(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    built = asyncio.Event()
    meanwhile: list[str] = []

    async def rebuild() -> None:
        await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: NOW_S + 1.0)
        meanwhile.append(await world.add_snippet(pool, **new_text("c004")))
        built.set()

    limits = Limits(least=1, share=0.0)
    following = follower(pool, tmp_path, rebuild=rebuild, limits=limits)
    replica = Replica(tmp_path)
    first = current_generation(tmp_path)
    for company in ("c001", "c002", "c003"):
        await world.add_snippet(pool, **new_text(company))
        if await step(following, pool):
            replica.look()
    async with asyncio.timeout(20):
        await built.wait()
    assert current_generation(tmp_path) != first
    replica.look()
    assert (
        parted(replica.generation)[0] == first
    )  # it lacks what came meanwhile, and somebody adds to the old one
    assert await step(following, pool)
    replica.look()
    assert parted(replica.generation) == (current_generation(tmp_path), 1)
    assert set(meanwhile) <= seen(replica)
    replica.close()


async def test_a_generation_that_nobody_follows_any_more_is_left(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, replica = follower(pool, tmp_path), Replica(tmp_path)
    await world.add_snippet(pool, **new_text())
    await step(following, pool)
    replica.look()
    sign = last_path(tmp_path / current_generation(tmp_path))
    await build_generation(pool, tmp_path, TAXONOMY, clock=lambda: NOW_S + 1.0)
    replica.look()
    assert replica.generation != current_generation(tmp_path)
    os.utime(sign, (0, 0))
    replica.look()
    assert replica.generation == current_generation(tmp_path)
    replica.close()


async def test_a_damaged_addition_leaves_replicas_with_what_they_have(
    world: ChangingWorld, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    following, replica = follower(pool, tmp_path), Replica(tmp_path)
    await world.add_snippet(pool, **new_text())
    await step(following, pool)
    [file] = [
        path for path in (tmp_path / current_generation(tmp_path) / LATER).iterdir() if path.suffix == ".npz"
    ]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    before = replica.generation
    with pytest.raises(Exception, match="addition 1"):
        replica.look()
    assert replica.generation == before
    replica.close()


async def answer(replica: Replica) -> dict:
    leaves: Leaves = replica.look()
    return await asyncio.to_thread(leaves.answer, PROMPT, NOW_S)
