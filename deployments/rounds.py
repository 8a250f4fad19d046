"""Work that comes round every so many seconds in an event loop, and goes on when Postgres does not answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from db.pool import UNREACHABLE
from ranking.errors import DependencyError

_log = logging.getLogger(__name__)


class Rounds:
    """Calls `work` every `every_s` from `start` to `close`, which calls it once more."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        self._name = name
        self._work = work
        self._every_s = every_s
        self._closing = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call in the event loop."""
        self._worker = asyncio.get_running_loop().create_task(self._go_round())

    async def close(self) -> None:
        """End with a last round."""
        self._closing.set()
        if self._worker is not None:
            await self._worker
        await self._once()

    async def _go_round(self) -> None:
        while not self._closing.is_set():
            await self._once()
            try:
                await asyncio.wait_for(self._closing.wait(), self._every_s)
            except TimeoutError:
                continue

    async def _once(self) -> None:
        try:
            await self._work()
        except (*UNREACHABLE, DependencyError) as err:
            _log.warning(
                "%s: nothing new is known, Postgres does not answer (%s)", self._name, type(err).__name__
            )
