"""The ledger of the language model's cost in Postgres: leases of budgets, and what each call has cost (F-10).

The rule by which nothing is overspent. Money that is leased counts against the budgets of its tenant and of everybody,
for the UTC day in which it was leased, until its replica says what became of it:

1. While a lease lives, all of it counts (`reserved_usd`). A replica makes a call only if the call must end before the lease.
2. What calls have cost is booked and moves to `spent_usd`; what a replica gives back counts no more.
3. A lease that has been over for `grace_s` belongs to a dead or severed replica. What is not booked of it counts as spent
   (`lost_usd`): the vendor may have been asked for all of it.
4. A lost lease is reconciled when its replica comes back and books and returns, or by `reconcile`, from the vendor's bill.
5. Else it counts until its day is over. No lease outlives its day, and a new day begins with its whole budgets.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from uuid import UUID

import asyncpg

from db.pool import UNREACHABLE
from db.statements import parse
from ranking.errors import DependencyError, Unavailable
from ranking.money import NOTHING, NanoUsd, decimal_usd, nanousd
from ranking.prices import Usage

EVERYBODY = "*"
Refusal = Literal["tenant", "global"]
Kind = Literal["judgement", "parse", "reconciliation"]
_REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Limits:
    """The day's budgets: of a tenant that has none of its own, and of everybody."""

    tenant: NanoUsd
    everybody: NanoUsd


@dataclass(frozen=True, slots=True)
class Grant:
    """An answer to a request for money: `amount` for `life_s` from when it was asked for, or who refused."""

    amount: NanoUsd
    life_s: float
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call has cost. An estimate counts what was held for a call that was sent and told no usage.

    `ended_s` is seconds since the epoch, UTC; `query_id` None where no query has caused it.
    """

    call_id: UUID
    lease_id: UUID
    query_id: str | None
    model: str
    usage: Usage
    amount: NanoUsd
    is_late: bool
    ended_s: float
    kind: Kind = "judgement"
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget today."""

    limit: NanoUsd
    reserved: NanoUsd
    spent: NanoUsd
    lost: NanoUsd


@dataclass(frozen=True, slots=True)
class LostLease:
    """Money of a replica that was not heard of again, and that nobody has accounted for."""

    lease_id: UUID
    tenant: str
    day: date
    replica_id: str
    unreported: NanoUsd


@dataclass(frozen=True, slots=True)
class QueryCost:
    """What the ledger says of one query; `late` is part of `total`."""

    total: NanoUsd
    late: NanoUsd
    calls: int
    tokens_in: int
    tokens_out: int


@cache
def statements() -> Mapping[str, str]:
    """The ledger's SQL by name."""
    return parse((Path(__file__).parent / "queries.sql").read_text(encoding="utf-8"))


