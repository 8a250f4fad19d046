"""Many requests, one call: the coalescer that stands before every hop between deployments.

A hop costs milliseconds of CPU whatever it carries (docs/architecture.md), so the caller fills each call from the requests
in flight. An item that finds a free lane leaves at once, unless another call has just left: the more items that one carried
the longer this one waits for company. So there is no waiting at low load. Otherwise it waits for the next returning call,
together with everybody who came meanwhile.
"""

import asyncio
import contextvars
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from ranking.deadline import Clock, Deadline
from ranking.errors import DeadlineExceeded, DependencyError, LeadError, Overloaded

Item = TypeVar("Item")
Value = TypeVar("Value")
Send = Callable[[Sequence[Item], Sequence[float]], Awaitable[Sequence[Value | LeadError]]]
Observe = Callable[[int, Sequence[float]], None]


@dataclass(frozen=True, slots=True)
class CoalescerLimits:
    """Bounds of one coalescer.

    `lanes` calls may be in flight; a call carries at most `max_items` items and `max_bytes` estimated bytes (the gRPC limit between
    replicas is 4 MB); at most `max_waiting` items wait. Unless it is full, a call leaves `linger_s` seconds for each item of the
    one before after that one, at most `most_linger_s`: above 1 / `linger_s` items per second calls grow to what
    `most_linger_s` brings, below they leave as they come.
    """

    lanes: int = 2
    max_items: int = 64
    max_bytes: int = 3_000_000
    max_waiting: int = 512
    linger_s: float = 0.0
    most_linger_s: float = math.inf


@dataclass(slots=True)
class _Waiting(Generic[Item, Value]):
    item: Item
    size_bytes: int
    deadline: Deadline
    since_s: float
    future: "asyncio.Future[Value]"


class Coalescer(Generic[Item, Value]):
    """Gathers concurrent `submit` calls into list calls of `send`.

    `send(items, remaining_ms)` gets the milliseconds each item has left and returns one outcome per item, in order: a
    value, or a `LeadError` that is raised to that item's caller alone. An exception of `send` itself fails every item of
    that call with a `DependencyError`.
    """

    def __init__(
        self,
        node: str,
        send: Send[Item, Value],
        limits: CoalescerLimits,
        clock: Clock,
        size_bytes: Callable[[Item], int] = lambda _: 256,
        observe: Observe = lambda _items, _waits: None,
    ) -> None:
        self.node = node
        self._send = send
        self._limits = limits
        self._clock = clock
        self._size_bytes = size_bytes
        self._observe = observe
        self._waiting: deque[_Waiting[Item, Value]] = deque()
        self._in_flight = 0
        self._next_send_s = -math.inf
        self._lingering = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Items queued and not yet sent."""
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        """Calls sent and not yet answered."""
        return self._in_flight

    def resize(self, lanes: int) -> None:
        """Allow `lanes` calls in flight from now on (the number of replicas changed)."""
        self._limits = replace(self._limits, lanes=max(1, lanes))
        self._launch()

    async def submit(self, item: Item, deadline: Deadline) -> Value:
        """The outcome of `item`.

        Raises:
            Overloaded: the queue is full.
            DeadlineExceeded: the deadline passed before or during the call.
            LeadError: what the leaf answered for this item.
        """
        timeout_s = deadline.require(self.node)
        if len(self._waiting) >= self._limits.max_waiting:
            raise Overloaded(self.node)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Value] = loop.create_future()
        entry = _Waiting(item, self._size_bytes(item), deadline, self._clock(), future)
        self._waiting.append(entry)
        self._launch()
        # A timer of its own: `wait_for` costs several times as much, and this is paid per hop and query.
        expiry = loop.call_later(timeout_s, _fail, entry, DeadlineExceeded(self.node))
        try:
            return await future
        finally:
            expiry.cancel()

    async def close(self) -> None:
        """Wait for calls in flight; items still queued fail with `DependencyError`."""
        while self._waiting:
            _fail(self._waiting.popleft(), DependencyError(self.node, "closing"))
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _launch(self) -> None:
        while self._in_flight < self._limits.lanes and self._waiting:
            if self._lingers():
                return
            batch = self._take()
            if not batch:
                return
            self._in_flight += 1
            linger_s = min(len(batch) * self._limits.linger_s, self._limits.most_linger_s)
            self._next_send_s = self._clock() + linger_s
            # An empty context: a task started inside a request inherits its context, and Serve cancels the child calls of a request
            # whose client went away, which would cancel everybody's batch (Ray 2.60).
            task = asyncio.get_running_loop().create_task(self._call(batch), context=contextvars.Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _lingers(self) -> bool:
        """Whether to wait for company: another call has just left and this one would not be full."""
        left_s = self._next_send_s - self._clock()
        if left_s <= 0.0 or len(self._waiting) >= self._limits.max_items:
            return False
        if not self._lingering:
            self._lingering = True
            asyncio.get_running_loop().call_later(left_s, self._end_linger, context=contextvars.Context())
        return True

    def _end_linger(self) -> None:
        self._lingering = False
        self._next_send_s = -math.inf
        self._launch()

    def _take(self) -> list[_Waiting[Item, Value]]:
        batch: list[_Waiting[Item, Value]] = []
        total_bytes = 0
        while self._waiting and len(batch) < self._limits.max_items:
            head = self._waiting[0]
            if head.future.done():
                self._waiting.popleft()
                continue
            if head.deadline.remaining_s() <= 0.0:
                _fail(self._waiting.popleft(), DeadlineExceeded(self.node))
                continue
            if batch and total_bytes + head.size_bytes > self._limits.max_bytes:
                break
            total_bytes += head.size_bytes
            batch.append(self._waiting.popleft())
        return batch

    async def _call(self, batch: list[_Waiting[Item, Value]]) -> None:
        now_s = self._clock()
        self._observe(len(batch), [now_s - entry.since_s for entry in batch])
        try:
            outcomes = await self._outcomes(batch)
        finally:
            self._in_flight -= 1
            self._launch()
        # Last: what these callers do next may take tens of milliseconds together, and the leaf would have nothing to do meanwhile.
        for entry, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, LeadError):
                _fail(entry, outcome)
            elif not entry.future.done():
                entry.future.set_result(outcome)

    async def _outcomes(self, batch: list[_Waiting[Item, Value]]) -> Sequence[Value | LeadError]:
        """One per item, whatever happens; an error of the call is everybody's."""
        remaining_ms = [entry.deadline.remaining_ms() for entry in batch]
        try:
            async with asyncio.timeout(max(remaining_ms) / 1000.0):
                outcomes = list(await self._send([entry.item for entry in batch], remaining_ms))
        except TimeoutError:
            return [DeadlineExceeded(self.node)] * len(batch)
        except LeadError as err:
            return [err] * len(batch)
        except asyncio.CancelledError:
            _fail_all(batch, DependencyError(self.node, "cancelled"))
            raise
        except Exception as err:  # noqa: BLE001 - whatever a handle raises must reach every waiting caller, as our own error
            return [DependencyError(self.node, type(err).__name__)] * len(batch)
        if len(outcomes) != len(batch):
            wrong = f"{len(outcomes)} outcomes for {len(batch)} items"
            return [DependencyError(self.node, wrong)] * len(batch)
        return outcomes


def _fail(entry: _Waiting[Item, Value], error: LeadError) -> None:
    if not entry.future.done():
        entry.future.set_exception(error)


def _fail_all(batch: Sequence[_Waiting[Item, Value]], error: LeadError) -> None:
    for entry in batch:
        _fail(entry, error)
