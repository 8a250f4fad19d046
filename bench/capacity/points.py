"""Measured loads out of records: what the capacity model is fitted to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CALLED = ("retrieval", "bm25", "gbdt")
CALLING = ("ingress", *CALLED)
REST = "rest"
PROCESSES = (*CALLING, "embedder", REST)
_ERROR_SHARE = 0.01
_KEPT_UP = 0.93
_SAME_RATE = 0.01


@dataclass(frozen=True)
class Point:
    """One load that was answered whole: CPU in ms per query by process (those that are no node together as "rest"), latency in ms.

    `calls`: list calls of one hop per query, where the record counted them.
    """

    rate_qps: float
    cpu_ms: Mapping[str, float]
    p50_ms: float
    p95_ms: float
    calls: float | None = None

    @property
    def total_cpu_ms(self) -> float:
        """CPU of a query over all processes."""
        return sum(self.cpu_ms.values())

    def like(self, other: "Point") -> bool:
        """Whether both are of one rate: neither may be told when the other is predicted."""
        return abs(self.rate_qps - other.rate_qps) <= _SAME_RATE * self.rate_qps


def points_of(record: Mapping[str, Any]) -> list[Point]:
    """The loads of a record (its steps, or itself) that the system kept up with, in order of their rates.

    A load with more than 1 % of errors or of skipped stages, or with answers that came slower than its queries, says what
    overload does and not what a query costs.
    """
    steps: Sequence[Mapping[str, Any]] = record.get("steps") or [record]
    return sorted((_point(step) for step in steps if _kept_up(step)), key=lambda point: point.rate_qps)


def rates_of(points: Iterable[Point]) -> int:
    """How many different rates."""
    seen: list[Point] = []
    for point in points:
        if not any(point.like(other) for other in seen):
            seen.append(point)
    return len(seen)


def _kept_up(step: Mapping[str, Any]) -> bool:
    if not step.get("cpu_ms_per_query") or not step.get("latency_ms"):
        return False
    bad: int = sum(step["errors"].values()) + step.get("degraded", 0)
    offered, answered_qps = int(step["offered"]), float(step["throughput_qps"])
    return bad <= _ERROR_SHARE * offered and answered_qps >= _KEPT_UP * _rate(step)


def _rate(step: Mapping[str, Any]) -> float:
    rate: float = step.get("offered_qps") or step["load"]["offered_qps"]
    return rate


def _point(step: Mapping[str, Any]) -> Point:
    cpu_ms = {name: float(step["cpu_ms_per_query"].get(name, 0.0)) for name in PROCESSES if name != REST}
    cpu_ms[REST] = max(0.0, float(step["cpu_ms_per_query"]["total"]) - sum(cpu_ms.values()))
    latency = step["latency_ms"]
    return Point(_rate(step), cpu_ms, latency["p50"], latency["p95"], step.get("calls_per_query"))
