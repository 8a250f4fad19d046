"""Many queries, several replicas, one ledger: budgets hold at the edge, over deaths and over a ledger that is away."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import psycopg
import pytest
from prometheus_client import REGISTRY

from db.ledger.ledger import Grant, Ledger, Limits, Standing
from db.pool import PoolLimits, open_pool
from deployments.llm import spending_metrics
from deployments.llm.bookkeeping import Bookkeeper
from deployments.llm.treasury import Clocks, NoMoney, Payment, Treasury
from ranking.errors import Unavailable
from ranking.money import NOTHING, NanoUsd, nanousd
from ranking.prices import Usage
from ranking.spending import SpendingConfig
from ranking.tab import Tab

CONFIG = SpendingConfig(
    tenant_daily_usd=0.5, global_daily_usd=0.8, chunk_usd=0.05, flush_s=1.0, refused_pause_s=0.0
)
CALL = Usage(1000, 100)
COST = nanousd(0.0035)  # 1,000 x $2.50 and 100 x $10 per million
CEILING = nanousd(0.0040)
_numbers = itertools.count(1)


def next_id() -> UUID:
    return UUID(int=next(_numbers))


@dataclass
class Replica:
    """One replica's money, its clock in the test's hand."""

    pool: asyncpg.Pool
    name: str = "replica"
    config: SpendingConfig = CONFIG
    now_s: float = 1000.0
    spent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = Limits(nanousd(self.config.tenant_daily_usd), nanousd(self.config.global_daily_usd))
        self.ledger = Ledger(self.pool, self.name, limits, timeout_s=30.0)
        clocks = Clocks(lambda: self.now_s, lambda: 1.75e9)
        self.treasury = Treasury(self.config, clocks, next_id)
        self.books = Bookkeeper(self.treasury, self.ledger, clocks.steady, next_id)

    def tab(self, query_id: str = "q", tenant: str = "public", limit: int = 25) -> Tab:
        return self.treasury.open_tab(query_id, tenant, limit, None)

    def hold(self, tab: Tab, ceiling: NanoUsd = CEILING) -> Payment | NoMoney:
        return self.treasury.hold(tab, "gpt-4o", ceiling, lasts_s=10.0)

    def held(self, tab: Tab, ceiling: NanoUsd = CEILING) -> Payment:
        payment = self.hold(tab, ceiling)
        assert isinstance(payment, Payment), payment
        return payment

    def ask(self, payment: Payment, usage: Usage = CALL) -> None:
        """The vendor works and is owed; the replica learns of it."""
        tenant = payment.tab.tenant
        self.spent[tenant] = self.spent.get(tenant, 0) + self.config.prices.cost("gpt-4o", usage)
        self.treasury.charge(payment, usage)

    async def query(self, number: int, calls: int, tenant: str) -> Tab:
        """A query that waits for money as `llm=wait` does, and degrades where there is none."""
        tab = self.tab(f"q{number}", tenant, 100)
        for _ in range(calls):
            for _ in range(3):
                payment = self.hold(tab)
                if isinstance(payment, Payment):
                    await asyncio.sleep(0)
                    self.ask(payment)
                    break
                await self.books.round()
        return tab

    async def stocked(self, tab: Tab) -> Payment:
        """The first call of a tenant, for which money must come in first."""
        assert self.hold(tab) == "no_lease"
        await self.books.round()
        return self.held(tab)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database, PoolLimits(max_size=16))
    yield opened
    await opened.close()


async def standing(replica: Replica, tenant: str = "*") -> Standing:
    found = await replica.ledger.standing(tenant)
    assert found is not None
    return found


async def age_leases(pool: asyncpg.Pool, replica: str = "replica") -> None:
    """An hour passes for a replica's leases, not for their day."""
    await pool.execute(
        "UPDATE cost_leases SET expires_at = expires_at - interval '1 hour' WHERE replica_id = $1", replica
    )


