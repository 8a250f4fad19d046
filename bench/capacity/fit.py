"""What each process costs, fitted to records: idle CPU, CPU per call, CPU per item, and how the last two grow with leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import nnls

from bench.capacity.queues import Bulk
from ranking.types import FloatArray

LEAVES = ("retrieval", "bm25", "gbdt", "embedder")
_ROUNDS = 50
_SHARES = np.linspace(0.0, 1.0, 51).tolist()


@dataclass(frozen=True)
class Point:
    """One measured load: CPU by process in ms per query, latency in ms."""

    rate_qps: float
    cpu_ms: Mapping[str, float]
    latency_ms: Mapping[str, float]


@dataclass(frozen=True)
class Cost:
    """A process's CPU: `idle_ms_per_s` always, `call_ms` for each list call, `item_ms` for each query."""

    idle_ms_per_s: float
    call_ms: float
    item_ms: float

    def per_query_ms(self, rate_qps: float, batch: float) -> float:
        """CPU of one query at that rate."""
        return self.idle_ms_per_s / rate_qps + self.call_ms / batch + self.item_ms

    def bulk(self, linger_ms: float, replicas: int = 1) -> Bulk:
        """The process as a queue: its share of each call and item."""
        return Bulk(self.call_ms / 1000.0, self.item_ms / 1000.0, linger_ms / 1000.0 / replicas)


def points_of(record: Mapping[str, Any]) -> list[Point]:
    """The loads of a record: its steps (of the coalesced variant where there are several) or the record itself."""
    steps: Sequence[Mapping[str, Any]] = record.get("steps") or [record]
    found = []
    for step in steps:
        cpu_ms, latency = step.get("cpu_ms_per_query"), step.get("latency_ms")
        rate_qps = step.get("offered_qps") or step.get("load", {}).get("offered_qps") or _closed_rate(step)
        if step.get("variant", "coalesced") == "coalesced" and cpu_ms and latency and step["completed"]:
            found.append(Point(float(rate_qps), cpu_ms, latency))
    return found


def fit_cost(rates_qps: Sequence[float], cpu_ms: Sequence[float], linger_ms: float, *, leaf: bool) -> Cost:
    """Least squares over the loads, relative to what was measured, nothing negative.

    How much of a leaf's work is the call's is tried in steps of 2 %: it decides how many items gather in a call. Loads tell call and
    item apart only where a linger makes calls carry several: without, calls grow just when the leaf is busy all the time,
    whatever the split. With one load all is the item's.
    """
    rates, measured = np.asarray(rates_qps, dtype=float), np.asarray(cpu_ms, dtype=float)
    if len(rates) < 2:
        return Cost(0.0, 0.0, float(measured.mean()))
    tried = [_with_share(rates, measured, linger_ms, share) for share in (_SHARES if leaf else (0.0,))]
    return min(tried, key=lambda each: each[0])[1]


def _with_share(
    rates: FloatArray, measured: FloatArray, linger_ms: float, share: float
) -> tuple[float, Cost]:
    """The error that remains, and the best cost of which `share` of a lone item's work is the call's."""
    cost, error = Cost(0.0, 0.0, 0.0), 0.0
    for _ in range(_ROUNDS):  # batches follow from the cost, and the cost from batches
        batches = np.asarray([cost.bulk(linger_ms).batch(rate) for rate in rates])
        columns = np.stack([1.0 / rates, share / batches + 1.0 - share], axis=1)
        (idle_ms_per_s, alone_ms), error = nnls(columns / measured[:, None], np.ones(len(rates)))
        before, cost = (
            cost,
            Cost(float(idle_ms_per_s), float(share * alone_ms), float((1.0 - share) * alone_ms)),
        )
        if np.allclose(vars_of(before), vars_of(cost), rtol=1e-6):
            break
    return float(error), cost


def vars_of(cost: Cost) -> tuple[float, float, float]:
    """The three numbers."""
    return cost.idle_ms_per_s, cost.call_ms, cost.item_ms


@dataclass(frozen=True)
class Costs:
    """Costs of every process and the CPU of a query alone in the system, beside its latency."""

    by_process: Mapping[str, Cost]
    linger_ms: float
    floor_ms: float
    floor_p95_ms: float

    def per_query_ms(self, rate_qps: float) -> dict[str, float]:
        """CPU of each process per query when each node has one replica."""
        return {
            name: cost.per_query_ms(rate_qps, cost.bulk(self.linger_ms).batch(rate_qps) if name in LEAVES else 1.0)
            for name, cost in self.by_process.items()
        }  # fmt: skip


def fit(points: Sequence[Point], alone: Point, linger_ms: float) -> Costs:
    """Costs that explain the loads of `points`; `alone` is a closed loop of one query at a time, for the latency's floor."""
    names = [
        name for name in dict.fromkeys(name for point in points for name in point.cpu_ms) if name != "total"
    ]
    costs = {}
    for name in names:
        seen = [point for point in points if point.cpu_ms.get(name)]
        costs[name] = fit_cost(
            [point.rate_qps for point in seen], [point.cpu_ms[name] for point in seen], linger_ms, leaf=name in LEAVES
        )  # fmt: skip
    return Costs(costs, linger_ms, alone.latency_ms["p50"], alone.latency_ms["p95"])


def growth_ms(small_ms: float, large_ms: float, small_leads: float, large_leads: float) -> float:
    """CPU per item and lead, from the same figure at two sizes; never negative."""
    if large_leads <= small_leads:
        return 0.0
    return max(0.0, (large_ms - small_ms) / (large_leads - small_leads))


def grown(cost: Cost, ms_per_lead: float, from_leads: float, to_leads: float) -> Cost:
    """The cost on another number of leads."""
    fixed_ms = max(0.0, cost.item_ms - ms_per_lead * from_leads)
    return replace(cost, item_ms=fixed_ms + ms_per_lead * to_leads)


def _closed_rate(step: Mapping[str, Any]) -> float:
    """One in flight: the rate is that of the answers."""
    return 1000.0 / float(step["latency_ms"]["p50"])
