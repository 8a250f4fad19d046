"""What submitters tell over HTTP of the leads they got: rows of outcomes and query_performance."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.identity import content_hash, event_identity, json_text
from db.statements import load
from db.submitters.statements import statements

Event = Literal["impression", "click", "reply", "meeting", "conversion"]
Field = Literal["query_id", "lead_id", "company_id", "event_id"]


class EventRow(NamedTuple):
    """Columns of an outcome as they are staged and stored, in the order they are copied."""

    event_id: str
    query_id: str | None
    prompt: str | None
    lead_id: str | None
    company_id: str | None
    event: str | None
    occurred_at: datetime
    label: int | None
    position: int | None
    attributes: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome as it was told; `occurred_at` in UTC, None for a label that counts as given now."""

    event_id: str | None
    query_id: str | None
    prompt: str | None
    lead_id: str | None
    company_id: str | None
    event: Event | None
    occurred_at: datetime | None
    label: int | None
    position: int | None
    attributes: dict[str, object]

    def row(self, tenant_id: str | None, now: datetime) -> EventRow:
        """Its row. Id and content are those that an import or a message makes of it, but a tenant has ids of his own:
        whoever guesses another's cannot take them."""
        given = self.occurred_at.isoformat() if self.occurred_at else ""
        event_id = self.event_id or event_identity(
            self.query_id or "",
            self.prompt or "",
            self.lead_id or "",
            self.company_id or "",
            self.event or "",
            given,
        )
        if tenant_id is not None:
            event_id = f"{tenant_id}/{event_id}"
        attributes = json_text(self.attributes)
        told = (
            event_id, self.query_id, self.prompt, self.lead_id, self.company_id, self.event, given, self.label, self.position,
            attributes,
        )  # fmt: skip
        return EventRow(
            *told[:6], self.occurred_at or now, self.label, self.position, attributes, content_hash(told)
        )


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that is not stored: its place in the list, the field at fault and its value."""

    index: int
    field: Field
    value: str


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """What became of a list of events: stored + unchanged + unknown = received."""

    received: int
    stored: int
    unchanged: int
    unknown: tuple[Unknown, ...]


async def own_queries(
    pool: asyncpg.Pool, query_ids: Collection[str], tenant_id: str | None
) -> frozenset[str]:
    """Those of the queries that the tenant has asked, as far as they are logged."""
    rows = await pool.fetch(statements()["own_queries"], list(query_ids), tenant_id)
    return frozenset(row["query_id"] for row in rows)


async def store_events(
    pool: asyncpg.Pool,
    told: Sequence[Told],
    known_queries: frozenset[str],
    tenant_id: str | None,
    now: datetime,
) -> StoredEvents:
    """Store what refers to things that the tenant may see, in one transaction; of one id the last one counts."""
    async with pool.acquire() as connection, connection.transaction():
        known = await _known(connection, told, known_queries, tenant_id)
        unknown = [
            fault for index, each in enumerate(told) if (fault := known.fault(index, each)) is not None
        ]
        at_fault = {fault.index for fault in unknown}
        placed = [
            (index, known.settled(each.row(tenant_id, now)))
            for index, each in enumerate(told)
            if index not in at_fault
        ]
        ids = [row.event_id for _, row in placed]
        taken = {
            row["event_id"] for row in await connection.fetch(statements()["foreign_events"], ids, tenant_id)
        }
        unknown += [
            Unknown(index, "event_id", row.event_id) for index, row in placed if row.event_id in taken
        ]
        rows = {row.event_id: row for _, row in placed if row.event_id not in taken}
        stored = await connection.fetch(
            statements()["store_events"], tenant_id, now, *_columns(list(rows.values()))
        )
    unchanged = len(told) - len(unknown) - len(stored)
    return StoredEvents(
        len(told), len(stored), unchanged, tuple(sorted(unknown, key=lambda each: each.index))
    )


async def store_performance(
    pool: asyncpg.Pool,
    query_id: str,
    tenant_id: str | None,
    ctr: float,
    conversion_rate: float,
    now: datetime,
) -> bool:
    """Whether the query is the tenant's; if so, its rates are stored, and the last word counts."""
    row = await pool.fetchval(
        statements()["store_performance"], query_id, tenant_id, ctr, conversion_rate, now
    )
    return row is not None


@dataclass(frozen=True, slots=True)
class _Known:
    """What events may refer to; `leads` with their companies."""

    queries: frozenset[str]
    leads: Mapping[str, str]
    companies: frozenset[str]

    def fault(self, index: int, told: Told) -> Unknown | None:
        if told.query_id is not None and told.query_id not in self.queries:
            return Unknown(index, "query_id", told.query_id)
        if told.lead_id is not None:
            return None if told.lead_id in self.leads else Unknown(index, "lead_id", told.lead_id)
        if told.company_id is not None and told.company_id not in self.companies:
            return Unknown(index, "company_id", told.company_id)
        return None

    def settled(self, row: EventRow) -> EventRow:
        """A lead stands for its company where none is named that is known."""
        if row.lead_id is None or row.company_id in self.companies:
            return row
        return row._replace(company_id=self.leads[row.lead_id])


async def _known(
    connection: PoolConnectionProxy, told: Sequence[Told], queries: frozenset[str], tenant_id: str | None
) -> _Known:
    lead_ids = [each.lead_id for each in told if each.lead_id is not None]
    leads = await connection.fetch(load()["find_leads"], lead_ids, tenant_id)
    company_ids = [each.company_id for each in told if each.company_id is not None]
    companies = await connection.fetch(load()["find_companies"], company_ids, tenant_id)
    return _Known(
        queries,
        {row["lead_id"]: row["company_id"] for row in leads},
        frozenset(row["company_id"] for row in companies),
    )


def _columns(rows: Sequence[EventRow]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in EventRow._fields]
