"""From lines and Serve handles to ports: each hop has a coalescer, a time limit and our own errors."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from configs.schema import HopArgs, HopsArgs
from deployments.coalescer import Coalescer, CoalescerLimits
from deployments.llm.node import Judged
from deployments.llm.prompt_reader import Read
from deployments.telemetry import Telemetry
from deployments.wire.lines import Lines
from models.llm.question import Question
from models.llm.reading_prompt import Wording
from ranking.deadline import Deadline
from ranking.errors import DependencyError, LeadError, Overloaded, Unavailable
from ranking.ports import Boosted, EvidenceRequest, RetrievalRequest
from ranking.types import Candidates, Float32Array, PoolEvidence

Item = TypeVar("Item")
Value = TypeVar("Value")
_log = logging.getLogger(__name__)
_RETRY_FLOOR_MS = 20.0


class Hop(Generic[Item, Value]):
    """List calls of one method of one deployment: on a line to a replica of this machine, else over gRPC with pickled NumPy arrays.

    A call that had begun on a replica that died is not repeated by Serve; all leaf methods are pure, so it is repeated here
    once, if time is left.

    Args:
        lines: None to use the handle alone.
        most_in_flight: of this caller, on one line; whoever finds all lines so busy takes the handle, which knows of replicas
            on other machines.
    """

    def __init__(
        self,
        node: str,
        handle: Any,
        method: str,
        *,
        plain: bool = False,
        lines: Lines | None = None,
        most_in_flight: int = 1,
        took: Callable[[str], None] = lambda _way: None,
    ) -> None:
        self._node = node
        if not plain:
            handle = handle.options(
                _by_reference=False, request_serialization="pickle", response_serialization="pickle"
            )
        self._name = method
        self._method = getattr(handle, method)
        self._lines = lines
        self._most_in_flight = most_in_flight
        self._took = took

    async def send(self, items: Sequence[Item], remaining_ms: Sequence[float]) -> Sequence[Value | LeadError]:
        """One outcome per item.

        Raises:
            Overloaded: every replica's queue is full.
            DependencyError: the leaf failed as a whole.
            Unavailable: no replica answered, twice.
        """
        started_s = time.monotonic()
        try:
            return await self._once(items, remaining_ms)
        except Unavailable:
            spent_ms = (time.monotonic() - started_s) * 1000.0
            left_ms = [each - spent_ms for each in remaining_ms]
            if max(left_ms) < _RETRY_FLOOR_MS:
                raise
            return await self._once(items, left_ms)

    async def _once(
        self, items: Sequence[Item], remaining_ms: Sequence[float]
    ) -> Sequence[Value | LeadError]:
        line = self._lines.least_busy(self._node, self._most_in_flight) if self._lines else None
        self._took("handle" if line is None else "line")
        if line is None:
            return await self._by_handle(items, remaining_ms)
        try:
            return await line.call(self._name, items, remaining_ms)
        except ConnectionError as err:
            _log.warning("%s did not answer: %s", self._node, type(err).__name__)
            raise Unavailable(self._node, type(err).__name__) from err

    async def _by_handle(
        self, items: Sequence[Item], remaining_ms: Sequence[float]
    ) -> Sequence[Value | LeadError]:
        try:
            outcomes: Sequence[Value | LeadError] = await self._method.remote(list(items), list(remaining_ms))
        except BackPressureError as err:
            raise Overloaded(self._node) from err
        except RayTaskError as err:  # the leaf's own fault: it would fail again
            _log.warning("%s failed: %s", self._node, type(err.cause).__name__)
            raise DependencyError(self._node, type(err.cause).__name__) from err
        except (RayError, RayServeException, DeploymentUnavailableError, ConnectionError) as err:
            _log.warning("%s did not answer: %s", self._node, type(err).__name__)
            raise Unavailable(self._node, type(err).__name__) from err
        return outcomes


@dataclass(frozen=True, slots=True)
class HandlePorts:
    """The pipeline's ports over coalesced handles."""

    _retrieval: Coalescer[RetrievalRequest, Candidates]
    _bm25: Coalescer[EvidenceRequest, PoolEvidence]
    _gbdt: Coalescer[Float32Array, Boosted]
    _embedder: Coalescer[str, Float32Array]
    _llm: Coalescer[Question, Judged]
    _reader: Coalescer[Wording, Read]

    async def retrieve(self, request: RetrievalRequest, deadline: Deadline) -> Candidates:
        """See `ranking.ports.Retrieval`."""
        return await self._retrieval.submit(request, deadline)

    async def gather(self, request: EvidenceRequest, deadline: Deadline) -> PoolEvidence:
        """See `ranking.ports.Evidence`."""
        return await self._bm25.submit(request, deadline)

    async def score(self, features: Float32Array, deadline: Deadline) -> Boosted:
        """See `ranking.ports.Booster`."""
        return await self._gbdt.submit(features, deadline)

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Float32Array:
        """See `ranking.ports.Embedder`."""
        return np.stack(await asyncio.gather(*(self._embedder.submit(text, deadline) for text in texts)))

    async def judge(self, question: Question, deadline: Deadline) -> Judged:
        """One question to the language model."""
        return await self._llm.submit(question, deadline)

    async def read(self, wording: Wording, deadline: Deadline) -> Read:
        """One prompt to the language model."""
        return await self._reader.submit(wording, deadline)

    def resize(self, replicas: Mapping[str, int], hops: HopsArgs) -> None:
        """Let as many calls be in flight as the running replicas can take; a node that has none keeps lanes for one."""
        for hop in self.coalescers():
            args: HopArgs = getattr(hops, hop.node)
            hop.resize(args.lanes_per_replica * max(1, replicas.get(hop.node, 1)))

    def coalescers(self) -> tuple[Coalescer[Any, Any], ...]:
        """All six, to be resized and closed."""
        return self._retrieval, self._bm25, self._gbdt, self._embedder, self._llm, self._reader


