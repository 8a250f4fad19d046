"""What `/readyz` tells: each dependency with what it serves."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.pool import UNREACHABLE
from db.snapshot import Snapshot
from deployments.telemetry import Telemetry
from ranking.errors import Unavailable

_TIMEOUT_S = 1.0
NEEDED = "retrieval"
State = dict[str, Any]


class Readiness:
    """Not ready only when a query could not be answered: Postgres, Redis and the other leaves degrade.

    Args:
        snapshot: the one that new queries use.
        replicas: running replicas by node; a node that is not named has not been counted yet.
    """

    def __init__(
        self,
        pool: Callable[[], asyncpg.Pool | None],
        redis: Redis | None,
        snapshot: Callable[[], Snapshot],
        replicas: Callable[[], Mapping[str, int]],
        versions: Callable[[], Mapping[str, str]],
        telemetry: Telemetry,
    ) -> None:
        self._pool = pool
        self._redis = redis
        self._snapshot = snapshot
        self._replicas = replicas
        self._versions = versions
        self._telemetry = telemetry

    async def __call__(self) -> State:
        """The document; `status` is "ready" or "unavailable"."""
        postgres, redis = await asyncio.gather(self._postgres(), self._redis_state())
        snapshot = self._snapshot()
        leaves = {node: _leaf(count) for node, count in sorted(self._replicas().items())}
        return {
            "status": leaves.get(NEEDED, _leaf(1))["status"],
            "generation": snapshot.generation,
            "dependencies": {
                "postgres": postgres,
                "redis": redis,
                "snapshot": {
                    "status": "ready",
                    "generation": snapshot.generation,
                    "age_s": round(self.note_age(), 1),
                },
                **leaves,
            },
            "versions": dict(self._versions()),
        }

    def note_age(self) -> float:
        """Seconds since the served snapshot was read from Postgres, additions included; exported too."""
        snapshot = self._snapshot()
        additions = snapshot.additions
        age_s = time.time() - (additions[-1].read_at if additions else snapshot.manifest.created_at)
        self._telemetry.snapshot_age(age_s)
        return age_s

    async def _postgres(self) -> State:
        """Postgres down degrades logging and explanations; ranking reads the snapshot and goes on."""
        try:
            pool = self._pool()
            if pool is None:
                raise Unavailable("postgres", "not connected")
            async with asyncio.timeout(_TIMEOUT_S):
                await pool.fetchval("SELECT 1")
        except (
            Unavailable,
            *UNREACHABLE,
        ) as err:
            return {"status": "unavailable", "reason": type(err).__name__}
        return {"status": "ready"}

    async def _redis_state(self) -> State:
        """Redis holds only what may be lost."""
        if self._redis is None:
            return {"status": "not configured"}
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError) as err:
            return {"status": "unavailable", "reason": type(err).__name__}
        return {"status": "ready"}


def _leaf(replicas: int) -> State:
    return {"status": "ready" if replicas else "unavailable", "replicas": replicas}
