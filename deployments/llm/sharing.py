"""Replicas tell one another through Redis that a breaker has opened; without Redis each knows only its own.

One key per dependency lives as long as the breaker stays open, so clocks need not agree. It names the replica that tripped. That
one deletes it when its probes have gone well, and the others then probe themselves. Only what a replica found out itself is told, or
replicas would keep one another open.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from deployments.llm.breaker import Breaker

_TIMEOUT_S: Final = 0.25
_log = logging.getLogger(__name__)


class SharedBreaker:
    """Brings one breaker and Redis into line, each time `sync` is called; never in the way of a call.

    `replica` is a name that no other replica has. Redis should be one that evicts nothing (`noeviction`).
    """

    def __init__(self, breaker: Breaker, redis: Redis, replica: str, looked: Callable[[str], None]) -> None:
        self._breaker = breaker
        self._redis = redis
        self._replica = replica.encode()
        self._looked = looked
        self._key = f"breaker:{breaker.dependency}"
        self._told: int | None = None  # the opening that was told, by the breaker's epoch
        self._adopted: int | None = None  # the opening that was taken over from another
        self._owns = False
        self._stopped = asyncio.Event()

    async def run(self, every_s: float) -> None:
        """Sync until `stop`. Cancelling is not enough: inside redis-py 8.1 it is lost now and then (seen under stress)."""
        while not self._stopped.is_set():
            await self.sync()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._stopped.wait()

    def stop(self) -> None:
        """Let `run` return after the look under way."""
        self._stopped.set()

    async def sync(self) -> None:
        """Tell what this replica found, and take over what another did; an unreachable Redis is counted and changes nothing."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._exchange()
            self._looked("ok")
        except (RedisError, OSError, TimeoutError) as err:
            _log.info("breaker state is not shared now: %s", type(err).__name__)
            self._looked("unreachable")

    async def _exchange(self) -> None:
        owner = await self._redis.get(self._key)
        state = self._breaker.state
        if state == "open" and self._breaker.epoch not in (self._adopted, self._told):
            await self._tell(owner)
        elif self._owns and state == "closed":
            self._owns = False
            if owner == self._replica:
                await self._redis.delete(self._key)
        elif state == "open" and owner is None and self._breaker.epoch == self._adopted:
            self._breaker.probe_now()
        elif state == "closed" and owner not in (None, self._replica):
            await self._adopt()

    async def _tell(self, owner: bytes | str | None) -> None:
        """Each opening once: told again after its owner has closed, it would open the others again."""
        milliseconds = max(1, int(self._breaker.open_for_s() * 1000.0))
        if owner in (None, self._replica):
            await self._redis.set(self._key, self._replica, px=milliseconds)
            self._owns = True
        self._told = self._breaker.epoch

    async def _adopt(self) -> None:
        left_ms = await self._redis.pttl(self._key)
        if left_ms > 0 and self._breaker.state == "closed":
            self._breaker.trip(left_ms / 1000.0)
            self._adopted = self._breaker.epoch
