"""What replicas tell of their load, and how many replicas that asks for."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

import cloudpickle
import pytest

from deployments import scaling
from deployments.leaf import WorkThread
from deployments.scaling import ReplicaLoad, ScalingGoal, UtilisationPolicy, WorkLoad, replica_loads

GOAL = ScalingGoal(target_utilisation=0.6, release_utilisation=0.45, drain_s=1.0, largest_step=2)


class Clocks:
    """A wall clock and the CPU seconds of a process, both moved by hand."""

    def __init__(self) -> None:
        self.now_s = self.cpu_s = 0.0

    def load(self, cores: int = 1) -> WorkLoad:
        return WorkLoad(lambda: self.now_s, lambda: self.cpu_s, cores)

    def passes(self, seconds: float, cpu_s: float = 0.0) -> None:
        self.now_s += seconds
        self.cpu_s += cpu_s


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_utilisation_is_the_share_of_time_that_the_thread_worked(clocks: Clocks) -> None:
    load = clocks.load()
    call = load.arrived(8)
    load.worked(call, lambda: clocks.passes(0.3, cpu_s=0.1))
    clocks.passes(0.7)
    assert load.stats() == pytest.approx({"utilisation": 0.3, "items_per_s": 8.0, "queued": 0.0})
    clocks.passes(1.0)
    assert load.stats() == {"utilisation": 0.0, "items_per_s": 0.0, "queued": 0.0}


def test_cpu_of_the_event_loop_counts_where_it_is_more(clocks: Clocks) -> None:
    load = clocks.load()
    load.stats()
    clocks.passes(2.0, cpu_s=1.5)
    assert load.stats()["utilisation"] == pytest.approx(0.75)
    of_two_cores = clocks.load(cores=2)
    of_two_cores.stats()
    clocks.passes(2.0, cpu_s=1.5)
    assert of_two_cores.stats()["utilisation"] == pytest.approx(0.375)


def test_cpu_of_the_start_is_no_load(clocks: Clocks) -> None:
    load = clocks.load()
    clocks.passes(4.0, cpu_s=4.0)
    assert load.stats()["utilisation"] == 0.0


def test_queued_is_the_mean_number_of_waiting_items(clocks: Clocks) -> None:
    load = clocks.load()
    first, second = load.arrived(4), load.arrived(6)
    clocks.passes(0.5)  # ten wait
    load.worked(first, lambda: clocks.passes(0.5))  # six wait
    assert load.stats()["queued"] == pytest.approx(10 * 0.5 + 6 * 0.5)
    load.left(second)
    clocks.passes(1.0)
    assert load.stats()["queued"] == 0.0


def test_work_in_progress_counts_before_it_ends(clocks: Clocks) -> None:
    load = clocks.load()
    seen: list[dict[str, float]] = []

    def work() -> None:
        clocks.passes(2.0)
        seen.append(load.stats())
        clocks.passes(1.0)

    call = load.arrived(1)
    load.worked(call, work)
    load.left(call)
    assert (seen[0]["utilisation"], seen[0]["items_per_s"]) == (1.0, 0.0)
    assert load.stats() == pytest.approx({"utilisation": 1.0, "items_per_s": 1.0, "queued": 0.0})


def test_work_that_fails_is_booked(clocks: Clocks) -> None:
    load = clocks.load()

    def work() -> None:
        clocks.passes(0.5)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        load.worked(load.arrived(1), work)
    clocks.passes(0.5)
    assert load.stats() == pytest.approx({"utilisation": 0.5, "items_per_s": 1.0, "queued": 0.0})


async def test_a_caller_that_gives_up_leaves_no_item_in_the_queue() -> None:
    work, begun, end = WorkThread("leaf"), threading.Event(), threading.Event()

    def hold(item: int) -> int:
        begun.set()
        end.wait(10.0)
        return item

    first = asyncio.create_task(work.each([1], [1e4], hold))
    await asyncio.to_thread(begun.wait, 10.0)
    second = asyncio.create_task(work.each([2, 3], [1e4], hold))
    await asyncio.sleep(0)
    work.stats()
    assert work.stats()["queued"] > 0.0
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    work.stats()
    assert work.stats()["queued"] == 0.0
    end.set()
    assert await first == [1]


def busy(*utilisations: float) -> list[ReplicaLoad]:
    return [ReplicaLoad(each) for each in utilisations]


@pytest.mark.parametrize(
    ("loads", "target", "wanted"),
    [
        (busy(0.6), 1, 1),
        (busy(0.61), 1, 2),  # 0.61 / 0.6
        (busy(1.0), 1, 2),  # 1.0 / 0.6 = 1.7
        (busy(1.0, 1.0), 2, 4),  # 2.0 / 0.6 = 3.3
        (busy(1.0, 1.0, 1.0, 1.0), 4, 6),  # 6.7, but two at once
        (busy(0.5, 0.5), 2, 2),  # one alone would be at 1.0
        (busy(0.25, 0.25), 2, 2),  # one alone would be at 0.5, above 0.45
        (busy(0.22, 0.22), 2, 1),
        (busy(0.01, 0.01, 0.01, 0.01), 4, 2),  # two at once
        (busy(0.0), 1, 1),  # never to zero
        ([], 3, 3),  # nothing is known
    ],
)
def test_replicas_follow_utilisation_with_a_gap_between_up_and_down(
    loads: list[ReplicaLoad], target: int, wanted: int
) -> None:
    assert GOAL.replicas(loads, target) == wanted


def test_a_backlog_asks_for_what_drains_it() -> None:
    # 100 items a second at 5 ms each; 50 wait: 0.25 s of work that is to be gone in one second.
    load = ReplicaLoad(utilisation=0.5, items_per_s=100.0, queued=50.0)
    assert load.demand(drain_s=1.0) == pytest.approx(0.75)
    assert GOAL.replicas([load], 1) == 2
    assert GOAL.replicas([ReplicaLoad(0.5, 100.0, 0.0)], 1) == 1


@pytest.mark.parametrize("target", range(1, 9))
@pytest.mark.parametrize("demand", [0.1, 0.5, 1.3, 2.9, 4.4])
def test_steady_work_comes_to_rest(demand: float, target: int) -> None:
    seen = [target]
    while len(seen) < 2 or seen[-1] != seen[-2]:
        seen.append(GOAL.replicas(busy(*[demand / seen[-1]] * seen[-1]), seen[-1]))
        assert len(seen) < 10
    assert demand / seen[-1] <= 0.6
    assert seen[-1] == 1 or demand / (seen[-1] - 1) > 0.45


@dataclass
class Context:
    """The part of Serve's context that the policy reads."""

    aggregated_metrics: dict[str, dict[str, float]] | None
    current_num_replicas: int = 1
    target_num_replicas: int = 1
    current_time: float = 1000.0
    last_scale_up_time: float | None = None
    last_scale_down_time: float | None = None
    config: Any = field(
        default_factory=lambda: type("Config", (), {"look_back_period_s": 12.0, "metrics_interval_s": 10.0})
    )