@pytest.mark.parametrize("replicas", [1, 4])
async def test_two_hundred_queries_at_once_spend_up_to_the_budget_and_not_beyond(
    pool: asyncpg.Pool, replicas: int
) -> None:
    fleet = [Replica(pool, f"r{number}") for number in range(replicas)]
    # 200 queries x 3 calls x $0.0035 = $2.1 of $0.8, two tenants with $0.5 each.
    tenants = ("public", "acme")
    tabs = await asyncio.gather(
        *(fleet[number % replicas].query(number, 3, tenants[number // 2 % 2]) for number in range(200))
    )
    for replica in fleet:
        await replica.books.close()
    owed = {tenant: sum(replica.spent.get(tenant, 0) for replica in fleet) for tenant in tenants}
    total = sum(owed.values())
    assert total <= nanousd(0.8)
    # What is left is less than a call's ceiling in each of the last leases.
    assert total >= nanousd(0.95 * 0.8)
    for tenant in tenants:
        own = await standing(fleet[0], tenant)
        assert owed[tenant] == own.spent <= nanousd(0.5)
        assert (own.reserved, own.lost) == (0, 0)
    assert (await standing(fleet[0])).spent == total == sum(tab.spent for tab in tabs)
    booked = await pool.fetchrow("SELECT count(*) AS calls, sum(amount_usd) AS usd FROM cost_ledger")
    assert (booked["calls"], nanousd(booked["usd"])) == (total // COST, total)


async def test_what_a_dead_replica_held_is_never_spent_again_by_the_others(pool: asyncpg.Pool) -> None:
    dying, living = Replica(pool, "dying"), Replica(pool, "living")
    await asyncio.gather(*(dying.query(number, 2, "public") for number in range(30)))
    # It dies with calls unbooked and one under way, which the vendor will charge.
    tab = dying.tab()
    under_way = await dying.stocked(tab) if dying.hold(tab) == "no_lease" else dying.held(tab)
    assert dying.treasury.unbooked
    dying.ask(under_way)
    await asyncio.gather(*(living.query(number, 3, "public") for number in range(100, 200)))
    assert dying.spent["public"] + living.spent["public"] <= nanousd(0.5)
    await age_leases(pool, "dying")
    living.now_s += 60.0
    await living.books.round()
    own = await standing(living, "public")
    assert own.lost > 0
    assert own.spent + own.reserved + own.lost <= own.limit
    await asyncio.gather(*(living.query(number, 3, "public") for number in range(200, 250)))
    assert dying.spent["public"] + living.spent["public"] <= nanousd(0.5)


async def test_a_replica_that_was_cut_off_books_what_it_spent_and_frees_the_rest(pool: asyncpg.Pool) -> None:
    severed, other = Replica(pool, "severed"), Replica(pool, "other")
    tab = severed.tab()
    severed.ask(await severed.stocked(tab))
    await age_leases(pool, "severed")
    await other.books.round()
    assert (await standing(other, "public")).lost == nanousd(0.05)
    severed.now_s += 45.0
    await severed.books.round()
    assert severed.hold(tab) == "no_lease"
    severed.treasury.purses["public"].account.order(severed.now_s, 0.0)
    await severed.books.round()
    own = await standing(other, "public")
    assert (own.spent, own.reserved, own.lost) == (COST, 0, 0)


async def test_an_answer_that_comes_late_is_booked_to_its_query(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.tab("q7")
    replica.ask(await replica.stocked(tab))
    late = replica.held(tab)
    receipt = tab.receipt(returned=25, asked=20, pool=200)
    assert (receipt.total_usd, receipt.pending_usd, receipt.llm_calls) == (0.0035, 0.004, 1)
    assert (receipt.per_lead_usd, receipt.llm_ratio) == (0.00014, 0.1)
    replica.ask(late)
    await replica.books.round()
    cost = await replica.ledger.cost_of("q7")
    assert (cost.total, cost.late, cost.calls) == (2 * COST, COST, 2)


async def test_a_call_without_usage_counts_what_was_held_for_it(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.tab()
    payment = await replica.stocked(tab)
    replica.treasury.charge(payment, Usage(0, 0), unanswered=payment.hold.amount)
    await replica.books.round()
    assert tab.spent == CEILING
    row = await pool.fetchrow("SELECT state, amount_usd FROM cost_ledger")
    assert (row["state"], nanousd(row["amount_usd"])) == ("estimated", CEILING)


async def test_a_query_stops_at_its_own_limit_and_a_refused_call_costs_nothing(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.treasury.open_tab("q", "public", 25, 0.007)
    first = await replica.stocked(tab)
    assert replica.hold(tab) == "query_budget"
    replica.treasury.release(first)
    replica.ask(replica.held(tab))
    assert replica.hold(tab) == "query_budget"
    assert tab.spent == COST


async def test_each_budget_that_is_used_up_is_named(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    await asyncio.gather(*(replica.query(number, 3, "public") for number in range(60)))
    tab = replica.tab(limit=100)
    assert replica.hold(tab) in ("no_lease", "tenant_budget")
    await replica.books.round()
    assert replica.hold(tab) == "tenant_budget"
    await asyncio.gather(*(replica.query(number, 3, "acme") for number in range(60)))
    await replica.books.round()
    assert replica.hold(replica.tab(tenant="acme", limit=100)) == "global_budget"


async def test_without_the_ledger_no_call_is_made_and_charges_wait_for_it(
    pool: asyncpg.Pool, database: str
) -> None:
    replica = Replica(pool)
    tab = replica.tab()
    payment, other = await replica.stocked(tab), replica.held(tab)
    replica.ask(payment)
    replica.ledger._timeout_s = 0.1
    async with await psycopg.AsyncConnection.connect(database) as holder:
        await holder.execute("LOCK cost_leases")
        await replica.books.round()
    assert replica.hold(tab) == "ledger"
    replica.ask(other)
    replica.ledger._timeout_s = 30.0
    await replica.books.round()
    replica.held(tab)
    assert (await standing(replica)).spent == 2 * COST
    assert replica.treasury.unbooked == []


async def test_one_call_that_cannot_be_booked_holds_up_nobody_and_its_money_is_not_free(
    pool: asyncpg.Pool,
) -> None:
    replica = Replica(pool)
    tabs = [replica.tab(query_id) for query_id in ("q1", "q\x00", "q3")]
    replica.treasury.release(await replica.stocked(tabs[0]))
    for tab in tabs:
        replica.ask(replica.held(tab))
    await replica.books.close()
    own = await standing(replica)
    assert (own.spent, own.reserved) == (2 * COST, COST)
    assert (await replica.ledger.cost_of("q3")).total == COST


async def test_money_whose_grant_was_never_heard_of_goes_back(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    grant = replica.ledger.lease

    async def lost(lease_id: UUID, tenant: str, wanted: NanoUsd, needed: NanoUsd, life_s: float) -> Grant:
        await grant(lease_id, tenant, wanted, needed, life_s)
        raise Unavailable("ledger", "connection lost")

    assert replica.hold(replica.tab()) == "no_lease"
    replica.ledger.lease = lost  # type: ignore[method-assign]
    await replica.books.round()
    assert (await standing(replica)).reserved == nanousd(0.05)
    replica.ledger.lease = grant  # type: ignore[method-assign]
    await replica.books.round()
    assert (await standing(replica)).reserved == NOTHING


async def test_leases_in_use_are_renewed_and_idle_ones_go_back(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.tab()
    replica.ask(await replica.stocked(tab))
    (lease,) = replica.treasury.purses["public"].account.leases
    replica.now_s += 40.0
    await replica.books.round()
    assert lease.ends_s == pytest.approx(replica.now_s + 60.0)
    replica.now_s += 40.0
    await replica.books.round()
    own = await standing(replica)
    assert (own.spent, own.reserved) == (COST, 0)
    await replica.books.round()
    assert replica.treasury.purses == {}


async def test_a_call_is_not_made_that_could_outlast_its_lease(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.tab()
    replica.treasury.release(await replica.stocked(tab))
    replica.now_s += 51.0
    assert replica.hold(tab) == "no_lease"


async def test_closing_keeps_back_what_calls_under_way_may_cost(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    tab = replica.tab()
    replica.ask(await replica.stocked(tab))
    replica.held(tab)
    await replica.books.close()
    own = await standing(replica)
    assert (own.spent, own.reserved) == (COST, CEILING)
    await age_leases(pool)
    await Replica(pool, "next").books.round()
    own = await standing(replica)
    assert (own.spent, own.reserved, own.lost) == (COST, 0, CEILING)


async def test_money_comes_by_itself_to_who_waits_for_it(pool: asyncpg.Pool) -> None:
    replica = Replica(pool)
    replica.books.start()
    tab = replica.tab()
    assert replica.hold(tab) == "no_lease"
    assert await replica.books.money_came(10.0)
    replica.ask(replica.held(tab))
    await replica.books.close()
    assert not await replica.books.money_came(0.001)
    assert (await standing(replica)).spent == COST


async def test_bounds_hold(pool: asyncpg.Pool) -> None:
    replica = Replica(pool, config=CONFIG.model_copy(update={"most_unbooked": 1, "most_tenants": 1}))
    tab = replica.tab()
    payment = await replica.stocked(tab)
    assert replica.hold(replica.tab(tenant="other")) == "no_lease"
    assert list(replica.treasury.purses) == ["public"]
    replica.ask(payment)
    assert replica.hold(tab) == "ledger"


async def test_metrics_tell_what_is_sent_and_spent(pool: asyncpg.Pool) -> None:
    def read(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    replica = Replica(pool)
    hits, spent = read("llm_hit_total"), read("leads_llm_cost_usd_total", model="gpt-4o")
    tab = replica.tab()
    payment, other = await replica.stocked(tab), replica.held(tab)
    replica.ask(payment)
    overrun = read("leads_llm_overrun_usd_total")
    replica.ask(other, Usage(1000, 200, 400))  # 600 x 2.5 + 400 x 1.25 + 200 x 10 = 4,000: just what was held
    assert read("leads_llm_overrun_usd_total") == pytest.approx(overrun)
    spending_metrics.sent(20, 0.1)
    replica.now_s += 31.0
    await replica.books.round()
    assert read("llm_hit_total") == hits + 20
    assert read("leads_llm_call_ratio") == 0.1
    assert read("leads_llm_cost_usd_total", model="gpt-4o") == pytest.approx(spent + 0.0075)
    assert read("leads_daily_cost_usd") == pytest.approx(0.0075)
    assert read("leads_daily_budget_usd", state="limit") == pytest.approx(0.8)
