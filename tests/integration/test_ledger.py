"""The ledger in Postgres: no budget is overspent, whoever asks at once, dies, comes back or asks twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import psycopg
import pytest

from db import migrate
from db.embedded import EmbeddedPostgres
from db.ledger.ledger import Charge, Ledger, Limits, Standing
from db.pool import PoolLimits, open_pool
from ranking.errors import DependencyError, Unavailable
from ranking.money import NOTHING, NanoUsd, nanousd
from ranking.prices import Usage

USD = nanousd(1.0)
CENT = nanousd(0.01)
LIMITS = Limits(tenant=nanousd(1.0), everybody=nanousd(1.5))


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database, PoolLimits(max_size=20))
    yield opened
    await opened.close()


@pytest.fixture
def ledger(pool: asyncpg.Pool) -> Ledger:
    return Ledger(pool, "replica-1", LIMITS)


async def set_clock(pool: asyncpg.Pool, moment: str) -> None:
    """The ledger's clock stands still at a moment."""
    await pool.execute(
        "CREATE OR REPLACE FUNCTION cost_clock() RETURNS timestamptz LANGUAGE sql STABLE AS "
        f"$$ SELECT '{moment}'::timestamptz $$"
    )


async def leased(ledger: Ledger, amount: int, tenant: str = "public", life_s: float = 60.0) -> UUID:
    lease_id = uuid4()
    grant = await ledger.lease(lease_id, tenant, NanoUsd(amount), NanoUsd(amount), life_s)
    assert grant.amount == amount
    return lease_id


def call(lease_id: UUID, amount: int, query_id: str = "q1", *, late: bool = False) -> Charge:
    return Charge(uuid4(), lease_id, query_id, "gpt-4o", Usage(100, 10, 50), NanoUsd(amount), late, 1.75e9)


async def standings(ledger: Ledger, tenant: str = "public") -> tuple[Standing, Standing]:
    own, everybody = await ledger.standing(tenant), await ledger.standing()
    assert own is not None
    assert everybody is not None
    return own, everybody


async def test_what_is_leased_counts_for_the_tenant_and_for_everybody(ledger: Ledger) -> None:
    await leased(ledger, 40 * CENT)
    own, everybody = await standings(ledger)
    assert own == Standing(USD, 40 * CENT, NOTHING, NOTHING)
    assert everybody == Standing(150 * CENT, 40 * CENT, NOTHING, NOTHING)


async def test_the_last_lease_is_what_is_left_and_then_the_tenant_is_refused(ledger: Ledger) -> None:
    await leased(ledger, 70 * CENT)
    last = await ledger.lease(uuid4(), "public", 40 * CENT, CENT, 60.0)
    assert (last.amount, last.refused) == (30 * CENT, None)
    more = await ledger.lease(uuid4(), "public", 40 * CENT, CENT, 60.0)
    assert (more.amount, more.refused) == (0, "tenant")


async def test_less_than_is_needed_is_not_granted(ledger: Ledger) -> None:
    await leased(ledger, 70 * CENT)
    refused = await ledger.lease(uuid4(), "public", 40 * CENT, 31 * CENT, 60.0)
    assert (refused.amount, refused.refused) == (0, "tenant")


async def test_everybody_together_is_refused_where_each_alone_would_not_be(ledger: Ledger) -> None:
    await leased(ledger, 90 * CENT, "a")
    await leased(ledger, 60 * CENT, "b")
    refused = await ledger.lease(uuid4(), "b", CENT, CENT, 60.0)
    assert (refused.amount, refused.refused) == (0, "global")


