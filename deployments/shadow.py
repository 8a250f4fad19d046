"""A candidate booster on live traffic: it scores what the booster has scored, after the answer, and its lists are written down.

No answer waits for it. What it costs an ingress is one comparison per query while no share is set; with one, some 0.3 ms of CPU per
shadowed query, between answers (decision 0047).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from prometheus_client import Counter

from configs.shadow import ShadowArgs
from deployments.shadow_log import ShadowRow
from models.registry_log import InForce
from ranking.errors import LeadError
from ranking.journey import Survey
from ranking.ports import Boosted
from ranking.shadow import in_shadow
from ranking.types import Float32Array

Score = Callable[[Sequence[Float32Array], Sequence[float]], Awaitable[Sequence[Boosted | LeadError]]]
"""Tables and what milliseconds each has, to what the candidate says of each."""
_SCORED = Counter("leads_shadow_lists_total", "Answers that a candidate booster has scored too")
_DROPPED = Counter(
    "leads_shadow_dropped_total",
    "Answers drawn for a candidate booster that it has not scored: too many waited, or no leaf has answered",
    ["reason"],
)
_log = logging.getLogger(__name__)


class Rows(Protocol):
    """Where lists go."""

    def put(self, row: ShadowRow) -> None:
        """Take one without waiting."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answered query of the share."""

    found: Survey
    share: float


class Shadow:
    """One ingress's shadow; to be used in one event loop.

    Args:
        state: what is in force in the registry; read in a thread every `look_s`.
        score: a call of the gbdt leaves.
        draw: a number in [0, 1) for each query.
    """

    def __init__(
        self,
        args: ShadowArgs,
        state: Callable[[], InForce],
        score: Score,
        rows: Rows,
        draw: Callable[[], float],
    ) -> None:
        self._args = args
        self._state = state
        self._score = score
        self._rows = rows
        self._draw = draw
        self._share = 0.0
        self._waiting: deque[Drawn] = deque()
        self._came = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Answers that wait to be scored."""
        return len(self._waiting)

    async def look(self) -> None:
        """Learn which share is wanted; what cannot be read leaves it as it is."""
        try:
            state = await asyncio.to_thread(self._state)
        except (LeadError, OSError) as err:
            _log.warning("the registry cannot be read: %s", err)
            return
        self._share = state.share if state.shadow is not None else 0.0

    def offer(self, found: Survey) -> None:
        """Take an answered query if it is drawn; those that the booster has not scored have nothing to compare."""
        if self._share <= 0.0 or not found.booster or self._draw() >= self._share:
            return
        if len(self._waiting) >= self._args.waiting:
            _DROPPED.labels("full").inc()
            return
        self._waiting.append(Drawn(found, self._share))
        self._came.set()

    def start(self) -> None:
        """Begin; call in the event loop."""
        self._worker = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Stop; what waits is dropped."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for _ in self._waiting:
            _DROPPED.labels("closing").inc()
        self._waiting.clear()

    async def _work(self) -> None:
        while True:
            await self._came.wait()
            await asyncio.sleep(self._args.linger_s)
            count = min(self._args.per_call, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            if not self._waiting:
                self._came.clear()
            await self._scored(batch)

    async def _scored(self, batch: Sequence[Drawn]) -> None:
        tables = [each.found.features.take(np.flatnonzero(each.found.asked), axis=0) for each in batch]
        try:
            async with asyncio.timeout(self._args.timeout_s):
                told = await self._score(tables, [self._args.timeout_s * 1000.0] * len(tables))
        except (LeadError, TimeoutError) as err:
            _DROPPED.labels("leaf").inc(len(batch))
            _log.warning("a candidate has not scored %d answers (%s)", len(batch), type(err).__name__)
            return
        for each, outcome in zip(batch, told, strict=True):
            if isinstance(outcome, LeadError):
                _DROPPED.labels("leaf").inc()
            else:
                self._keep(each, outcome)
            await asyncio.sleep(0)  # answers first

    def _keep(self, each: Drawn, boosted: Boosted) -> None:
        found = each.found
        if boosted.version == found.booster:  # promoted meanwhile: nothing to compare
            return
        shadow = in_shadow(found, boosted.intent, found.boosted)
        catalogue = found.catalogue
        self._rows.put(
            ShadowRow(
                found.request.query_id,
                found.request.tenant,
                found.booster,
                boosted.version,
                each.share,
                catalogue.lead_ids(shadow.leads.tolist()),
                catalogue.lead_ids(shadow.shown.tolist()),
                shadow,
            )
        )
        _SCORED.inc()
