"""More load than can be held: goodput, latency of what is accepted, what a refusal costs, and how soon it recovers."""

from dataclasses import replace
from typing import Any

from bench import measuring, processes, record
from bench.burst import totals
from bench.ladder import Climb, step_of
from bench.measuring import Measured, Series
from bench.scenario import Check, Ladder, Overload
from bench.stand import Stand
from bench.steady import load_of

_SEARCH = Ladder(p95_ms=(400.0,), first_qps=25.0, most_qps=1_600.0, step_s=15.0, precision=0.1)
_SEARCH_DEADLINE_MS = 5_000


def run(stand: Stand, shape: Overload) -> dict[str, Any]:
    """Find the capacity or take the given one, offer its multiples, then less than it holds."""
    step_s = stand.options.seconds or shape.step_s
    capacity_qps = stand.options.capacity_qps or _capacity_qps(stand, shape, step_s)
    deadline_ms = stand.supply.requests.deadline_ms
    warm_up = stand.warm_up(capacity_qps, step_s)
    steps, measured_at = [], {}
    for factor in shape.factors:
        measured, batch = stand.offer(factor * capacity_qps, step_s)
        steps.append(_step(factor, factor * capacity_qps, measured, deadline_ms))
        measured_at[factor] = measured
        told = f"  {factor:g}x: {steps[-1]['goodput_qps']} timely answers/s, {measured.counts()}"
        stand.console.print(told, highlight=False)
    recover_s = min(shape.recover_s, step_s) if stand.options.seconds else shape.recover_s
    back, _ = stand.offer(shape.recover_at * capacity_qps, recover_s)
    steps.append(_step(shape.recover_at, shape.recover_at * capacity_qps, back, deadline_ms))
    recovery_s = seconds_to_recover(measuring.per_second(back), shape.p95_ms)
    worst = measured_at[max(shape.factors)]
    return totals(steps) | {
        "load": load_of(stand, batch, None, step_s) | {"warm_up": warm_up, "factors": list(shape.factors)},
        "capacity_qps": round(capacity_qps, 1), "latency_ms": record.quantiles(worst.outcome.answered_ms()),
        "cpu_ms_per_query": processes.per_query(worst.cpu_ms, worst.outcome.offered),
        "cpu_ms_per_refusal": refusal_cpu_ms(measured_at[min(shape.factors)], worst),
        "recovery_s": recovery_s, "generator": worst.generator, "machine_during": dict(worst.machine),
        "peak_rss_mib": processes.peak_rss_mib(stand.state.pid), "steps": steps,
        "per_second_at": f"{max(shape.factors):g}x",
        "per_second": measuring.per_second(worst), "latency_cdf": measuring.cdf(worst.outcome.answered_ms()),
        "doubts": measuring.doubts([*measured_at.values(), back]), "checks": _checks(stand, steps, recovery_s, recover_s),
    }  # fmt: skip


def seconds_to_recover(series: Series, p95_ms: float) -> int | None:
    """Full seconds after which every later second answers its queries below `p95_ms`; None when the last still does not."""
    bad = [
        second
        for second, (failed, p95) in enumerate(zip(series["failed"], series["p95_ms"], strict=True))
        if failed or (p95 is not None and p95 >= p95_ms)
    ]
    if not bad:
        return 0
    return bad[-1] + 1 if bad[-1] + 1 < len(series["failed"]) else None


def refusal_cpu_ms(calm: Measured, worst: Measured) -> float | None:
    """CPU of one refusal: what is left of the worst load's CPU when each answer costs what it does in calm; None without refusals."""
    refused = len(worst.outcome.refused_ms())
    if not refused or not calm.outcome.completed:
        return None
    answer_ms = sum(calm.cpu_ms.values()) / calm.outcome.completed
    left_ms = sum(worst.cpu_ms.values()) - answer_ms * worst.outcome.completed
    return round(max(0.0, left_ms) / refused, 3)


def _capacity_qps(stand: Stand, shape: Overload, step_s: float) -> float:
    """Found with a long deadline, so that latency is not cut off at it."""
    most_qps = stand.options.rate_qps or _SEARCH.most_qps
    search = replace(_SEARCH, step_s=min(_SEARCH.step_s, step_s), most_qps=most_qps)
    climb = Climb(stand, search.step_s, _SEARCH_DEADLINE_MS)
    return climb.highest(search, shape.p95_ms) or search.first_qps


def _step(factor: float, rate_qps: float, measured: Measured, deadline_ms: int) -> dict[str, Any]:
    outcome = measured.outcome
    return step_of(rate_qps, measured) | {
        "factor": factor, "goodput_qps": round(rate_qps * outcome.timely(deadline_ms) / outcome.offered, 2),
        "refusal_ms": record.quantiles(outcome.refused_ms()), "without_retry_after": outcome.without_retry_after,
    }  # fmt: skip


def _checks(
    stand: Stand, steps: list[dict[str, Any]], recovery_s: int | None, recover_s: float
) -> list[Check]:
    holds, found = stand.scenario.holds, []
    calm = steps[0]["goodput_qps"]
    if holds.goodput_share is not None and calm:
        worst = min(step["goodput_qps"] for step in steps[1:-1])
        found.append(
            Check.least("goodput under overload over goodput at 1x", worst / calm, holds.goodput_share)
        )
    if holds.recovery_s is not None:
        took_s = recover_s + 1.0 if recovery_s is None else float(recovery_s)
        found.append(Check.below("seconds to recover at half the capacity", took_s, holds.recovery_s))
    found.append(
        Check.below("refusals without Retry-After", sum(step["without_retry_after"] for step in steps), 0.0)
    )
    return found