def handle_ports(
    retrieval: Any,
    bm25: Any,
    gbdt: Any,
    embedder: Any,
    llm: Any,
    hops: HopsArgs,
    telemetry: Telemetry,
    *,
    coalesce: bool,
    plain: bool = False,
    lines: Lines | None = None,
) -> HandlePorts:
    """Put a coalescer before each hop; with `coalesce` false every item is a call of its own.

    `plain` leaves the handles as Serve makes them (calls of actors instead of gRPC), and uses no lines.
    """

    def before(node: str, handle: Any, method: str, args: HopArgs, size_bytes: Any) -> Coalescer[Any, Any]:
        limits = CoalescerLimits(
            args.lanes_per_replica, args.max_items, args.max_bytes, args.max_waiting,
            args.linger_ms / 1000.0, args.most_linger_ms / 1000.0,
        )  # fmt: skip
        if not coalesce:
            limits = CoalescerLimits(args.max_waiting, 1, args.max_bytes, args.max_waiting)
        hop: Hop[Any, Any] = Hop(
            node, handle, method, plain=plain, lines=None if plain else lines,
            most_in_flight=limits.lanes, took=lambda way: telemetry.called(node, way),
        )  # fmt: skip
        return Coalescer(
            node,
            hop.send,
            limits,
            time.monotonic,
            size_bytes,
            lambda items, waits: telemetry.sent(node, items, waits),
        )

    return HandlePorts(
        before("retrieval", retrieval, "retrieve", hops.retrieval, _retrieval_bytes),
        before("bm25", bm25, "gather", hops.bm25, _evidence_bytes),
        before("gbdt", gbdt, "score", hops.gbdt, lambda table: 200 + table.nbytes),
        before("embedder", embedder, "embed", hops.embedder, lambda text: 1700 + 4 * len(text)),
        before("llm", llm, "judge", hops.llm, lambda question: 5_000 * len(question.candidates)),
        before("llm", llm, "read", hops.llm, lambda wording: 8_000 + 4 * len(wording.text)),
    )


def _retrieval_bytes(request: RetrievalRequest) -> int:
    """The answer is what weighs: one bit per company and a byte for each of the admitted, unknown beforehand.

    Of 100,000 companies 20 kB is the 99th percentile; likeness adds four bytes for each of the admitted.
    """
    likeness = 64_000 if request.query.exemplars else 0
    return 20_000 + likeness + 60 * len(request.candidate_ids or ())


def _evidence_bytes(request: EvidenceRequest) -> int:
    likeness = 0 if request.industry is None else request.industry.nbytes
    return 1_000 + request.rows.nbytes + request.levels.nbytes + likeness + 270 * request.pool_size