TIRED = {"utilisation": {"a": 1.0}, "items_per_s": {"a": 50.0}, "queued": {"a": 0.0}}


def test_the_policy_reads_serves_table() -> None:
    assert replica_loads(
        {"utilisation": {"a": 0.5, "b": 0.1}, "items_per_s": {"a": 9.0}, "queued": {"b": 2.0}}
    ) == [
        ReplicaLoad(0.5, 9.0, 0.0),
        ReplicaLoad(0.1, 0.0, 2.0),
    ]
    assert UtilisationPolicy()(Context(TIRED)) == (2, {})
    assert UtilisationPolicy(target_utilisation=1.0)(Context(TIRED)) == (1, {})
    assert UtilisationPolicy()(Context(None)) == (1, {})


def test_the_policy_waits_until_what_it_reads_is_of_the_present_replicas() -> None:
    policy = UtilisationPolicy()
    assert policy(Context(TIRED, last_scale_up_time=979.0)) == (1, {})
    assert policy(Context(TIRED, last_scale_down_time=979.0, last_scale_up_time=1.0)) == (1, {})
    assert policy(Context(TIRED, last_scale_up_time=978.0)) == (2, {})
    assert policy(Context(TIRED, current_num_replicas=1, target_num_replicas=2)) == (2, {})


def test_the_policy_travels_by_value_as_serve_pickles_it() -> None:
    cloudpickle.register_pickle_by_value(scaling)
    try:
        pickled = cloudpickle.dumps(UtilisationPolicy)
    finally:
        cloudpickle.unregister_pickle_by_value(scaling)
    assert b"ranking" not in pickled
    policy = cloudpickle.loads(pickled)(target_utilisation=0.5)
    assert policy(Context(TIRED)) == (2, {})
