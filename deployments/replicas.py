"""How many replicas of each node run, asked of Serve beside the event loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ray.exceptions import RayError
from ray.serve.context import _get_global_client
from ray.serve.exceptions import RayServeException

_log = logging.getLogger(__name__)
Counts = Mapping[str, int]


class ReplicaWatch:
    """Asks `count` in a thread every `poll_s` seconds (`impatient_s` while a node has no replica).

    What it says goes to `heard`; then `after` is waited for.

    Args:
        count: running replicas by node; blocks for some milliseconds.
        heard: told in the event loop.
        after: what else is due at each turn.
    """

    def __init__(
        self,
        count: Callable[[], Counts],
        heard: Callable[[Counts], None],
        after: Callable[[], Awaitable[None]],
        poll_s: float,
        impatient_s: float = 0.5,
    ) -> None:
        self._count = count
        self._heard = heard
        self._after = after
        self._poll_s = poll_s
        self._impatient_s = impatient_s
        self.counts: Counts = {}

    async def look(self) -> None:
        """Ask once; when Serve cannot answer, the last counts stand."""
        try:
            self.counts = await asyncio.to_thread(self._count)
        except (RayError, RayServeException, OSError, KeyError) as err:
            _log.warning("Serve does not tell its replicas (%s)", type(err).__name__)
        else:
            self._heard(self.counts)
        await self._after()

    async def until_complete(self) -> None:
        """Look until every node has a replica."""
        await self.look()
        while not (self.counts and all(self.counts.values())):
            await asyncio.sleep(self._impatient_s)
            await self.look()

    async def follow(self) -> None:
        """Look for ever; more often while a node has no replica."""
        while True:
            complete = self.counts and all(self.counts.values())
            await asyncio.sleep(self._poll_s if complete else self._impatient_s)
            await self.look()


def running_leaves(application: str, caller: str) -> Counts:
    """Replicas that run, by deployment of the application but the caller's; blocks while the controller answers.

    What `serve.status` counts, without its check of the whole answer, which pickles every deployment's router: 36 ms under
    the interpreter's lock at every turn against 0.8 (Ray 2.60). The client is Serve's own and private; a test holds both
    against each other.

    Raises:
        KeyError: there is no such application.
    """
    client: Any = _get_global_client()
    deployments = client.get_serve_details()["applications"][application]["deployments"]
    return {name: _running(found["replicas"]) for name, found in deployments.items() if name != caller}


def _running(replicas: Sequence[Mapping[str, Any]]) -> int:
    return sum(replica["state"] == "RUNNING" for replica in replicas)
