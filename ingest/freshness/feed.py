"""What has changed in Postgres since a state that was read before, told by transactions (F-8)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

import asyncpg

from db.snapshot.manifest import Origin
from db.statements import parse


@dataclass(frozen=True, slots=True)
class Seen:
    """A state of the database: what its transactions had done, and what the clock had brought, at `at_s` (epoch, UTC)."""

    origin: Origin
    at_s: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new in `now` and was not in `before`.

    Attributes:
        companies: ids of companies whose records or leads have changed or are gone.
        evidence: ids of companies whose snippets have. `grown`: those of them of whose snippets no old one seems to have.
        stored_at: seconds since the epoch, UTC, of the first and the last new snippet; NaN without any.
    """

    before: Seen
    now: Seen
    companies: frozenset[str]
    evidence: frozenset[str]
    grown: frozenset[str]
    stored_at: tuple[float, float]


async def read_changes(connection: asyncpg.Connection, before: Seen, now_s: float) -> Changes:
    """Everything that was committed since `before`, whenever it was begun.

    Args:
        connection: in a transaction of isolation REPEATABLE READ, whose state is the new one.
    """
    statements = feed_statements()
    row = await connection.fetchrow(statements["state"])
    since = (str(before.origin.xmin), before.origin.transactions)
    between = (datetime.fromtimestamp(before.at_s, UTC), datetime.fromtimestamp(now_s, UTC))
    companies = await connection.fetch(statements["changed_companies"], *since)
    evidence = await connection.fetch(statements["changed_evidence"], *since)
    barred = await connection.fetch(statements["evidence_of_changed_miners"], *since, *between)
    stored = await connection.fetchrow(statements["stored_between"], *since)
    first, last = (float("nan") if moment is None else float(moment) for moment in stored)
    now = Seen(Origin(row["xmin"], row["transactions"]), now_s)
    grown = frozenset(row["company_id"] for row in evidence if row["grows"])
    return Changes(
        before, now, _ids(companies), _ids(evidence) | _ids(barred), grown - _ids(barred), (first, last)
    )


def _ids(rows: list[asyncpg.Record]) -> frozenset[str]:
    return frozenset(row["company_id"] for row in rows)


@cache
def feed_statements() -> dict[str, str]:
    """The SQL of this package by name."""
    return dict(parse(files("ingest.freshness").joinpath("queries.sql").read_text("utf-8")))
