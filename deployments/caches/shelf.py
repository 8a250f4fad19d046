"""Everything an ingress keeps in Redis, put together and taken down in order."""

import time
from collections.abc import Callable
from types import TracebackType

from redis.asyncio import Redis

from configs.caches import CachesArgs
from db.snapshot import Snapshot
from db.suppressions import Suppression
from deployments.caches.embeddings import CachedEmbedder, SharedVectors
from deployments.caches.forgetting import Forgetting
from deployments.caches.parses import SharedParses
from deployments.caches.reach import Reach
from deployments.caches.scores import RedisScores
from deployments.caches.values import LeadValues
from deployments.caches.writing import WriteBehind
from deployments.telemetry import Telemetry
from ranking.ports import Embedder


class CacheShelf:
    """To be entered in the event loop that uses it.

    Args:
        suppressions: those in force, the same object until they change; `snapshot` the one that new queries use.
    """

    def __init__(
        self,
        redis: Redis,
        args: CachesArgs,
        telemetry: Telemetry,
        suppressions: Callable[[], tuple[Suppression, ...]],
        snapshot: Callable[[], Snapshot],
    ) -> None:
        self._args = args
        self._telemetry = telemetry
        self._reach = Reach(redis, args.reach, time.monotonic)
        self._writing = WriteBehind(self._reach, args.writing, telemetry.cache_dropped)
        forgetting = Forgetting(suppressions, snapshot, self._writing)
        self.values = LeadValues(args.values, forgetting.hidden, telemetry.cache_dropped)
        self._writing.draw_from(self.values.commands)

    def scores(self) -> RedisScores:
        """Scores of the language model."""
        return RedisScores(
            self._reach, self._writing, self._args.keeping.score_s,
            lambda hits, misses: self._telemetry.looked_up("llm_score", hits, misses),
        )  # fmt: skip

    def parses(self, version: str) -> SharedParses:
        """Parses of the language model; `version` names parser, model and taxonomy."""
        return SharedParses(
            self._reach, self._writing, version, self._args.keeping.parse_s,
            lambda hit: self._telemetry.cache("llm_parse", hit=hit),
        )  # fmt: skip

    def vectors(self) -> SharedVectors:
        """Embeddings."""
        return SharedVectors(self._reach, self._writing, self._args.keeping.embedding_s)

    async def __aenter__(self) -> "CacheShelf":
        """Begin to write."""
        self._writing.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rest, if Redis takes it."""
        await self._writing.close()
        await self._reach.close()


def cached_embedder(
    embedder: Embedder,
    model: Callable[[], str | None],
    args: CachesArgs,
    shelf: CacheShelf | None,
    telemetry: Telemetry,
) -> CachedEmbedder:
    """An embedder with a memory, shared where there is a shelf."""
    return CachedEmbedder(
        embedder, model, args.embeddings, shelf.vectors() if shelf else None,
        lambda hits, misses: telemetry.looked_up("embedding", hits, misses),
    )  # fmt: skip
