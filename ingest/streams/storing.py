"""A batch of rows into Postgres, in one transaction; what is stored already changes nothing."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from db.submitters.feedback import EventRow
from ingest.importers.mapping import Kind
from ingest.importers.references import settle_outcomes, settle_snippets
from ingest.importers.report import Tally
from ingest.importers.rows import Reject
from ingest.importers.snippets import SnippetRow
from ingest.importers.sources import Placed
from ingest.importers.staging import Staging
from ingest.streams.messages import Row
from ingest.streams.records import Fault, FaultCode

_UNMAPPED_KEPT = 1_000
# A row that breaks a rule of the database: it would break it again. All else may pass.
_REFUSALS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)


@dataclass(slots=True)
class Stored:
    """What became of a batch; `faults` by place in it."""

    stored: int = 0
    unchanged: int = 0
    faults: dict[int, Fault] = field(default_factory=dict)

    def add(self, other: "Stored", shift: int) -> None:
        """Count another part of the batch, whose places begin at `shift`."""
        self.stored += other.stored
        self.unchanged += other.unchanged
        self.faults |= {place + shift: fault for place, fault in other.faults.items()}


@dataclass(frozen=True, slots=True)
class NewSnippet:
    """A snippet that the transaction under way has stored; `first_seen_at` is its first revision's."""

    row: SnippetRow
    first_seen_at: datetime
    revision: int


Judge = Callable[[PoolConnectionProxy, Sequence[NewSnippet], datetime], Awaitable[None]]
"""Called in the transaction of a batch with what it stored, in order of arrival, and the time; what it raises undoes the batch.

A snippet of which a batch brings several contents comes with the last one. A batch that was undone is judged again.
"""


@dataclass(frozen=True, slots=True)
class Store:
    """The database as the place where messages end; `clock` gives `seen_at`, `judge` sees each snippet that is new or changed."""

    pool: asyncpg.Pool
    clock: Callable[[], datetime]
    judge: Judge | None = None

    async def store(
        self, kind: Kind, rows: Sequence[Row], unmapped: Mapping[tuple[str, str], int] | None = None
    ) -> Stored:
        """Store `rows` in their order and say of each what became of it; `unmapped` wordings are counted with them.

        Where the database refuses the batch, its halves are stored each by itself, until the row at fault is alone.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError: nothing, or in halves some, is stored;
                to do it again is right in any case.
        """
        try:
            return await self._in_one(kind, rows, unmapped or {})
        except _REFUSALS as err:
            if len(rows) == 1:
                reason = f"the database refuses it: {type(err).__name__} ({err.sqlstate})"
                return Stored(faults={0: Fault("refused", "", reason)})
        middle = len(rows) // 2
        total = Stored()
        for start, part in ((0, rows[:middle]), (middle, rows[middle:])):
            total.add(await self.store(kind, part), start)
        return total

    async def _in_one(
        self, kind: Kind, rows: Sequence[Row], unmapped: Mapping[tuple[str, str], int]
    ) -> Stored:
        now = self.clock()
        tally = Tally(Path(kind), kind, rows=len(rows))
        async with self.pool.acquire() as connection, connection.transaction():
            settled = await _settled(connection, kind, rows, tally.rejects)
            staging = Staging(connection, kind, None, now)
            new: dict[tuple[str, str], NewSnippet] = {}
            for number, turn in enumerate(turns(kind, settled)):
                await (staging.empty() if number else staging.open())
                await staging.copy(0, turn)
                stored = await staging.merge([tally])
                if stored and kind == "snippets" and self.judge is not None:
                    new |= await _stored_of(connection, turn)
            if new and self.judge is not None:
                await self.judge(connection, tuple(new.values()), now)
            if unmapped:
                await _count_unmapped(connection, kind, unmapped, now)
        return Stored(
            tally.stored, tally.unchanged, {reject.line: _fault(reject) for reject in tally.rejects}
        )


async def _settled(
    connection: PoolConnectionProxy, kind: Kind, rows: Sequence[Any], rejects: list[Reject]
) -> Sequence[Placed[SnippetRow]] | Sequence[Placed[EventRow]]:
    placed = [Placed(place, row) for place, row in enumerate(rows)]
    if kind == "snippets":
        return await settle_snippets(connection, placed, None, rejects)
    return await settle_outcomes(connection, placed, None, rejects)


async def _stored_of(
    connection: PoolConnectionProxy, turn: Sequence[Placed[Any]]
) -> dict[tuple[str, str], NewSnippet]:
    """Those of a turn's snippets that it stored, by identity."""
    rows = {placed.line: placed.row for placed in turn}
    stored = await connection.fetch(load()["stored_snippets"])
    found = (NewSnippet(rows[each["line"]], each["seen_at"], each["revision"]) for each in stored)
    return {(each.row.miner_id, each.row.snippet_id): each for each in found}


def turns(kind: Kind, rows: Sequence[Placed[Any]]) -> list[list[Placed[Any]]]:
    """The rows parted so that none has two contents of one identity, in the order in which these came.

    A snippet's content that was there before is no new revision, wherever it comes; an event is what it was last said
    to be. So what a batch leaves behind does not depend on where it ends.
    """
    parted: list[list[Placed[Any]]] = []
    contents: dict[tuple[str, ...], list[str]] = {}
    for placed in rows:
        row = placed.row
        identity = (row.miner_id, row.snippet_id) if kind == "snippets" else (row.event_id,)
        seen = contents.setdefault(identity, [])
        known = row.content_hash in (seen if kind == "snippets" else seen[-1:])
        if not known:
            seen.append(row.content_hash)
        turn = seen.index(row.content_hash) if kind == "snippets" else len(seen) - 1
        if turn == len(parted):
            parted.append([])
        parted[turn].append(placed)
    return parted


async def _count_unmapped(
    connection: PoolConnectionProxy, kind: Kind, unmapped: Mapping[tuple[str, str], int], now: datetime
) -> None:
    kept = Counter(unmapped).most_common(_UNMAPPED_KEPT)
    fields = [f"{kind}.{name}" for (name, _), _ in kept]
    values = [value for (_, value), _ in kept]
    await connection.execute(load()["add_unmapped"], fields, values, [count for _, count in kept], now)


def _fault(reject: Reject) -> Fault:
    code: FaultCode = "taken"
    if reject.reason.startswith("unknown lead"):
        code = "unknown_lead"
    elif reject.field in ("company_id", "domain"):
        code = "unknown_company"
    return Fault(code, reject.field, reject.reason)
