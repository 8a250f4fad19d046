"""How many replicas a node needs: what each replica tells of its load, and the policy that reads it.

Serve counts one ongoing request per list call whatever the call carries, so its own policy sees the same number at 10 and
at 1,000 items a second. Here a replica tells how busy it is and how much waits, in units of itself.

`UtilisationPolicy` runs in Serve's controller: Serve pickles this module by value (Ray 2.60), so it imports nothing of ours.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

UTILISATION, ITEMS_PER_S, QUEUED = "utilisation", "items_per_s", "queued"
Result = TypeVar("Result")
Seconds = Callable[[], float]


@dataclass(slots=True)
class Call:
    """A list call with `items`; `waits` until the thread begins or its caller leaves."""

    items: int
    waits: bool = True


class WorkLoad:
    """One replica's load since it was last asked: its thread of work, its process, its queue.

    Args:
        clock: wall clock in seconds.
        cpu: CPU seconds of this process.
        cores: cores that the work may use at once.
    """

    def __init__(
        self, clock: Seconds = time.monotonic, cpu: Seconds = time.process_time, cores: int = 1
    ) -> None:
        self._clock, self._cpu, self._cores = clock, cpu, cores
        self._lock = threading.Lock()
        self._busy = False
        self._waiting = 0
        self._last_s = self._noted_s = clock()
        self._last_cpu_s: float | None = None
        self._busy_s = self._waited_item_s = 0.0
        self._items = 0

    def arrived(self, items: int) -> Call:
        """A call with `items` waits for the thread from now on, until `worked` or `left` is told of it."""
        with self._lock:
            self._note()
            self._waiting += items
        return Call(items)

    def left(self, call: Call) -> None:
        """The call's caller is gone; nothing changes when the thread had begun."""
        with self._lock:
            self._begin(call)

    def worked(self, call: Call, work: Callable[[], Result]) -> Result:
        """What `work` returns, booked as work; called in the thread."""
        with self._lock:
            self._begin(call)
            self._busy = True
        try:
            return work()
        finally:
            with self._lock:
                self._note()
                self._busy = False
                self._items += call.items

    def stats(self) -> dict[str, float]:
        """What Serve's `record_autoscaling_stats` hands to the policy, since the last call.

        `utilisation` is the larger of the share of time that the thread worked and the share of its cores that the process used (the
        event loop unpickles and answers); `items_per_s` what was done; `queued` the items that waited on average.
        """
        with self._lock:
            self._note()
            now_s, cpu_s = self._noted_s, self._cpu()
            spent_s = max(now_s - self._last_s, 1e-3)
            # Before the first call the process started and loaded its index, which more replicas would do no faster.
            used_s = 0.0 if self._last_cpu_s is None else cpu_s - self._last_cpu_s
            busy = max(self._busy_s, used_s / self._cores) / spent_s
            found = {
                UTILISATION: busy, ITEMS_PER_S: self._items / spent_s, QUEUED: self._waited_item_s / spent_s,
            }  # fmt: skip
            self._last_s, self._last_cpu_s = now_s, cpu_s
            self._busy_s = self._waited_item_s = 0.0
            self._items = 0
        return found

    def _begin(self, call: Call) -> None:
        """Take a call out of the queue, once; the lock is held."""
        self._note()
        if call.waits:
            call.waits = False
            self._waiting -= call.items

    def _note(self) -> None:
        """Book the time since the last change; the lock is held."""
        now_s = self._clock()
        spent_s = now_s - self._noted_s
        self._waited_item_s += self._waiting * spent_s
        if self._busy:
            self._busy_s += spent_s
        self._noted_s = now_s


@dataclass(frozen=True)
class ReplicaLoad:
    """What one replica told, averaged over the look-back."""

    utilisation: float
    items_per_s: float = 0.0
    queued: float = 0.0

    def demand(self, drain_s: float) -> float:
        """Replicas' worth of work: the flow, and the backlog if it is to be gone in `drain_s`."""
        per_item_s = self.utilisation / self.items_per_s if self.items_per_s > 0.0 else 0.0
        return self.utilisation + self.queued * per_item_s / drain_s


@dataclass(frozen=True)
class ScalingGoal:
    """The numbers of one node.

    Attributes:
        target_utilisation: how busy replicas should be; more are started above it.
        release_utilisation: replicas are stopped only if those that stay would be at most so busy.
        drain_s: how soon a backlog should be gone.
        largest_step: replicas started or stopped at once.
    """

    target_utilisation: float = 0.6
    release_utilisation: float = 0.45
    drain_s: float = 1.0
    largest_step: int = 2

    def replicas(self, loads: Sequence[ReplicaLoad], target: int) -> int:
        """Replicas wanted when `target` are; of a replica that told nothing yet nothing is assumed."""
        if not loads:
            return target
        demand = sum(load.demand(self.drain_s) for load in loads)
        needed = _whole(demand / self.target_utilisation)
        if needed > target:
            return min(needed, target + self.largest_step)
        enough = max(1, _whole(demand / self.release_utilisation))
        if enough < target:
            return max(enough, target - self.largest_step)
        return target


def _whole(replicas: float) -> int:
    """The next whole number; what measuring cannot tell from a whole number is one."""
    return math.ceil(replicas - 1e-9)


class UtilisationPolicy:
    """Serve's policy callable: one per node. Serve adds the bounds and the delays of `autoscaling_config`.

    After a change it waits until the whole look-back lies behind it; before, what replicas tell is of another number of them.
    """

    def __init__(
        self,
        target_utilisation: float = ScalingGoal.target_utilisation,
        release_utilisation: float = ScalingGoal.release_utilisation,
        drain_s: float = ScalingGoal.drain_s,
        largest_step: int = ScalingGoal.largest_step,
    ) -> None:
        self._goal = ScalingGoal(target_utilisation, release_utilisation, drain_s, largest_step)

    def __call__(self, ctx: Any) -> tuple[int, dict[str, Any]]:
        """Replicas wanted, and no state.

        Args:
            ctx: `ray.serve.config.AutoscalingContext`.
        """
        changed = [each for each in (ctx.last_scale_up_time, ctx.last_scale_down_time) if each is not None]
        settled_s = ctx.config.look_back_period_s + ctx.config.metrics_interval_s
        if ctx.current_num_replicas != ctx.target_num_replicas or (
            changed and ctx.current_time - max(changed) < settled_s
        ):
            return ctx.target_num_replicas, {}
        return self._goal.replicas(replica_loads(ctx.aggregated_metrics or {}), ctx.target_num_replicas), {}


def replica_loads(metrics: Mapping[str, Mapping[Any, float]]) -> list[ReplicaLoad]:
    """What the running replicas told, from Serve's table by metric and replica."""
    items, queued = metrics.get(ITEMS_PER_S, {}), metrics.get(QUEUED, {})
    return [
        ReplicaLoad(utilisation, items.get(replica, 0.0), queued.get(replica, 0.0))
        for replica, utilisation in metrics.get(UTILISATION, {}).items()
    ]
