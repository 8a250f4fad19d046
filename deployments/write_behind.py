"""Rows that nobody waits for: held in memory, written in batches, bounded, losses counted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from db.pool import UNREACHABLE

WRITE_TIMEOUT_S: Final = 5.0
_UNUSABLE: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, TypeError)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where rows go.

    Attributes:
        name: for the log.
        copy: writes rows of COPY's text format in one transaction; raises what asyncpg raises.
        dropped: called once per row that is lost.
    """

    name: str
    copy: Callable[[bytes], Awaitable[None]]
    dropped: Callable[[], None]


class WriteBehind:
    """Takes rows without waiting and writes them every `flush_s` seconds; at most `capacity` wait, those of a write under way included."""

    def __init__(self, shelf: Shelf, capacity: int, flush_s: float) -> None:
        self._shelf = shelf
        self._capacity = capacity
        self._flush_s = flush_s
        self._waiting: dict[str, bytes] = {}
        self._being_written: dict[str, bytes] = {}
        self._one_flush = asyncio.Lock()
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._being_written)

    def __contains__(self, key: str) -> bool:
        return key in self._waiting or key in self._being_written

    def start(self) -> None:
        """Begin to write; call in the event loop."""
        self._writer = asyncio.get_running_loop().create_task(self._write_until_closed())

    def room(self) -> bool:
        """Whether one more row may wait; counts a loss where it may not."""
        if len(self) < self._capacity:
            return True
        self._shelf.dropped()
        return False

    def put(self, key: str, row: bytes) -> None:
        """Hold a row for which there is `room`; a later one of the same key takes its place."""
        self._waiting[key] = row

    async def flush(self) -> None:
        """Write what waits now; when Postgres cannot be reached the rows stay."""
        async with self._one_flush:
            self._being_written, self._waiting = self._waiting, {}
            try:
                await self._write(list(self._being_written.values()))
                self._being_written = {}
            except UNREACHABLE as err:
                told = "%s: %d rows wait, Postgres does not take them (%s)"
                _log.warning(told, self._shelf.name, len(self._being_written), type(err).__name__)
            finally:  # also when the flush is cancelled half way
                self._waiting = {**self._being_written, **self._waiting}
                self._being_written = {}

    async def close(self) -> None:
        """Write the rest and stop; what Postgres does not take now is lost, and counted."""
        self._closing.set()
        if self._writer is not None:
            await self._writer
        await self.flush()
        for _ in range(len(self)):
            self._shelf.dropped()

    async def _write_until_closed(self) -> None:
        while not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), self._flush_s)
            except TimeoutError:
                await self.flush()

    async def _write(self, rows: Sequence[bytes]) -> None:
        """Write the rows; where Postgres refuses one, halve until it stands alone, so that it holds up nobody."""
        if not rows:
            return
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await self._shelf.copy(b"".join(rows))
        except asyncpg.UniqueViolationError:
            if len(rows) > 1:  # one alone is there already: its COPY was committed, then the connection lost
                await self._write_halves(rows)
        except _UNUSABLE as err:
            if len(rows) > 1:
                await self._write_halves(rows)
            else:
                told = "%s: Postgres refuses row %s (%s)"
                _log.warning(told, self._shelf.name, rows[0].split(b"\t", 1)[0].decode(), type(err).__name__)
                self._shelf.dropped()

    async def _write_halves(self, rows: Sequence[bytes]) -> None:
        half = len(rows) // 2
        await self._write(rows[:half])
        await self._write(rows[half:])
