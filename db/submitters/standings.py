"""Standings of submitters in Postgres: what replicas have seen is folded in by turns, so that all of them agree."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.submitters.statements import statements
from ranking.query_rules import Judgement
from ranking.reputation import ReputationConfig, Seen, Standing, Throttle, after

_MOST_SHOWN = 1_000


@dataclass(slots=True)
class Sightings:
    """Queries of one submitter that one replica has answered and not yet folded in, in order.

    `had_leads` says of each whether its list had any: only then an outcome can follow.
    """

    tenant_id: str | None
    is_trusted: bool
    judgements: list[Judgement] = field(default_factory=list)
    had_leads: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.judgements)

    def add(self, judgement: Judgement, *, had_leads: bool) -> None:
        """One more query."""
        self.judgements.append(judgement)
        self.had_leads.append(had_leads)

    def extend(self, later: "Sightings") -> None:
        """What was seen after these."""
        self.judgements += later.judgements
        self.had_leads += later.had_leads


@dataclass(frozen=True, slots=True)
class Account:
    """A submitter's row: standing, answered queries since the last outcome, and flags by rule."""

    standing: Standing
    unheard: int
    flags: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ThrottleInForce:
    """Seconds that a throttle has left by the database's clock, and the standing that it follows from."""

    left_s: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """A row as it is shown; `throttled_at`, `throttled_until` and `reason` are None without a throttle in force."""

    submitter_id: str
    tenant_id: str | None
    standing: Standing
    unheard: int
    flags: Mapping[str, int]
    is_trusted: bool
    last_query_at: datetime | None
    throttled_at: datetime | None
    throttled_until: datetime | None
    reason: str | None


async def fold_in(
    pool: asyncpg.Pool, seen: Mapping[str, Sightings], config: ReputationConfig
) -> dict[str, Account]:
    """Bring what was seen into the rows, in one transaction, and return how each of these submitters stands now."""
    names = sorted(seen)
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(statements()["lock_standings"], names) < len(names):
            tenants = [seen[name].tenant_id for name in names]
            await connection.execute(statements()["make_standings"], names, tenants)
            await connection.execute(statements()["lock_standings"], names)
        rows = {
            row["submitter_id"]: row for row in await connection.fetch(statements()["read_standings"], names)
        }
        before = {name: _account(row) for name, row in rows.items()}
        found = {
            name: folded(before[name], seen[name], rows[name]["now_s"], config)
            for name in names
            if name in rows
        }
        await _store(connection, found, seen)
        await _store_throttles(connection, before, found)
    return found


def folded(before: Account, seen: Sightings, now_s: float, config: ReputationConfig) -> Account:
    """The account after these queries."""
    standing, unheard, flags = before.standing, before.unheard, Counter(before.flags)
    for judgement, had_leads in zip(seen.judgements, seen.had_leads, strict=True):
        flagged = judgement.rule is not None
        standing = after(standing, Seen(judgement.score, flagged), now_s, config, trusted=seen.is_trusted)
        unheard += had_leads
        if judgement.rule is not None:
            flags[judgement.rule] += 1
    return Account(standing, unheard, flags)


async def throttles_in_force(pool: asyncpg.Pool) -> dict[str, ThrottleInForce]:
    """Throttles by submitter; what a clock that was set back left behind is mended first."""
    return {
        row["submitter_id"]: ThrottleInForce(
            row["left_s"], Standing(row["queries"], row["score"], row["flag_rate"])
        )
        for row in await pool.fetch(statements()["throttles_in_force"])
    }


async def shown_standings(
    pool: asyncpg.Pool, tenant_id: str | None, *, everybody: bool
) -> list[ShownStanding]:
    """Standings of a tenant's submitters, or of everybody, the worst first; at most 1,000."""
    rows = await pool.fetch(statements()["show_standings"], tenant_id, everybody, _MOST_SHOWN)
    return [
        ShownStanding(
            row["submitter_id"], row["tenant_id"],
            Standing(row["queries"], row["score"], row["flag_rate"], None, row["is_served"]),
            row["unheard"], json.loads(row["flags"]), row["is_trusted"], row["last_query_at"],
            row["throttled_at"], row["expires_at"], row["reason"],
        )
        for row in rows
    ]  # fmt: skip


def _account(row: asyncpg.Record) -> Account:
    throttle = None
    if row["expires_s"] is not None:
        throttle = Throttle(row["throttled_s"], row["expires_s"])
    standing = Standing(row["queries"], row["score"], row["flag_rate"], throttle, row["is_served"])
    return Account(standing, 0 if row["was_heard"] else row["unheard"], json.loads(row["flags"]))


async def _store(
    connection: PoolConnectionProxy, found: Mapping[str, Account], seen: Mapping[str, Sightings]
) -> None:
    accounts = list(found.values())
    standings = [account.standing for account in accounts]
    await connection.execute(
        statements()["store_standings"], list(found), [each.queries for each in standings],
        [each.score for each in standings], [each.flag_rate for each in standings], [each.served for each in standings],
        [each.unheard for each in accounts], [json.dumps(each.flags) for each in accounts],
        [seen[name].is_trusted for name in found],
    )  # fmt: skip


async def _store_throttles(
    connection: PoolConnectionProxy, before: Mapping[str, Account], found: Mapping[str, Account]
) -> None:
    changed = [name for name in found if found[name].standing.throttle != before[name].standing.throttle]
    if not changed:
        return
    await connection.execute(statements()["end_throttles"], changed)
    begun = [(name, throttle) for name in changed if (throttle := found[name].standing.throttle) is not None]
    if begun:
        await connection.execute(
            statements()["begin_throttles"], [name for name, _ in begun], [_reason(found[name]) for name, _ in begun],
            [throttle.started_s for _, throttle in begun], [throttle.ends_s for _, throttle in begun],
        )  # fmt: skip


def _reason(account: Account) -> str:
    standing = account.standing
    rules = ", ".join(
        f"{rule} {times}" for rule, times in sorted(account.flags.items(), key=lambda each: -each[1])
    )
    return f"flag rate {standing.flag_rate:.2f}, score {standing.score:.2f} after {standing.queries} queries ({rules})"
