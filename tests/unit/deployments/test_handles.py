"""From handles to ports: what a replica's death, a full queue or a fault of the leaf becomes."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from ray.exceptions import ActorDiedError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from configs.schema import HopArgs, HopsArgs
from deployments.handles import HandlePorts, Hop, handle_ports
from deployments.telemetry import Telemetry
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, DependencyError, Overloaded, Unavailable
from ranking.ports import EvidenceRequest
from ranking.types import Generation, PoolEvidence


class Handle:
    """A Serve handle whose method answers, or raises, what it is given, call by call."""

    def __init__(self, *outcomes: Any) -> None:
        self._outcomes = list(outcomes)
        self.calls: list[list[Any]] = []
        self.chosen: dict[str, Any] = {}

    def options(self, **chosen: Any) -> "Handle":
        self.chosen = chosen
        return self

    def __getattr__(self, _method: str) -> "Handle":
        return self

    async def remote(self, items: list[Any], remaining_ms: list[float]) -> Any:
        self.calls.append(items)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome(items, remaining_ms) if callable(outcome) else outcome


def echo(items: Sequence[Any], _remaining_ms: Sequence[float]) -> list[Any]:
    return list(items)


def backpressure() -> BackPressureError:
    return BackPressureError(num_queued_requests=5, max_queued_requests=5)


def task_error() -> RayTaskError:
    return RayTaskError("gather", "traceback", ValueError("secret")).as_instanceof_cause()


async def test_a_list_goes_out_and_comes_back() -> None:
    handle = Handle(echo)
    assert await Hop("bm25", handle, "gather").send([1, 2], [50.0, 60.0]) == [1, 2]
    assert handle.calls == [[1, 2]]
    assert handle.chosen["request_serialization"] == handle.chosen["response_serialization"] == "pickle"


@pytest.mark.parametrize("death", [ActorDiedError(), ConnectionError(), RayServeException("gone")])
async def test_a_replica_that_dies_is_asked_once_more(death: Exception) -> None:
    handle = Handle(death, echo)
    assert await Hop("bm25", handle, "gather").send([1], [500.0]) == [1]
    assert len(handle.calls) == 2


async def test_a_second_death_is_final() -> None:
    handle = Handle(ActorDiedError())
    with pytest.raises(Unavailable) as raised:
        await Hop("bm25", handle, "gather").send([1], [500.0])
    assert raised.value.dependency == "bm25"
    assert len(handle.calls) == 2


async def test_nobody_is_asked_again_without_time() -> None:
    handle = Handle(DeploymentUnavailableError(None))
    with pytest.raises(Unavailable):
        await Hop("bm25", handle, "gather").send([1], [19.0])
    assert len(handle.calls) == 1


@pytest.mark.parametrize(("error", "told"), [(backpressure(), Overloaded), (task_error(), DependencyError)])
async def test_full_queues_and_faults_of_the_leaf_are_not_repeated(
    error: Exception, told: type[Exception]
) -> None:
    handle = Handle(error)
    with pytest.raises(told) as raised:
        await Hop("bm25", handle, "gather").send([1], [500.0])
    assert type(raised.value) is told
    assert len(handle.calls) == 1
    assert "secret" not in str(raised.value)


def ports(*, coalesce: bool = True, **handles: Handle) -> HandlePorts:
    every = {name: Handle(echo) for name in ("retrieval", "bm25", "gbdt", "embedder", "llm")} | handles
    hops = HopsArgs(**{name: HopArgs(lanes_per_replica=2, max_waiting=50) for name in every})
    return handle_ports(**every, hops=hops, telemetry=Telemetry(), coalesce=coalesce)


def soon() -> Deadline:
    return Deadline.after_ms(5_000.0, time.monotonic)


async def test_texts_are_embedded_in_order() -> None:
    embedder = Handle(lambda texts, _: [np.full(384, float(text), dtype=np.float32) for text in texts])
    vectors = await ports(embedder=embedder).embed(["1", "2", "3"], soon())
    assert vectors[:, 0].tolist() == [1.0, 2.0, 3.0]


async def test_one_bad_item_fails_alone() -> None:
    bad = Overloaded("gbdt")
    gbdt = Handle(lambda tables, _: [bad if len(table) == 1 else table[:, 0] for table in tables])
    hops = ports(gbdt=gbdt)
    results = await asyncio.gather(
        *(hops.score(np.zeros((rows, 3), np.float32), soon()) for rows in (2, 1, 3)), return_exceptions=True
    )
    assert [len(each) if isinstance(each, np.ndarray) else each for each in results] == [2, bad, 3]


async def test_a_handle_that_hangs_costs_the_deadline_and_no_more() -> None:
    async def hang(*_: Any) -> Any:
        await asyncio.Event().wait()

    hanging = Handle(echo)
    hanging.remote = hang  # type: ignore[method-assign]
    with pytest.raises(DeadlineExceeded):
        await _gather(ports(bm25=hanging))


async def _gather(hops: HandlePorts) -> PoolEvidence:
    request = EvidenceRequest(
        generation=Generation("g1"), concepts=("crm",), keywords=(), rows=np.zeros(1, np.uint8), admitted=0,
        levels=np.zeros(0, np.uint16), fit_weights=np.ones(3), final_weights=np.ones(2), pool_size=200, as_of_s=0.0,
    )  # fmt: skip
    return await hops.gather(request, Deadline.after_ms(30.0, time.monotonic))


async def _lanes(hops: HandlePorts, waiting: int) -> int:
    """How many calls go out at once while none comes back."""
    release, calls = asyncio.Event(), 0

    async def hold(items: list[Any], _remaining_ms: list[float]) -> list[Any]:
        nonlocal calls
        calls += 1
        await release.wait()
        return items

    hops._gbdt._send = hold
    tasks = [asyncio.create_task(hops.score(np.zeros((1, 1), np.float32), soon())) for _ in range(waiting)]
    for _ in range(5):
        await asyncio.sleep(0)
    at_once = calls
    release.set()
    await asyncio.gather(*tasks)
    return at_once


@pytest.mark.parametrize(("replicas", "lanes"), [(1, 2), (3, 6), (0, 2)])
async def test_lanes_follow_the_running_replicas(replicas: int, lanes: int) -> None:
    hops = ports()
    hops.resize({"gbdt": replicas, "bm25": 9}, HopsArgs(gbdt=HopArgs(lanes_per_replica=2)))
    assert await _lanes(hops, 10) == lanes


async def test_without_coalescing_every_item_is_a_call() -> None:
    gbdt = Handle(echo)
    hops = ports(gbdt=gbdt, coalesce=False)
    await asyncio.gather(*(hops.score(np.zeros((1, 1), np.float32), soon()) for _ in range(5)))
    assert [len(call) for call in gbdt.calls] == [1] * 5
