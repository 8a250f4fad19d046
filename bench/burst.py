"""A burst: everything at one moment; who is answered, how the others are refused, and what stays in memory."""

import time
from typing import Any

from bench import measuring, processes, record
from bench.arrivals import REFUSED
from bench.measuring import Measured
from bench.scenario import Burst, Check
from bench.stand import Stand
from bench.steady import load_of

_WARM_QPS, _WARM_S = 60.0, 5.0
_SETTLED_S = 2.0
_MOST_LATE_MS = 200.0  # a thousand connections cannot be opened in one moment


def run(stand: Stand, shape: Burst) -> dict[str, Any]:
    """Each deadline once per round; memory of the ingress before, and after each round."""
    size = round(stand.options.rate_qps or shape.size)
    warm_up = stand.warm_up(_WARM_QPS, _WARM_S)
    before_mib = processes.rss_mib(stand.state.pid, "ingress")
    steps, after_mib, loads = [], [], []
    for number in range(1, shape.rounds + 1):
        for deadline_ms in shape.least_answered:
            measured, batch = stand.offer_at([0.0] * size, deadline_ms)
            steps.append(_step(number, deadline_ms, measured))
            loads.append((measured, batch))
            stand.console.print(f"  round {number}, {deadline_ms} ms: {measured.counts()}", highlight=False)
        time.sleep(_SETTLED_S)
        after_mib.append(processes.rss_mib(stand.state.pid, "ingress"))
    measured, batch = loads[-1]
    return totals(steps) | {
        "load": load_of(stand, batch, None, None) | {"at_once": size, "warm_up": warm_up},
        "latency_ms": record.quantiles(measured.outcome.answered_ms()),
        "cpu_ms_per_query": processes.per_query(measured.cpu_ms, size),
        "peak_rss_mib": processes.peak_rss_mib(stand.state.pid),
        "generator": measured.generator, "machine_during": dict(measured.machine),
        "ingress_rss_mib": {"before": before_mib, "after_each_round": after_mib}, "steps": steps,
        "latency_cdf": measuring.cdf(measured.outcome.answered_ms()),
        "doubts": measuring.doubts([each for each, _ in loads], _MOST_LATE_MS),
        "checks": _checks(shape, steps, after_mib, size),
    }  # fmt: skip


def totals(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of all steps together."""
    errors: dict[str, int] = {}
    for step in steps:
        for code, count in step["errors"].items():
            errors[code] = errors.get(code, 0) + count
    summed = {name: sum(step[name] for step in steps) for name in ("offered", "completed", "degraded")}
    return summed | {"errors": errors}


def _step(number: int, deadline_ms: int, measured: Measured) -> dict[str, Any]:
    outcome = measured.outcome
    return {
        "round": number, "deadline_ms": deadline_ms, **measured.counts(),
        "answered_in_time": outcome.timely(deadline_ms), "drained_s": round(outcome.duration_s, 3),
        "without_retry_after": outcome.without_retry_after, "last_start_ms": max(outcome.late_ms, default=0.0),
        "latency_ms": record.quantiles(outcome.answered_ms()), "refusal_ms": record.quantiles(outcome.refused_ms()),
        "cpu_ms_per_query": processes.per_query(measured.cpu_ms, outcome.offered),
    }  # fmt: skip


def _checks(shape: Burst, steps: list[dict[str, Any]], after_mib: list[float], size: int) -> list[Check]:
    found = []
    for deadline_ms, least in shape.least_answered.items():
        answered = min(step["completed"] for step in steps if step["deadline_ms"] == deadline_ms)
        found.append(
            Check.least(f"answered of {size} at {deadline_ms} ms", answered, least * size / shape.size)
        )
    lost = sum(count for step in steps for code, count in step["errors"].items() if code not in REFUSED)
    found += [
        Check.below("neither answered nor refused", lost, 0.0),
        Check.below("refusals without Retry-After", sum(step["without_retry_after"] for step in steps), 0.0),
        Check.below("seconds to drain", max(step["drained_s"] for step in steps), shape.drained_s),
    ]
    if len(after_mib) > 1:
        left = Check.below("MiB that the last round left in the ingress", after_mib[-1] - after_mib[-2], shape.left_mib)  # fmt: skip
        found.append(left)
    return found
