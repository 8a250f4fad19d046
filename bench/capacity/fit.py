"""The capacity model, fitted to measured loads.

CPU of a query in each process = idle / rate + own part + calls per query x a call's part. Calls per query fall as the rate
rises (`queues.Cycle`). Latency = a floor + the waits for calls to leave, and to come back + the queue before the ingress's one thread.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls

from bench.capacity.points import CALLING, PROCESSES, Point, rates_of
from bench.capacity.queues import Cycle
from ranking.types import FloatArray

FEWEST_RATES = 3
_CALLS_MS = np.geomspace(2.0, 40.0, 28).tolist()
_ITEM_SHARES = np.linspace(0.0, 0.95, 20).tolist()
_SLOWEST = 0.98  # of the ingress's time; nearer to 1 a queue's length is not known


@dataclass(frozen=True)
class Cost:
    """A process's CPU: `idle_ms_per_s` always, `item_ms` for each query, `call_ms` for each list call that it makes or answers."""

    idle_ms_per_s: float
    item_ms: float
    call_ms: float

    def work_ms(self, calls: float) -> float:
        """CPU of one query, idling left out."""
        return self.item_ms + self.call_ms * calls

    def per_query_ms(self, rate_qps: float, calls: float) -> float:
        """CPU of one query at that rate."""
        return self.idle_ms_per_s / rate_qps + self.work_ms(calls)


@dataclass(frozen=True)
class Latency:
    """A quantile of latency: `floor_ms`, times of waiting for calls, times of the ingress's queue."""

    floor_ms: float
    waits: float
    queues: float

    def ms(self, wait_ms: float, queue_ms: float) -> float:
        """The quantile for those mean waits."""
        return self.floor_ms + self.waits * wait_ms + self.queues * queue_ms


@dataclass(frozen=True)
class Fitted:
    """Everything that is known of one system: costs by process, how calls gather, latencies; `error` is what was left over."""

    costs: Mapping[str, Cost]
    cycle: Cycle
    p50: Latency
    p95: Latency
    error: float

    def cpu_ms(self, rate_qps: float, *, ingresses: int = 1) -> dict[str, float]:
        """CPU of a query by process when every node has one replica."""
        calls = self.calls(rate_qps / ingresses)
        return {name: cost.per_query_ms(rate_qps, calls) for name, cost in self.costs.items()}

    def calls(self, rate_qps: float, lanes: float = 1.0) -> float:
        """List calls of one hop per query, at an ingress with that rate."""
        return 1.0 / self.cycle.batch(rate_qps, lanes)

    def busy(self, rate_qps: float, calls: float) -> float:
        """Share of time that an ingress's thread works."""
        return rate_qps * self.costs["ingress"].work_ms(calls) / 1000.0

    def latency_ms(self, quantile: Latency, rate_qps: float, lanes: float = 1.0) -> float:
        """A quantile at an ingress with that rate; infinite where its thread cannot keep up."""
        calls = self.calls(rate_qps, lanes)
        busy = self.busy(rate_qps, calls)
        if busy >= 1.0:
            return math.inf
        return quantile.ms(self.cycle.wait_ms(rate_qps, lanes), self._queue_ms(busy, calls))

    def most_qps(self) -> float:
        """The rate at which one ingress's thread is busy all the time."""
        low, high = 0.0, 1e5
        while high - low > 0.1:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.busy(middle, self.calls(middle)) < 1.0 else (low, middle)
        return low

    def _queue_ms(self, busy: float, calls: float) -> float:
        """Mean wait for the ingress's thread, for one query's work as the unit (M/D/1)."""
        busy = min(busy, _SLOWEST)
        return self.costs["ingress"].work_ms(calls) * busy / (2.0 * (1.0 - busy))


def fit(points: Sequence[Point], calls: Cycle) -> Fitted:
    """The model that is nearest to the points, squared relative errors of CPU by process and of median latency summed.

    The lingering is that of `calls`. Two numbers of the cycle are tried over a grid; for each of them the rest is linear
    least squares with nothing below zero.

    Raises:
        ValueError: points of fewer than three rates cannot tell idling, items and calls apart.
    """
    if rates_of(points) < FEWEST_RATES:
        raise ValueError(f"{rates_of(points)} rates measured; the model needs {FEWEST_RATES}")
    highest = max(point.rate_qps for point in points)
    tried = [
        _with_cycle(points, replace(calls, call_ms=call_ms, item_ms=1000.0 * share / highest))
        for call_ms in _CALLS_MS
        for share in _ITEM_SHARES
    ]
    return min(tried, key=lambda each: each.error)


def _with_cycle(points: Sequence[Point], cycle: Cycle) -> Fitted:
    rates = np.asarray([point.rate_qps for point in points])
    calls = np.asarray([1.0 / cycle.batch(rate) for rate in rates])
    error, costs = 0.0, {}
    for name in PROCESSES:
        measured = np.asarray([point.cpu_ms[name] for point in points])
        columns = [1.0 / rates, np.ones(len(rates)), calls if name in CALLING else np.zeros(len(rates))]
        parts, left = _solved(np.stack(columns, axis=1), measured)
        costs[name] = Cost(*parts)
        error += left * float(measured.sum()) / sum(point.total_cpu_ms for point in points)
    counted = [(each, point.calls) for each, point in zip(calls, points, strict=True) if point.calls]
    error += sum(float(np.log(each / seen)) ** 2 for each, seen in counted)
    none = Latency(0.0, 0.0, 0.0)
    bare = Fitted(costs, cycle, none, none, error)
    p50, left = _latency(bare, points, [point.p50_ms for point in points])
    p95, _ = _latency(bare, points, [point.p95_ms for point in points])
    return replace(bare, p50=p50, p95=p95, error=error + left)


def _latency(bare: Fitted, points: Sequence[Point], measured_ms: Sequence[float]) -> tuple[Latency, float]:
    """The quantile's three numbers, and the squared error that remains."""
    unit, queue = Latency(0.0, 1.0, 0.0), Latency(0.0, 0.0, 1.0)
    rows = [
        [1.0, _finite(bare.latency_ms(unit, point.rate_qps)), _finite(bare.latency_ms(queue, point.rate_qps))]
        for point in points
    ]
    parts, left = _solved(np.asarray(rows), np.asarray(measured_ms))
    return Latency(*parts), left


def _finite(milliseconds: float) -> float:
    return min(milliseconds, 1e6)


def _solved(columns: FloatArray, measured: FloatArray) -> tuple[tuple[float, float, float], float]:
    """Coefficients of at least zero, and the sum of squared relative errors; what was never used costs nothing."""
    seen = measured > 0.0
    if not seen.any():
        return (0.0, 0.0, 0.0), 0.0
    found, left = nnls(columns[seen] / measured[seen, None], np.ones(int(seen.sum())))
    return (float(found[0]), float(found[1]), float(found[2])), float(left) ** 2


def growth_ms(small_ms: float, large_ms: float, small_leads: float, large_leads: float) -> float:
    """CPU per item and lead, from the same figure at two sizes; never negative."""
    if large_leads <= small_leads:
        return 0.0
    return max(0.0, (large_ms - small_ms) / (large_leads - small_leads))


def grown(cost: Cost, ms_per_lead: float, from_leads: float, to_leads: float) -> Cost:
    """The cost on another number of leads."""
    fixed_ms = max(0.0, cost.item_ms - ms_per_lead * from_leads)
    return replace(cost, item_ms=fixed_ms + ms_per_lead * to_leads)