async def test_a_tenant_may_have_a_budget_of_its_own_and_it_may_change_during_the_day(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    await pool.execute("INSERT INTO tenants (tenant_id, name, daily_budget_usd) VALUES ('a', 'A', 0.1)")
    assert (await ledger.lease(uuid4(), "a", USD, CENT, 60.0)).amount == 10 * CENT
    await pool.execute("UPDATE tenants SET daily_budget_usd = 0.25")
    assert (await ledger.lease(uuid4(), "a", USD, CENT, 60.0)).amount == 15 * CENT
    await pool.execute("UPDATE tenants SET daily_budget_usd = 0.05")
    assert (await ledger.lease(uuid4(), "a", USD, CENT, 60.0)).refused == "tenant"


async def test_no_tenant_may_be_called_everybody(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=r"\*"):
        await ledger.lease(uuid4(), "*", CENT, CENT, 60.0)


async def test_a_lease_asked_for_twice_is_granted_once(ledger: Ledger) -> None:
    lease_id = uuid4()
    first = await ledger.lease(lease_id, "public", 10 * CENT, CENT, 60.0)
    assert await ledger.lease(lease_id, "public", 10 * CENT, CENT, 60.0) == replace(first, life_s=60.0)
    assert (await standings(ledger))[0].reserved == 10 * CENT


async def test_a_call_booked_twice_is_booked_once_and_its_query_knows_its_cost(ledger: Ledger) -> None:
    lease_id = await leased(ledger, 10 * CENT)
    bill = [call(lease_id, 2 * CENT), call(lease_id, CENT, late=True), call(lease_id, CENT, "q2")]
    assert await ledger.settle(bill) == 3
    assert await ledger.settle([*bill, call(lease_id, CENT)]) == 1
    own, everybody = await standings(ledger)
    assert own == Standing(USD, 5 * CENT, 5 * CENT, NOTHING)
    assert (everybody.reserved, everybody.spent) == (5 * CENT, 5 * CENT)
    cost = await ledger.cost_of("q1")
    assert (cost.total, cost.late, cost.calls, cost.tokens_in, cost.tokens_out) == (
        4 * CENT,
        CENT,
        3,
        300,
        30,
    )


async def test_a_nano_dollar_is_not_lost(pool: asyncpg.Pool, ledger: Ledger) -> None:
    lease_id = await leased(ledger, CENT)
    await ledger.settle([call(lease_id, 75)])
    assert await pool.fetchval("SELECT amount_usd FROM cost_ledger") == Decimal("0.000000075")
    assert (await standings(ledger))[0].spent == 75


async def test_what_is_given_back_can_be_leased_again_and_giving_back_twice_is_once(ledger: Ledger) -> None:
    lease_id = await leased(ledger, 100 * CENT)
    await ledger.settle([call(lease_id, 20 * CENT)])
    for _ in range(2):
        await ledger.give_back({lease_id: 50 * CENT})
        own, _ = await standings(ledger)
        assert (own.reserved, own.spent) == (30 * CENT, 20 * CENT)
    for _ in range(2):
        await ledger.give_back({lease_id: 20 * CENT, uuid4(): NOTHING})
        own, _ = await standings(ledger)
        assert (own.reserved, own.spent) == (0, 20 * CENT)
    await leased(ledger, 80 * CENT)


async def test_a_call_that_cost_more_than_its_lease_is_booked_whole(ledger: Ledger) -> None:
    lease_id = await leased(ledger, 10 * CENT)
    await ledger.settle([call(lease_id, 8 * CENT), call(lease_id, 8 * CENT)])
    own, everybody = await standings(ledger)
    assert (own.reserved, own.spent) == (0, 16 * CENT)
    assert (everybody.reserved, everybody.spent) == (0, 16 * CENT)
    await ledger.give_back({lease_id: 16 * CENT})
    assert (await standings(ledger))[0] == own


async def test_a_late_call_on_a_lease_that_was_returned_is_booked_to_its_query(ledger: Ledger) -> None:
    lease_id = await leased(ledger, 10 * CENT)
    await ledger.give_back({lease_id: NOTHING})
    await ledger.settle([call(lease_id, CENT, late=True)])
    own, _ = await standings(ledger)
    assert (own.reserved, own.spent, own.lost) == (0, CENT, 0)
    assert (await ledger.cost_of("q1")).late == CENT


async def test_a_lease_that_is_renewed_lives_on_and_others_are_left_out(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    await set_clock(pool, "2026-11-01 12:00Z")
    lease_id = await leased(ledger, CENT)
    await set_clock(pool, "2026-11-01 12:00:30Z")
    assert await ledger.renew([lease_id, uuid4()], 60.0) == {lease_id: 60.0}
    await set_clock(pool, "2026-11-01 12:01:40Z")
    assert await ledger.reclaim(20.0) == (0, 0)
    assert await ledger.reclaim(5.0) == (1, CENT)
    assert await ledger.renew([lease_id], 60.0) == {}


async def test_no_lease_outlives_its_day_and_the_next_day_has_its_whole_budgets(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    await set_clock(pool, "2026-11-01 23:59:50Z")
    lease_id = uuid4()
    assert (await ledger.lease(lease_id, "public", USD, USD, 60.0)).life_s == 10.0
    assert await ledger.renew([lease_id], 60.0) == {lease_id: 10.0}
    await set_clock(pool, "2026-11-02 00:00:05Z")
    assert await ledger.renew([lease_id], 60.0) == {}
    await ledger.settle([call(lease_id, CENT)])
    await leased(ledger, USD)
    own, _ = await standings(ledger)
    assert (own.reserved, own.spent) == (USD, 0)
    days = await pool.fetch("SELECT day, spent_usd FROM cost_budgets WHERE tenant_id = 'public' ORDER BY day")
    assert [(row["day"].day, row["spent_usd"]) for row in days] == [(1, Decimal("0.01")), (2, 0)]


async def test_a_dead_replicas_lease_counts_as_spent_until_it_comes_back(
    pool: asyncpg.Pool, ledger: Ledger
) -> None:
    await set_clock(pool, "2026-11-01 12:00Z")
    lease_id = await leased(ledger, USD)
    await ledger.settle([call(lease_id, 10 * CENT)])
    await set_clock(pool, "2026-11-01 12:02Z")
    survivor = Ledger(pool, "replica-2", LIMITS)
    assert await survivor.reclaim(30.0) == (1, 90 * CENT)
    assert await survivor.reclaim(30.0) == (0, 0)
    own, everybody = await standings(ledger)
    assert (own.reserved, own.spent, own.lost) == (0, 10 * CENT, 90 * CENT)
    assert (everybody.reserved, everybody.spent, everybody.lost) == (0, 10 * CENT, 90 * CENT)
    assert (await survivor.lease(uuid4(), "public", CENT, CENT, 60.0)).refused == "tenant"
    await ledger.settle([call(lease_id, 20 * CENT)])
    await ledger.give_back({lease_id: 30 * CENT})
    own, everybody = await standings(ledger)
    assert (own.spent, own.lost) == (everybody.spent, everybody.lost) == (30 * CENT, 0)
    await leased(survivor, 70 * CENT)


async def test_a_lost_lease_is_reconciled_from_the_vendors_bill(pool: asyncpg.Pool, ledger: Ledger) -> None:
    await set_clock(pool, "2026-11-01 12:00Z")
    lease_id, other = await leased(ledger, 20 * CENT), await leased(ledger, 5 * CENT)
    await ledger.settle([call(lease_id, CENT)])
    await set_clock(pool, "2026-11-01 13:00Z")
    await ledger.reclaim(30.0)
    lost = {each.lease_id: each for each in await ledger.lost()}
    assert (lost[lease_id].unreported, lost[lease_id].replica_id) == (19 * CENT, "replica-1")
    await ledger.reconcile(uuid4(), lost[lease_id], 4 * CENT, "gpt-4o", 1.75e9)
    await ledger.reconcile(uuid4(), lost[other], NOTHING, "gpt-4o", 1.75e9)
    own, _ = await standings(ledger)
    assert (own.reserved, own.spent, own.lost) == (0, 5 * CENT, 0)
    assert await ledger.lost() == []


async def test_a_lease_that_was_booked_whole_is_not_lost(pool: asyncpg.Pool, ledger: Ledger) -> None:
    await set_clock(pool, "2026-11-01 12:00Z")
    lease_id = await leased(ledger, CENT)
    await ledger.settle([call(lease_id, CENT)])
    await set_clock(pool, "2026-11-01 13:00Z")
    assert await ledger.reclaim(0.0) == (1, 0)
    assert await ledger.lost() == []


async def test_two_hundred_leases_asked_for_at_once_never_pass_a_budget(pool: asyncpg.Pool) -> None:
    replicas = [Ledger(pool, f"replica-{number}", LIMITS, timeout_s=30.0) for number in range(4)]
    asked = [replicas[at % 4].lease(uuid4(), f"tenant-{at % 3}", 3 * CENT, CENT, 60.0) for at in range(200)]
    grants = await asyncio.gather(*asked)
    assert sum(grant.amount for grant in grants) == LIMITS.everybody
    everybody = await replicas[0].standing()
    assert everybody is not None
    assert everybody.reserved == LIMITS.everybody
    for tenant in range(3):
        own = await replicas[0].standing(f"tenant-{tenant}")
        assert own is not None
        assert own.reserved <= LIMITS.tenant


async def test_everything_at_once_neither_deadlocks_nor_loses_money(pool: asyncpg.Pool) -> None:
    limits = Limits(nanousd(50.0), nanousd(100.0))
    ledger = Ledger(pool, "replica", limits, timeout_s=30.0)
    paid: list[int] = []

    async def live(number: int) -> None:
        for turn in range(5):
            leases = [await leased(ledger, 10 * CENT, f"tenant-{(number + at) % 3}") for at in range(2)]
            bill = [call(lease_id, (number + turn) % 7 * CENT) for lease_id in reversed(leases)]
            paid.extend(each.amount for each in bill)
            await ledger.settle(bill)
            await ledger.renew(leases, 60.0)
            await ledger.reclaim(30.0)
            await ledger.give_back({each.lease_id: each.amount for each in bill})

    await asyncio.gather(*(live(number) for number in range(20)))
    everybody = await ledger.standing()
    assert everybody == Standing(limits.everybody, NOTHING, NanoUsd(sum(paid)), NOTHING)
    booked = await pool.fetchval("SELECT sum(amount_usd) FROM cost_ledger")
    assert nanousd(booked) == sum(paid)


CONSISTENT = """
WITH told AS (
    SELECT scope, day, sum(greatest(amount_usd - settled_usd, 0)) FILTER (WHERE state = 'lost') AS lost,
        sum(greatest(amount_usd - settled_usd, 0)) FILTER (WHERE state <> 'lost') AS reserved, sum(settled_usd) AS spent
    FROM cost_leases CROSS JOIN LATERAL unnest(ARRAY['*', tenant_id]) AS scope GROUP BY scope, day
), booked AS (
    SELECT scope, day, sum(amount_usd) AS spent
    FROM cost_ledger CROSS JOIN LATERAL unnest(ARRAY['*', tenant_id]) AS scope GROUP BY scope, day
)
SELECT coalesce(b.reserved_usd = coalesce(told.reserved, 0) AND b.lost_usd = coalesce(told.lost, 0)
    AND b.spent_usd = coalesce(told.spent, 0) AND b.spent_usd = coalesce(booked.spent, 0)
    AND b.reserved_usd + b.spent_usd + b.lost_usd <= b.limit_usd, false) AS holds
FROM cost_budgets b LEFT JOIN told ON (scope, told.day) = (b.tenant_id, b.day)
LEFT JOIN booked ON (booked.scope, booked.day) = (b.tenant_id, b.day)"""


@pytest.mark.parametrize("seed", range(3))
async def test_budgets_are_always_the_sums_of_their_leases_and_of_their_entries(
    pool: asyncpg.Pool, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)
    moment = datetime(2026, 11, 1, 23, 20, tzinfo=UTC)
    leases: dict[UUID, int] = {}
    spent: dict[UUID, int] = {}
    seen: set[str] = set()
    for _ in range(120):
        moment += timedelta(seconds=chance.choice([0, 1, 20, 200]))
        await set_clock(pool, moment.isoformat())
        act = chance.choice(["lease", "lease", "settle", "settle", "settle", "return", "renew", "reclaim"])
        some = chance.sample(sorted(leases), min(len(leases), chance.randint(1, 3)))
        if act == "lease":
            wanted, tenant = NanoUsd(chance.randint(1, 30) * CENT), chance.choice("abc")
            grant = await ledger.lease(lease_id := uuid4(), tenant, wanted, NanoUsd(CENT), 60.0)
            if grant.amount:
                leases[lease_id], spent[lease_id] = grant.amount, 0
        elif act == "settle":
            bill = []
            for lease_id in some:
                cost = chance.randint(0, leases[lease_id] - spent[lease_id])
                spent[lease_id] += cost
                bill.append(call(lease_id, cost))
            await ledger.settle(bill + bill[:1])
        elif act == "return":
            for lease_id in some:
                leases[lease_id] = chance.choice([spent[lease_id], leases[lease_id]])
            await ledger.give_back({lease_id: NanoUsd(leases[lease_id]) for lease_id in some})
        elif act == "renew":
            await ledger.renew(some, 60.0)
        else:
            await ledger.reclaim(30.0)
        assert all(row["holds"] for row in await pool.fetch(CONSISTENT)), act
        seen |= {row["state"] for row in await pool.fetch("SELECT DISTINCT state FROM cost_leases")}
    assert seen == {"held", "returned", "lost"}
    assert await pool.fetchval("SELECT count(DISTINCT day) FROM cost_budgets") == 2


async def test_a_call_that_cannot_be_booked_is_told_from_a_ledger_that_is_away(ledger: Ledger) -> None:
    lease_id = await leased(ledger, CENT)
    with pytest.raises(DependencyError) as caught:
        await ledger.settle([call(lease_id, CENT, "q\x00")])
    assert not isinstance(caught.value, Unavailable)


async def test_a_ledger_that_does_not_answer_says_so_in_time(pool: asyncpg.Pool, database: str) -> None:
    ledger = Ledger(pool, "replica", LIMITS, timeout_s=0.1)
    await leased(ledger, CENT)
    async with await psycopg.AsyncConnection.connect(database) as holder:
        await holder.execute("SELECT FROM cost_budgets FOR UPDATE")
        with pytest.raises(Unavailable) as caught:
            await ledger.lease(uuid4(), "public", CENT, CENT, 60.0)
    assert caught.value.dependency == "ledger"


def test_the_ledgers_tables_go_and_come_again(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ledger_migration")
    dsn = postgres.dsn("ledger_migration")
    migrate.upgrade(dsn)
    newest = migrate.current(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT lease_money(gen_random_uuid(), 'public', 'r', 1, 1, 5, 5, '1 minute')")
        connection.execute(
            "SELECT settle_calls(ARRAY[gen_random_uuid()], ARRAY[(SELECT lease_id FROM cost_leases)], ARRAY['q'],"
            " ARRAY['judgement'], ARRAY['settled'], ARRAY['m'], ARRAY[1], ARRAY[0], ARRAY[1], ARRAY[0.5],"
            " ARRAY[false], ARRAY[now()])"
        )
    migrate.downgrade(dsn, "0001")
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT spent_usd FROM cost_budgets WHERE tenant_id = 'public'").fetchone()
    assert row == (Decimal("0.5"),)
    migrate.upgrade(dsn)
    assert migrate.current(dsn) == newest
