"""What every compute leaf does around its work: one thread beside the event loop, one outcome per item."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from deployments.scaling import WorkLoad
from ranking.errors import DeadlineExceeded, DependencyError, LeadError

Item = TypeVar("Item")
Value = TypeVar("Value")
Outcome = TypeVar("Outcome")
_GIVES_WAY = 10
_log = logging.getLogger(__name__)


class WorkThread:
    """Runs a leaf's work in one thread, so that its event loop keeps answering health checks.

    The thread gives way to event loops on the same machine (decision 0058): the ingress has one for all queries, and while that
    waits for a processor everybody does.
    """

    def __init__(self, node: str, cores: int = 1) -> None:
        self._node = node
        self._load = WorkLoad(cores=cores)
        self._executor = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix=f"{node}-work", initializer=os.nice, initargs=(_GIVES_WAY,)
        )  # Linux keeps the niceness of each thread

    def stats(self) -> dict[str, float]:
        """How busy this leaf was since it was last asked, for its autoscaling."""
        return self._load.stats()

    async def each(
        self, items: Sequence[Item], remaining_ms: Sequence[float], work: Callable[[Item], Value]
    ) -> list[Value | LeadError]:
        """`work` on each item, in order; an item that fails or is late does not touch its neighbours."""
        arrived_s = time.monotonic()
        ends_s = [arrived_s + milliseconds / 1000.0 for milliseconds in remaining_ms]
        return await self._submit(items, lambda: self._run(items, ends_s, work))

    async def together(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Value]]
    ) -> list[Value | LeadError]:
        """`work` on all items at once, for leaves whose items make one tensor or one table.

        When that fails each item is worked on alone, so that only the bad one fails.
        """
        return await self._submit(items, lambda: self._together(items, work))

    async def _submit(self, items: Sequence[Item], work: Callable[[], list[Outcome]]) -> list[Outcome]:
        """What `work` returns, from the thread; a caller that gives up before it begins takes its items out of the queue."""
        call = self._load.arrived(len(items))
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, self._load.worked, call, work
            )
        finally:
            self._load.left(call)

    def _together(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], Sequence[Value]]
    ) -> list[Value | LeadError]:
        if len(items) > 1:
            try:
                return list(work(items))
            except Exception as err:  # noqa: BLE001 - see below; whose fault it was shows when each is alone
                _log.warning(
                    "%s failed on %d items together (%s)", self._node, len(items), type(err).__name__
                )
        return [self._attempt(item, lambda each: work([each])[0]) for item in items]

    def _run(
        self, items: Sequence[Item], ends_s: Sequence[float], work: Callable[[Item], Value]
    ) -> list[Value | LeadError]:
        return [self._outcome(item, end_s, work) for item, end_s in zip(items, ends_s, strict=True)]

    def _outcome(self, item: Item, end_s: float, work: Callable[[Item], Value]) -> Value | LeadError:
        if time.monotonic() > end_s:
            return DeadlineExceeded(self._node)
        return self._attempt(item, work)

    def _attempt(self, item: Item, work: Callable[[Item], Value]) -> Value | LeadError:
        try:
            return work(item)
        except LeadError as err:
            return err
        except Exception as err:  # noqa: BLE001 - one bad item must not fail its neighbours; its caller is told
            _log.exception("%s failed on one item", self._node)
            return DependencyError(self._node, type(err).__name__)
