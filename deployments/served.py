"""The leaves as replicas of Serve: each opens a door for callers of its own machine."""

import logging
from collections.abc import Coroutine

from ray import serve

from configs.llm import LlmSettings
from deployments.llm.node import LlmNode
from deployments.nodes import Bm25Node, EmbedderNode, GbdtNode, RetrievalNode
from deployments.redis_client import open_redis
from deployments.wire.door import Door
from deployments.wire.places import replicas_meet
from ranking.errors import ArtifactError

_log = logging.getLogger(__name__)


class AtDoor:
    """What a leaf's replica adds to the leaf.

    Serve asks for its health once everything is loaded and the user_config is taken, and then every ten seconds; it calls and
    awaits the destructor before it stops the replica (Ray 2.60). Without a door the leaf is called through its handle.
    """

    CALLS: tuple[str, ...] = ()
    _door: Door | None = None

    async def check_health(self) -> None:
        """Open the door, or find it open."""
        if self._door is None:
            methods = {name: getattr(self, name) for name in self.CALLS}
            self._door = Door(replicas_meet(), serve.get_replica_context().deployment, methods)
        try:
            await self._door.stay_open()
        except (ArtifactError, OSError) as err:
            _log.warning("no door here, calls come through the handle: %s", err)

    def __del__(self) -> Coroutine[None, None, None] | None:
        """Called by Serve, which waits for what it returns."""
        door, self._door = self._door, None
        return None if door is None else door.close()


class ServedRetrieval(AtDoor, RetrievalNode):
    """See `RetrievalNode`."""

    CALLS = ("retrieve",)


class ServedBm25(AtDoor, Bm25Node):
    """See `Bm25Node`."""

    CALLS = ("gather",)


class ServedGbdt(AtDoor, GbdtNode):
    """See `GbdtNode`."""

    CALLS = ("score", "shadow")


class ServedEmbedder(AtDoor, EmbedderNode):
    """See `EmbedderNode`."""

    CALLS = ("embed",)


class ServedLlm(AtDoor, LlmNode):
    """The language model's leaf with a Redis connection of its own process, where replicas share the breaker's state."""

    CALLS = ("judge", "read")

    def __init__(self, config: dict[str, object], settings: LlmSettings, redis_url: str | None) -> None:
        super().__init__(config, settings, open_redis(redis_url))
