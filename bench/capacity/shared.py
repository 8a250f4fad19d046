"""Latency of the whole system on one machine whose cores everything shares: the model held against what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.capacity.fit import LEAVES, Costs, Point, fit
from bench.capacity.queues import Wait, m_d_1, m_m_c, quantile_s


@dataclass(frozen=True)
class Comparison:
    """One measured load beside what the model says of it, fitted to the other loads only (`held_out`) or to all."""

    rate_qps: float
    held_out: bool
    cpu_ms: float
    predicted_cpu_ms: float
    p95_ms: float
    predicted_p95_ms: float

    def told(self) -> dict[str, float | bool | None]:
        """For a record; a P95 without bound is None."""
        unbounded = self.predicted_p95_ms == float("inf")
        return {
            "offered_qps": self.rate_qps, "held_out": self.held_out, "cpu_ms": round(self.cpu_ms, 3),
            "predicted_cpu_ms": round(self.predicted_cpu_ms, 3), "p95_ms": round(self.p95_ms, 1),
            "predicted_p95_ms": None if unbounded else round(self.predicted_p95_ms, 1),
        }  # fmt: skip


def p95_ms(costs: Costs, rate_qps: float, cores: int, generator_ms: float = 1.0) -> float:
    """P95 on one machine: a query waits for a core (M/M/c on all CPU), for the ingress's loop, and for calls to leave.

    Infinite where the machine or the ingress cannot keep up.
    """
    per_query = costs.per_query_ms(rate_qps)
    whole_s = (sum(per_query.values()) + generator_ms) / 1000.0
    for_core = m_m_c(rate_qps, whole_s, cores)
    for_loop = m_d_1(rate_qps, per_query.get("ingress", 0.0) / 1000.0)
    wait = for_core + for_loop
    for name in LEAVES:
        cost = costs.by_process.get(name)
        if cost is not None:
            wait += cost.bulk(costs.linger_ms).delay(rate_qps)
    spread_s = max(0.0, costs.floor_p95_ms - costs.floor_ms) / 1645.0
    return 1000.0 * quantile_s(costs.floor_ms / 1000.0, wait + Wait(0.0, spread_s**2), 0.95)


def compare(points: Sequence[Point], alone: Point, linger_ms: float, cores: int) -> list[Comparison]:
    """Every load, predicted from the others where at least two others remain."""
    found = []
    for point in points:
        others = [each for each in points if each is not point]
        held_out = len(others) >= 2
        costs = fit(others if held_out else points, alone, linger_ms)
        found.append(
            Comparison(
                point.rate_qps, held_out, _total(point.cpu_ms), sum(costs.per_query_ms(point.rate_qps).values()),
                point.latency_ms["p95"], p95_ms(costs, point.rate_qps, cores),
            )
        )  # fmt: skip
    return found


def _total(cpu_ms: Mapping[str, float]) -> float:
    return sum(value for name, value in cpu_ms.items() if name != "total")