class Ledger:
    """One replica's access to the ledger.

    Every method raises Unavailable when Postgres does not answer in `timeout_s`, and a plain DependencyError when it answers
    that it cannot take what it was given. Every method may be repeated: a lease is granted once, a call is booked once, and
    money is returned by saying what is kept.
    """

    def __init__(self, pool: asyncpg.Pool, replica_id: str, limits: Limits, timeout_s: float = 2.0) -> None:
        self._pool = pool
        self._replica_id = replica_id
        self._limits = limits
        self._timeout_s = timeout_s

    async def lease(
        self, lease_id: UUID, tenant: str, wanted: NanoUsd, needed: NanoUsd, life_s: float
    ) -> Grant:
        """Money for calls of a tenant: at most `wanted`, at least `needed`, or none.

        Raises ValueError for the name that stands for everybody.
        """
        if tenant == EVERYBODY:
            raise ValueError(f"no tenant may be called {EVERYBODY}")
        async with self._connection() as connection:
            row = await connection.fetchrow(
                statements()["lease_money"], lease_id, tenant, self._replica_id, decimal_usd(wanted),
                decimal_usd(needed), decimal_usd(self._limits.tenant), decimal_usd(self._limits.everybody),
                timedelta(seconds=life_s),
            )  # fmt: skip
        return Grant(nanousd(row["amount"]), row["life_s"], row["refused"])

    async def renew(self, leases: Sequence[UUID], life_s: float) -> dict[UUID, float]:
        """Seconds that each lease lives from when this was asked; those that are left out have ended."""
        async with self._connection() as connection:
            rows = await connection.fetch(
                statements()["renew_leases"], list(leases), timedelta(seconds=life_s)
            )
        return {row["lease_id"]: row["life_s"] for row in rows}

    async def settle(self, charges: Sequence[Charge]) -> int:
        """Book calls; how many of them were not booked already."""
        async with self._connection() as connection:
            return int(await connection.fetchval(statements()["settle_calls"], *_columns(charges)))

    async def give_back(self, keeps: Mapping[UUID, NanoUsd]) -> None:
        """Return what leases have beyond what they keep (calls booked and calls under way). Book first."""
        async with self._connection() as connection:
            await connection.execute(
                statements()["return_money"], list(keeps), [decimal_usd(keep) for keep in keeps.values()]
            )

    async def reclaim(self, grace_s: float) -> tuple[int, NanoUsd]:
        """Count as spent what replicas hold that have been silent for `grace_s` after their leases; how many and how much."""
        async with self._connection() as connection:
            row = await connection.fetchrow(statements()["reclaim_leases"], timedelta(seconds=grace_s))
        return row["leases"], nanousd(row["amount"])

    async def lost(self, most: int = 100) -> list[LostLease]:
        """Lost leases that nobody has accounted for, oldest first."""
        async with self._connection() as connection:
            rows = await connection.fetch(statements()["unreported_leases"], most)
        return [
            LostLease(
                row["lease_id"],
                row["tenant_id"],
                row["day"],
                row["replica_id"],
                nanousd(row["unreported_usd"]),
            )
            for row in rows
        ]

    async def reconcile(
        self, entry_id: UUID, lost: LostLease, charge: NanoUsd, model: str, now_s: float
    ) -> None:
        """Account for a lost lease by hand: the vendor's bill says that `charge` was spent of what was not reported."""
        if charge:
            bill = Charge(
                entry_id, lost.lease_id, None, model, Usage(0, 0), charge, True, now_s, "reconciliation"
            )
            await self.settle([bill])
        await self.give_back({lost.lease_id: NOTHING})

    async def standing(self, tenant: str = EVERYBODY) -> Standing | None:
        """A budget today; None when nothing was asked of it yet."""
        async with self._connection() as connection:
            row = await connection.fetchrow(statements()["budget_of"], tenant)
        return None if row is None else Standing(*(nanousd(amount) for amount in row))

    async def cost_of(self, query_id: str) -> QueryCost:
        """What a query has cost by now, with what came late."""
        async with self._connection() as connection:
            row = await connection.fetchrow(statements()["cost_of_query"], query_id)
        return QueryCost(
            nanousd(row["total_usd"]),
            nanousd(row["late_usd"]),
            row["calls"],
            row["tokens_in"],
            row["tokens_out"],
        )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            async with asyncio.timeout(self._timeout_s), self._pool.acquire() as connection:
                yield connection
        except _REFUSED as err:
            raise DependencyError("ledger", f"{type(err).__name__}: {err}") from err
        except UNREACHABLE as err:
            raise Unavailable("ledger", f"{type(err).__name__}: {err}") from err


def _columns(charges: Sequence[Charge]) -> list[list[object]]:
    """The arguments of settle_calls."""
    return [
        [each.call_id for each in charges],
        [each.lease_id for each in charges],
        [each.query_id for each in charges],
        [each.kind for each in charges],
        ["estimated" if each.is_estimate else "settled" for each in charges],
        [each.model for each in charges],
        [each.usage.tokens_in for each in charges],
        [each.usage.tokens_cached for each in charges],
        [each.usage.tokens_out for each in charges],
        [decimal_usd(each.amount) for each in charges],
        [each.is_late for each in charges],
        [datetime.fromtimestamp(each.ended_s, UTC) for each in charges],
    ]
