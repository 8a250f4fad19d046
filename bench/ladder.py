"""The highest rate that holds: doubled until one does not, bisected between, then confirmed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench import measuring, processes, record
from bench.asking import Batch
from bench.burst import totals
from bench.capacity.calls import counted
from bench.measuring import Measured
from bench.scenario import Check, Ladder
from bench.stand import Stand
from bench.steady import load_of

ERROR_SHARE = 0.01
_WARM_QPS = 30.0
_MOST_STEPS = 40


def search(holds: Callable[[float], bool], first_qps: float, most_qps: float, precision: float) -> float:
    """The highest rate for which `holds`, to `precision` of itself; 0 when not even a sixteenth of the first does.

    Rates above one that does not hold are taken not to hold.
    """
    low, high = 0.0, most_qps
    rate = first_qps
    while low < rate <= most_qps:
        if holds(rate):
            low, rate = rate, min(2.0 * rate, most_qps)
            continue
        high = rate
        break
    while low == 0.0 and high > first_qps / 16.0:
        rate = high / 2.0
        low, high = (rate, high) if holds(rate) else (0.0, rate)
    while low and high - low > precision * low:
        middle = (low + high) / 2.0
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


class Climb:
    """Offers rates and remembers what each brought, so that a second target asks nothing twice."""

    def __init__(self, stand: Stand, step_s: float, deadline_ms: int | None = None) -> None:
        self._stand, self._step_s, self._deadline_ms = stand, step_s, deadline_ms
        self._measured: dict[float, tuple[Measured, Batch]] = {}
        self.steps: list[dict[str, Any]] = []
        self.loads: list[Measured] = []

    def at(self, rate_qps: float, *, again: bool = False) -> tuple[Measured, Batch]:
        """What that rate brought; measured once more when `again`."""
        if again or rate_qps not in self._measured:
            if len(self.steps) >= _MOST_STEPS:
                raise RuntimeError(f"no answer after {_MOST_STEPS} steps")
            before = counted(self._stand.state.base_url)
            measured, batch = self._stand.offer(rate_qps, self._step_s, self._deadline_ms)
            calls = counted(self._stand.state.base_url).since(before)
            self._measured[rate_qps] = measured, batch
            self.loads.append(measured)
            self.steps.append(step_of(rate_qps, measured) | {"calls_per_query": calls})
            self._stand.console.print(f"  {_told(self.steps[-1])}", highlight=False)
        return self._measured[rate_qps]

    def highest(self, shape: Ladder, p95_ms: float) -> float:
        """The highest rate below that P95 which also holds a second time; a twentieth less each time it does not."""

        def held(rate_qps: float, *, again: bool = False) -> bool:
            return self.at(rate_qps, again=again)[0].holds(p95_ms, ERROR_SHARE)

        rate_qps = search(held, shape.first_qps, shape.most_qps, shape.precision)
        while rate_qps >= 1.0 and not held(rate_qps, again=True):
            rate_qps *= 1.0 - shape.precision
        return rate_qps if rate_qps >= 1.0 else 0.0


def step_of(rate_qps: float, measured: Measured) -> dict[str, Any]:
    """One row of the ladder."""
    return {
        "offered_qps": round(rate_qps, 2), **measured.counts(),
        "throughput_qps": round(measured.outcome.completed / measured.outcome.duration_s, 2),
        "latency_ms": record.quantiles(measured.outcome.answered_ms()),
        "cpu_ms_per_query": processes.per_query(measured.cpu_ms, measured.outcome.offered),
        "generator": measured.generator, "machine_during": dict(measured.machine),
    }  # fmt: skip


def run(stand: Stand, shape: Ladder) -> dict[str, Any]:
    """Search for each target; the figures beside the steps are those of the highest rate that held."""
    shape = replace(shape, step_s=stand.options.seconds or shape.step_s,
                    most_qps=stand.options.rate_qps or shape.most_qps)  # fmt: skip
    warm_up = stand.warm_up(_WARM_QPS, shape.step_s)
    climb = Climb(stand, shape.step_s)
    highest = {p95_ms: climb.highest(shape, p95_ms) for p95_ms in sorted(shape.p95_ms)}
    best_qps = max(highest.values()) or shape.first_qps
    measured, batch = climb.at(best_qps)
    own = {key: value for key, value in measured.figures().items() if key not in {"errors", "degraded"}}
    return own | totals(climb.steps) | {
        "load": load_of(stand, batch, None, shape.step_s) | {"warm_up": warm_up},
        "highest_held_qps": {f"p95_below_{p95_ms:g}_ms": round(rate, 1) for p95_ms, rate in highest.items()},
        "cpu_ms_per_query_at": round(best_qps, 1), "peak_rss_mib": processes.peak_rss_mib(stand.state.pid),
        "latency_cdf": measuring.cdf(measured.outcome.answered_ms()), "steps": climb.steps, "doubts": measuring.doubts(climb.loads),
        "checks": [
            Check.least(f"queries/s with P95 below {p95_ms:g} ms", highest[p95_ms], least)
            for p95_ms, least in (stand.scenario.holds.highest_qps or {}).items()
        ],
    }  # fmt: skip


def _told(step: dict[str, Any]) -> str:
    return (
        f"{step['offered_qps']:7.1f}/s  P95 {step['latency_ms'].get('p95', float('nan')):8.1f} ms  "
        f"errors {sum(step['errors'].values())}  degraded {step['degraded']}  "
        f"CPU {step['cpu_ms_per_query']['total']:.2f} ms"
    )
