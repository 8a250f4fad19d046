"""Identical questions asked at the same time are answered by one call."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Flight(Generic[Value]):
    task: "asyncio.Task[Value]"
    passengers: int = 0
    claimed: bool = False


class Flights(Generic[Key, Value]):
    """One task per key while anybody waits for it; it ends with its last waiter.

    `in_vain` tells of a value that it only says that the first caller's time was too short.
    """

    def __init__(self, stage: str, in_vain: Callable[[Value], bool]) -> None:
        self._stage = stage
        self._in_vain = in_vain
        self._flights: dict[Key, _Flight[Value]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def join(
        self, key: Key, deadline: Deadline, make: Callable[[], Awaitable[Value]]
    ) -> tuple[Value, bool]:
        """What `make` returns, and whether it is for this caller to account for; errors reach all who wait.

        A waiter with more time than the one whose call ran out of it makes a call of its own.

        Raises:
            DeadlineExceeded: this caller's deadline passed.
        """
        while True:
            flight, own = self._flights.get(key), False
            if flight is None:
                flight, own = self._start(key, make), True
            value = await self._ride(key, flight, deadline)
            claims, flight.claimed = not flight.claimed, True
            if own or not self._in_vain(value) or deadline.remaining_s() <= 0.0:
                return value, claims

    def _start(self, key: Key, make: Callable[[], Awaitable[Value]]) -> _Flight[Value]:
        async def run() -> Value:
            return await make()

        # An empty context: Serve cancels what a request began when its client goes away (Ray 2.60); others may wait for this.
        task = asyncio.get_running_loop().create_task(run(), context=contextvars.Context())
        flight = self._flights[key] = _Flight(task)
        task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    async def _ride(self, key: Key, flight: _Flight[Value], deadline: Deadline) -> Value:
        flight.passengers += 1
        try:
            done, _ = await asyncio.wait((flight.task,), timeout=deadline.remaining_s())
        finally:
            flight.passengers -= 1
            if not flight.passengers and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()
        if not done:
            raise DeadlineExceeded(self._stage)
        return flight.task.result()

    def _land(self, key: Key, flight: _Flight[Value]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen, so that nobody warns of it when all waiters have left
