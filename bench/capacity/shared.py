"""The model held against measurements: each rate predicted by a model that was fitted to the other rates only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.capacity.fit import FEWEST_RATES, Fitted, fit
from bench.capacity.points import Point, rates_of
from bench.capacity.queues import Cycle


@dataclass(frozen=True)
class Comparison:
    """One measured load beside what the model says of it, fitted without this rate (`held_out`) or to all."""

    point: Point
    held_out: bool
    cpu_ms: float
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, point: Point, fitted: Fitted, *, held_out: bool) -> "Comparison":
        """What `fitted` says of the point's rate."""
        return cls(
            point, held_out, sum(fitted.cpu_ms(point.rate_qps).values()),
            fitted.latency_ms(fitted.p50, point.rate_qps), fitted.latency_ms(fitted.p95, point.rate_qps),
        )  # fmt: skip

    def told(self) -> dict[str, float | bool | None]:
        """For a record; a latency without bound is None."""
        return {
            "offered_qps": self.point.rate_qps, "held_out": self.held_out,
            "cpu_ms": round(self.point.total_cpu_ms, 3), "predicted_cpu_ms": round(self.cpu_ms, 3),
            "p50_ms": self.point.p50_ms, "predicted_p50_ms": _bounded(self.p50_ms),
            "p95_ms": self.point.p95_ms, "predicted_p95_ms": _bounded(self.p95_ms),
        }  # fmt: skip


def compare(points: Sequence[Point], calls: Cycle) -> list[Comparison]:
    """Every load, predicted from loads of other rates where at least three others remain."""
    whole = fit(points, calls)
    found = []
    for point in points:
        others = [each for each in points if not each.like(point)]
        held_out = rates_of(others) >= FEWEST_RATES
        fitted = fit(others, calls) if held_out else whole
        found.append(Comparison.of(point, fitted, held_out=held_out))
    return found


def largest_miss(compared: Sequence[Comparison]) -> float | None:
    """The largest relative error of a held-out CPU per query; None when nothing was held out."""
    misses = [abs(each.cpu_ms / each.point.total_cpu_ms - 1.0) for each in compared if each.held_out]
    return round(max(misses), 4) if misses else None


def _bounded(milliseconds: float) -> float | None:
    return None if math.isinf(milliseconds) else round(milliseconds, 1)
