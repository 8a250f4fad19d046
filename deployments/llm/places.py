"""A bounded number of calls at a time and a bounded number waiting for their turn, in order of arrival."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, Overloaded


class Places:
    """`places` callers inside, at most `waiting` before the door."""

    def __init__(self, stage: str, places: int, waiting: int) -> None:
        self._stage = stage
        self._most_waiting = waiting
        self._semaphore = asyncio.Semaphore(places)
        self._taken = self._waiting = 0

    @property
    def taken(self) -> int:
        """Callers inside."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Callers before the door."""
        return self._waiting

    @asynccontextmanager
    async def taking(self, deadline: Deadline) -> AsyncIterator[None]:
        """A place, as soon as one is free.

        Raises:
            Overloaded: too many wait already.
            DeadlineExceeded: none came free in time.
        """
        await self._enter(deadline)
        try:
            yield
        finally:
            self._taken -= 1
            self._semaphore.release()

    async def _enter(self, deadline: Deadline) -> None:
        left_s = deadline.require(self._stage)
        if self._semaphore.locked():
            if self._waiting >= self._most_waiting:
                raise Overloaded(self._stage)
            self._waiting += 1
            try:
                async with asyncio.timeout(left_s):
                    await self._semaphore.acquire()
            except TimeoutError as err:
                raise DeadlineExceeded(self._stage) from err
            finally:
                self._waiting -= 1
        else:
            await self._semaphore.acquire()
        self._taken += 1
