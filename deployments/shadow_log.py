"""Shadow lists in Postgres: written behind, bounded, losses counted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import asyncpg
from prometheus_client import Counter

from db.copy_text import array_field, copy_row, text_field
from db.statements import load
from deployments.write_behind import Shelf, WriteBehind
from ranking.shadow import ShadowList

_DROPPED = Counter(
    "leads_shadow_log_dropped_total",
    "Shadow lists that were not written: the queue was full or Postgres refused",
)
_NULL: Final = rb"\N"
_PART: Final = 10_000
_MOST_PARTS: Final = 20
COLUMNS: Final = (
    "query_id", "tenant_id", "production", "candidate", "share", "lead_ids", "scores", "shown_ids", "shown_scores", "pool",
    "asked", "correlation", "base_shift",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ShadowRow:
    """One query under two boosters; `lead_ids` are the candidate's list, `shown_ids` the answer's."""

    query_id: str
    tenant: str | None
    production: str
    candidate: str
    share: float
    lead_ids: Sequence[str]
    shown_ids: Sequence[str]
    shadow: ShadowList


class ShadowLog:
    """Rows of the table `shadow_lists`."""

    def __init__(self, pool: asyncpg.Pool, capacity: int, flush_s: float) -> None:
        self._pool = pool
        self._rows = WriteBehind(Shelf("shadow log", self._copy, _DROPPED.inc), capacity, flush_s)

    def start(self) -> None:
        """Begin to write; call in the event loop."""
        self._rows.start()

    def put(self, row: ShadowRow) -> None:
        """Queue one; dropped and counted when the queue is full."""
        if self._rows.room():
            self._rows.put(row.query_id, _fields(row))

    async def flush(self) -> None:
        """Write what waits now; when Postgres cannot be reached the rows stay queued."""
        await self._rows.flush()

    async def thin(self, kept_days: int) -> None:
        """Delete lists that are older, in small parts; what is left over is for the next time, or for another replica meanwhile."""
        for _ in range(_MOST_PARTS):
            told = await self._pool.execute(load()["thin_shadow_lists"], kept_days, _PART)
            if told != f"DELETE {_PART}":
                return

    async def close(self) -> None:
        """Write the rest and stop."""
        await self._rows.close()

    async def _copy(self, rows: bytes) -> None:
        await self._pool.copy_to_table("shadow_lists", source=BytesIO(rows), columns=COLUMNS)


def _fields(row: ShadowRow) -> bytes:
    """The row in COPY's text format, fields in the order of `COLUMNS`."""
    shadow = row.shadow
    return copy_row((
        text_field(row.query_id), _NULL if row.tenant is None else text_field(row.tenant), text_field(row.production),
        text_field(row.candidate), repr(row.share).encode(), array_field(list(row.lead_ids)), array_field(shadow.scores.tolist()),
        array_field(list(row.shown_ids)), array_field(shadow.shown_scores.tolist()), b"%d" % shadow.pool, b"%d" % shadow.asked,
        _number(shadow.correlation), _number(shadow.base_shift),
    ))  # fmt: skip


def _number(value: float) -> bytes:
    return _NULL if math.isnan(value) else repr(value).encode()
