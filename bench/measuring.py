"""One load offered and everything that was measured meanwhile: latency, CPU of each process and of the machine, memory."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from bench import processes, record
from bench.arrivals import ANSWERED, REFUSED, Load, Outcome, offer

LATE_P99_MS = 10.0
OTHERS_SHARE = 0.05
_CDF_STEPS = 50
Series = dict[str, list[float | None]]


@dataclass(frozen=True)
class Measured:
    """A load's outcome and what it cost; `machine` are shares of all cores' time while it ran, `standin_ms` the stand-in's CPU."""

    outcome: Outcome
    cpu_ms: Mapping[str, float]
    machine: Mapping[str, float]
    due_s: Sequence[float]
    standin_ms: float = 0.0

    @property
    def generator(self) -> dict[str, float]:
        """The generator's own CPU and lateness."""
        late = record.quantiles(self.outcome.late_ms)
        return {
            "cpu_ms_per_query": round(1000.0 * self.outcome.cpu_s / max(1, self.outcome.offered), 4),
            "late_ms_p50": late.get("p50", 0.0), "late_ms_p99": late.get("p99", 0.0), "late_ms_max": late.get("max", 0.0),
        }  # fmt: skip

    def counts(self) -> dict[str, Any]:
        """Offered, completed, errors by code, degraded: every request once."""
        return {
            "offered": self.outcome.offered, "completed": self.outcome.completed, "errors": self.outcome.errors,
            "degraded": len(self.outcome.degraded),
        }  # fmt: skip

    def figures(self) -> dict[str, Any]:
        """What a record says of one load."""
        samples = self.outcome.samples
        leads = samples.get("leads", 0)
        return self.counts() | {
            "latency_ms": record.quantiles(self.outcome.answered_ms()),
            "cpu_ms_per_query": processes.per_query(self.cpu_ms, self.outcome.offered),
            "generator": self.generator, "machine_during": dict(self.machine),
            "throughput_qps": round(self.outcome.completed / self.outcome.duration_s, 2),
            "cost_per_lead_usd": samples["cost_usd"] / leads if leads else None,
            "llm_ratio": samples.get("llm_ratio"), "sampled_answers": samples,
            "error_examples": self.outcome.examples, "resent": self.outcome.resent,
        }  # fmt: skip

    def holds(self, p95_ms: float, error_share: float) -> bool:
        """Whether P95 is below `p95_ms` and at most `error_share` failed, were refused or skipped a stage."""
        bad = self.outcome.offered - self.outcome.completed + len(self.outcome.degraded)
        answered = self.outcome.answered_ms()
        if not answered or bad > error_share * self.outcome.offered:
            return False
        return record.quantiles(answered)["p95"] < p95_ms

    def doubts(self) -> list[str]:
        """Why its figures should not be believed."""
        return doubts([self])


def doubts(loads: Sequence[Measured], most_late_ms: float = LATE_P99_MS) -> list[str]:
    """Why the figures of these loads should not be believed, the worst of each kind; empty when nothing speaks against them.

    `most_late_ms`: lateness of the generator (P99) that is still borne.
    """
    found = []
    late_ms = max((each.generator["late_ms_p99"] for each in loads), default=0.0)
    if late_ms > most_late_ms:
        found.append(f"the generator was {late_ms:.0f} ms late (P99)")
    for part, told in (("others", "other programs used"), ("stolen", "the host withheld")):
        share = max((each.machine[part] for each in loads), default=0.0)
        if share > OTHERS_SHARE:
            found.append(f"{told} {100 * share:.0f} % of the machine")
    faulty = sum(each.outcome.samples.get("faulty", 0) for each in loads)
    if faulty:
        found.append(f"{faulty} sampled answers are wrong")
    return found


def measure(
    load: Load, root_pid: int, send: Callable[[Load], Outcome] = offer, standin_pid: int | None = None
) -> Measured:
    """Offer the load and measure the system below `root_pid` meanwhile, and the stand-in beside it where there is one."""
    meter, before = processes.CpuMeter(root_pid), psutil.cpu_times()
    beside = None if standin_pid is None else processes.CpuMeter(standin_pid)
    outcome = send(load)
    after, spent_ms = psutil.cpu_times(), meter.spent_ms()
    standin_ms = sum(beside.spent_ms().values()) if beside is not None else 0.0
    tools_s = {"generator": outcome.cpu_s} | ({"standin": standin_ms / 1000.0} if beside is not None else {})
    machine = _machine(before, after, spent_ms, tools_s)
    return Measured(outcome, spent_ms, machine, load.due_s, standin_ms)


def per_second(measured: Measured) -> Series:
    """By the second in which queries were due: offered, completed, failed, P50 and P95 of the answered ones (None without).

    `failed` leaves out what the service calls the caller's fault (4xx but 429).
    """
    outcome = measured.outcome
    seconds = math.floor(measured.due_s[-1]) + 1 if measured.due_s else 0
    answered: list[list[float]] = [[] for _ in range(seconds)]
    offered, failed = [0] * seconds, [0] * seconds
    for due_s, code, ms in zip(measured.due_s, outcome.codes, outcome.latencies_ms, strict=True):
        offered[int(due_s)] += 1
        if code == ANSWERED:
            answered[int(due_s)].append(ms)
        elif code in REFUSED or not code.startswith("4"):
            failed[int(due_s)] += 1
    found = [record.quantiles(each) for each in answered]
    return {
        "offered": [*offered], "completed": [len(each) for each in answered], "failed": [*failed],
        "p50_ms": [_tenth(each.get("p50")) for each in found], "p95_ms": [_tenth(each.get("p95")) for each in found],
    }  # fmt: skip


def cdf(latencies_ms: Sequence[float]) -> Series:
    """Latency below which each share of the answers lies: every 2 %, then P99, P99.9 and the slowest."""
    if not latencies_ms:
        return {}
    ordered = sorted(latencies_ms)
    shares = [step / _CDF_STEPS for step in range(1, _CDF_STEPS)] + [0.99, 0.999, 1.0]
    at = [ordered[max(0, math.ceil(share * len(ordered)) - 1)] for share in shares]
    return {"share": [*shares], "ms": [_tenth(each) for each in at]}


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _machine(
    before: Any, after: Any, spent_ms: Mapping[str, float], tools_s: Mapping[str, float]
) -> dict[str, float]:
    """Shares of all cores' time: busy at all, the measured system, what measures it, everybody else, withheld by the host."""
    spent = {name: getattr(after, name) - getattr(before, name) for name in after._fields}
    whole = sum(share for name, share in spent.items() if not name.startswith("guest")) or 1.0
    idle = spent["idle"] + spent.get("iowait", 0.0)
    stolen = spent.get("steal", 0.0)
    system_s = sum(spent_ms.values()) / 1000.0
    busy = whole - idle - stolen
    return {
        "busy": round(busy / whole, 4), "system": round(system_s / whole, 4),
        **{name: round(seconds / whole, 4) for name, seconds in tools_s.items()},
        "others": round(max(0.0, busy - system_s - sum(tools_s.values())) / whole, 4), "stolen": round(stolen / whole, 4),
    }  # fmt: skip
