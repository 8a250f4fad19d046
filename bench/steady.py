"""A steady rate: latency over time, by language, CPU and cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bench import measuring, processes, record
from bench.arrivals import ANSWERED
from bench.asking import Batch, directory_of
from bench.measuring import Measured
from bench.messages import Sender, seconds_until, taken_in
from bench.scenario import Check, Holds, Steady
from bench.stand import Stand


def run(stand: Stand, shape: Steady) -> dict[str, Any]:
    """Warm up, offer the rate, say what came of it; where the scenario has messages, the same without them before."""
    rate_qps = stand.options.rate_qps or shape.rate_qps
    seconds = stand.options.seconds or shape.duration_s
    holds = stand.scenario.holds
    warm_up = stand.warm_up(rate_qps, seconds)
    alone = stand.offer(rate_qps, seconds)[0] if stand.scenario.messages_per_s else None
    with _messages(stand) as beside:
        measured, batch = stand.offer(rate_qps, seconds)
    found = figures(stand, measured, batch) | beside
    checked = checks(measured, holds)
    if alone is not None:
        found |= _compared(measured, alone)
        if holds.behind_s is not None:
            what = "seconds from the last message until all are taken in"
            checked.append(Check.below(what, found["behind_s"], holds.behind_s))
        if holds.answering_cpu_ratio is not None:
            what = "CPU per query of what answers queries, over that without messages"
            checked.append(Check.below(what, found["answering_cpu_ratio"], holds.answering_cpu_ratio))
    return found | {
        "load": load_of(stand, batch, rate_qps, seconds) | {"warm_up": warm_up},
        "checks": checked + goals(measured, stand.scenario.goals),
    }


@contextmanager
def _messages(stand: Stand) -> Iterator[dict[str, Any]]:
    """Suppliers' messages while the body runs, where the scenario has any; filled with what was sent, and how far behind that was."""
    per_s, found = stand.scenario.messages_per_s, dict[str, Any]()
    if not per_s:
        yield found
        return
    base_url = stand.state.base_url
    sender = Sender(stand.state, stand.options, directory_of(base_url).ids, per_s, probing=False)
    before = taken_in(base_url)
    with sender.sending():
        yield found
    behind_s = seconds_until(base_url, before + sender.done.sent)
    found |= {"messages": sender.done.sent, "behind_s": round(behind_s, 2)}


def _compared(measured: Measured, alone: Measured) -> dict[str, Any]:
    """The same load without messages, and what answering costs beside them."""
    costs = [answering_ms(each) for each in (measured, alone)]
    return {
        "without_messages": alone.figures(),
        "answering_cpu_ms_per_query": {"with": round(costs[0], 3), "without": round(costs[1], 3)},
        "answering_cpu_ratio": round(costs[0] / costs[1], 4),
    }


def answering_ms(measured: Measured) -> float:
    """CPU milliseconds per query of all but what takes messages in."""
    spent = sum(ms for name, ms in measured.cpu_ms.items() if name not in processes.TAKING_IN)
    return spent / measured.outcome.offered


def load_of(stand: Stand, batch: Batch, rate_qps: float | None, seconds: float | None) -> dict[str, Any]:
    """What the record says of the load."""
    requests = stand.supply.requests
    return {
        "kind": "open", "offered_qps": rate_qps, "duration_s": seconds, "unique_share": batch.unique_share,
        "prompts_sha256": batch.sha256, "deadline_ms": requests.deadline_ms, "limit": requests.limit,
        "repeats": requests.repeats, "candidates": requests.candidates,
    }  # fmt: skip


def figures(stand: Stand, measured: Measured, batch: Batch) -> dict[str, Any]:
    """Figures of one load with its course over time."""
    found = measured.figures()
    if len(set(batch.languages)) > 1:
        found["latency_ms_by_language"] = _by_language(measured, batch)
    return found | {
        "peak_rss_mib": processes.peak_rss_mib(stand.state.pid),
        "doubts": measured.doubts(), "per_second": measuring.per_second(measured),
        "latency_cdf": measuring.cdf(measured.outcome.answered_ms()),
    }  # fmt: skip


def checks(measured: Measured, holds: Holds) -> list[Check]:
    """What of `holds` concerns one load, and that no answer is wrong."""
    wrong = Check.below("wrong answers in the sample", measured.outcome.samples.get("faulty", 0), 0.0)
    return [*_limits(measured, holds), wrong]


def goals(measured: Measured, wanted: Holds) -> list[Check]:
    """What would be better still."""
    return [replace(each, is_goal=True) for each in _limits(measured, wanted)]


def _limits(measured: Measured, holds: Holds) -> list[Check]:
    latency = record.quantiles(measured.outcome.answered_ms())
    found = []
    for name, limit in (("p95", holds.p95_ms), ("p99", holds.p99_ms)):
        if limit is not None:
            found.append(Check.below(f"{name.upper()} ms", latency.get(name, float("inf")), limit))
    if holds.error_share is not None:
        bad = measured.outcome.offered - measured.outcome.completed + len(measured.outcome.degraded)
        found.append(
            Check.below("failed or degraded share", bad / measured.outcome.offered, holds.error_share)
        )
    if holds.cpu_ms_per_query is not None:
        total = processes.per_query(measured.cpu_ms, measured.outcome.offered)["total"]
        found.append(Check.below("CPU ms per query", total, holds.cpu_ms_per_query))
    if holds.busy_share is not None:
        found.append(Check.below("busy share of the machine", measured.machine["busy"], holds.busy_share))
    return found


def _by_language(measured: Measured, batch: Batch) -> dict[str, dict[str, float]]:
    outcome, found = measured.outcome, {}
    for language in sorted(set(batch.languages)):
        ms = [
            latency
            for latency, code, spoken in zip(
                outcome.latencies_ms, outcome.codes, batch.languages, strict=True
            )
            if code == ANSWERED and spoken == language
        ]
        found[language] = {"queries": batch.languages.count(language), **record.quantiles(ms)}
    return found
