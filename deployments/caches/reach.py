"""Redis as an ingress reaches it: asked for milliseconds, left alone for a while after it has failed."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Sequence
from math import inf
from typing import Any, Final, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from configs.caches import ReachArgs
from deployments.caches.use import current_use
from ranking.deadline import Clock, Deadline

Reply = TypeVar("Reply")
Command = tuple[str | bytes | int, ...]
_TURNS: Final = 4
_LEAST_S: Final = 0.001
_CLOSE_S: Final = 2.0
_log = logging.getLogger(__name__)


class Reach:
    """The way to one Redis; one event loop. Nothing here raises: what cannot be had is None.

    Calls are never cancelled, which redis-py 8.1 loses now and then: they are no longer waited for, and end by the client's timeout.
    """

    def __init__(self, redis: Redis, args: ReachArgs, clock: Clock) -> None:
        self._redis = redis
        self._args = args
        self._clock = clock
        self._resting_until_s = -inf
        self._open: set[asyncio.Task[Any]] = set()

    @property
    def resting(self) -> bool:
        """Whether Redis has failed a moment ago."""
        return self._clock() < self._resting_until_s

    async def get(self, keys: Sequence[str], deadline: Deadline) -> list[bytes | None] | None:
        """The value of each key by one MGET, None when Redis did not answer; that is noted for the query.

        Returns within `lookup_ms`, and within `lookup_share` of what is left of the deadline.
        """
        most_s = self._args.lookup_ms / 1000.0
        patience_s = min(most_s, self._args.lookup_share * deadline.remaining_s())
        if patience_s < _LEAST_S:
            return None
        if self.resting or len(self._open) >= self._args.open:
            current_use().redis_away = True
            return None
        reply = self._begun(self._asked(keys))
        await asyncio.wait((reply,), timeout=patience_s)
        for _ in range(_TURNS):  # a loop that lags finds reply and timeout at once
            if reply.done():
                break
            await asyncio.sleep(0)
        if reply.done() and reply.exception() is None:
            return reply.result()
        current_use().redis_away = True
        if not reply.done() and patience_s >= most_s:
            self._rest("timeout")
        return None

    async def send(self, commands: Sequence[Command]) -> int | None:
        """Send commands in order in one pipeline; how many Redis refused, which hold up no others, or None when it took nothing.

        Takes as long as the client's timeout; not for a query to wait for.
        """
        if self.resting:
            return None
        pipeline = self._redis.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        sent = self._begun(pipeline.execute(raise_on_error=False))
        await asyncio.wait((sent,))
        if sent.exception() is not None:
            return None
        refused = [each for each in sent.result() if isinstance(each, RedisError)]
        if refused:
            _log.warning("redis refuses %d of %d writes: %s", len(refused), len(commands), refused[0])
        return len(refused)

    async def close(self) -> None:
        """Wait for calls under way; the client's timeout ends them."""
        if self._open:
            await asyncio.wait(self._open, timeout=_CLOSE_S)

    async def _asked(self, keys: Sequence[str]) -> list[bytes | None]:
        return cast("list[bytes | None]", await self._redis.mget(keys))

    def _begun(self, call: Awaitable[Reply]) -> "asyncio.Task[Reply]":
        async def run() -> Reply:
            return await call

        # An empty context: Serve cancels what a request began when its client goes away (Ray 2.60).
        task = asyncio.get_running_loop().create_task(run(), context=contextvars.Context())
        self._open.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._open.discard(task)
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, RedisError | OSError | TimeoutError):
            self._rest(type(failure).__name__)

    def _rest(self, why: str) -> None:
        if not self.resting:
            _log.info("redis is left alone for %.1f s: %s", self._args.rest_s, why)
        self._resting_until_s = self._clock() + self._args.rest_s
