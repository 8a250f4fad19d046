"""A language model that fails: what queries notice of it, when the breaker opens, and when it is closed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import measuring, processes, record
from bench.arrivals import ANSWERED
from bench.asking import Batch
from bench.burst import totals
from bench.ladder import step_of
from bench.measuring import Measured
from bench.scenario import Check, Faulty, Holds
from bench.stand import Stand
from bench.steady import load_of
from bench.watching import Reading, Watch, grown, rates
from configs.llm import LlmArgs
from deployments.standin.behaviour import Behaviour

_OPEN, _CLOSED = 2.0, 0.0
_KINDS = ("off", "fault", "recovery")
_BREAKER = "leads_breaker_state"


@dataclass(frozen=True)
class Phase:
    """One load of the run; times are the watch's. `kind` is off, fault or recovery, `name` that and which of them.

    `seen`: what the stand-in did meanwhile. `counters`: by how much the service's own have grown.
    """

    kind: str
    name: str
    from_s: float
    to_s: float
    measured: Measured
    batch: Batch
    seen: Mapping[str, int]
    counters: Mapping[str, float]


def run(stand: Stand, shape: Faulty) -> dict[str, Any]:
    """Off and failing in turn, off, well again; `--seconds` makes each as long."""
    endpoint = stand.scenario.endpoint
    assert endpoint is not None
    assert stand.standin is not None
    rate_qps = stand.options.rate_qps or shape.rate_qps
    off_s, fault_s, recovery_s = (
        stand.options.seconds or each for each in (shape.off_s, shape.fault_s, shape.recovery_s)
    )
    well = endpoint.behaviour
    ill = well.model_copy(update={"faults": dict(shape.faults)})
    warm_up = stand.warm_up(rate_qps, off_s)
    with Watch(stand.state.base_url) as watch:
        phases = [_phase(stand, watch, "off", 1, rate_qps, off_s, well)]
        for turn in range(1, shape.turns + 1):
            phases.append(_phase(stand, watch, "fault", turn, rate_qps, fault_s, ill))
            phases.append(_phase(stand, watch, "off", turn + 1, rate_qps, off_s, ill))
        phases.append(_phase(stand, watch, "recovery", 1, rate_qps, recovery_s, well))
    window_s = LlmArgs.model_validate(endpoint.args).calls.breaker.window_s
    found = _figures(stand, phases, watch, window_s)
    return found | {
        "load": load_of(stand, phases[1].batch, rate_qps, fault_s) | {"warm_up": warm_up},
        "checks": _checks(stand.scenario.holds, phases, found, window_s, shape),
    }


def breaker_times(
    readings: Sequence[Reading], fault_from_s: float, well_from_s: float
) -> dict[str, float | None]:
    """Seconds from the beginning of the fault to the open breaker, and from its end to the breaker closed for good; None for never."""
    states = [(each.at_s, each.of(_BREAKER, "dependency").get("llm", _CLOSED)) for each in readings]
    opened = [at_s for at_s, state in states if at_s >= fault_from_s and state == _OPEN]
    after = [(at_s, state) for at_s, state in states if at_s >= well_from_s]
    not_closed = [at_s for at_s, state in after if state != _CLOSED]
    closed = [at_s for at_s, state in after if state == _CLOSED and (not not_closed or at_s > not_closed[-1])]
    return {
        "opened_after_s": round(opened[0] - fault_from_s, 1) if opened and opened[0] < well_from_s else None,
        "closed_again_after_s": round(closed[0] - well_from_s, 1) if closed else None,
    }


def p95_ms(loads: Sequence[Measured], from_s: float = 0.0) -> float:
    """P95 of all queries answered, but for those of the first load due before `from_s`; infinite without any."""
    late = [
        ms
        for place, measured in enumerate(loads)
        for due_s, code, ms in zip(
            measured.due_s, measured.outcome.codes, measured.outcome.latencies_ms, strict=True
        )
        if (place or due_s >= from_s) and code == ANSWERED
    ]
    return record.quantiles(late).get("p95", float("inf"))


def _phase(
    stand: Stand, watch: Watch, kind: str, turn: int, rate_qps: float, seconds: float, behaviour: Behaviour
) -> Phase:
    assert stand.standin is not None
    name = kind if turn == 1 else f"{kind} {turn}"
    due_s = stand.due_times(rate_qps, seconds)
    batch = stand.supply.batch(len(due_s), llm="never" if kind == "off" else None)
    stand.standin.behave(behaviour)
    before, from_s, counted = stand.standin.seen(), watch.now_s, watch.look()
    measured = stand.send(batch, due_s)
    counters = grown(counted, watch.look())
    after = stand.standin.seen()
    seen = {what: count - before.get(what, 0) for what, count in after.items() if count != before.get(what)}
    told = record.quantiles(measured.outcome.answered_ms()).get("p95", float("nan"))
    stand.console.print(f"  {name}: P95 {told:.1f} ms, {measured.counts()}, stand-in {seen}", highlight=False)
    return Phase(kind, name, from_s, watch.now_s, measured, batch, seen, counters)


def _figures(stand: Stand, phases: Sequence[Phase], watch: Watch, window_s: float) -> dict[str, Any]:
    off, faults, recovery = ([each.measured for each in phases if each.kind == kind] for kind in _KINDS)
    steps = [_step(phase, stand) for phase in phases]
    times = breaker_times(watch.readings, phases[1].from_s, phases[-1].from_s)
    after_s = min(window_s, faults[0].due_s[-1] / 2.0)  # a shortened run has no such time
    ratio = p95_ms(faults, after_s) / p95_ms(off)
    own = {key: value for key, value in faults[-1].figures().items() if key not in {"errors", "degraded"}}
    return own | totals(steps) | {
        "p95_ms": {
            "off": p95_ms(off), "fault": p95_ms(faults),
            "fault after the breaker's window": p95_ms(faults, after_s), "recovery": p95_ms(recovery),
        },
        "p95_ratio": round(ratio, 4), "breaker": times | {"window_s": window_s},
        "standin_seen": {phase.name: dict(phase.seen) for phase in phases},
        "standin_cpu_ms": {phase.name: round(phase.measured.standin_ms) for phase in phases},
        "peak_rss_mib": processes.peak_rss_mib(stand.state.pid), "steps": steps,
        "per_second": _joined([measuring.per_second(phase.measured) for phase in phases]),
        "per_second_at": f"{', '.join(phase.name for phase in phases)} one after the other",
        "latency_cdf": measuring.cdf([ms for each in faults for ms in each.outcome.answered_ms()]),
        "timeline": timeline(watch, phases), "metrics_ms": record.quantiles(watch.took_ms),
        "doubts": measuring.doubts([phase.measured for phase in phases]),
    }  # fmt: skip


def timeline(watch: Watch, phases: Sequence[Phase]) -> dict[str, Any]:
    """Second by second: the breaker's state, calls by result, what was left out of answers and why; `missed` looks were not answered."""
    readings = watch.readings
    return {
        "at_s": [round(each.at_s, 2) for each in readings[1:]], "missed": watch.missed,
        "phases": {phase.name: [round(phase.from_s, 2), round(phase.to_s, 2)] for phase in phases},
        "breaker_state": [each.of(_BREAKER, "dependency").get("llm", _CLOSED) for each in readings[1:]],
        "calls_per_s": rates(readings, "leads_llm_calls_total", "result"),
        "degradations_per_s": rates(readings, "leads_degradations_total", "stage", "reason"),
    }  # fmt: skip


def _step(phase: Phase, stand: Stand) -> dict[str, Any]:
    rate_qps = phase.measured.outcome.offered / max(phase.measured.due_s[-1], 1e-3)
    mode = "never" if phase.kind == "off" else stand.supply.requests.llm
    return {"at": phase.name, "llm": mode, **step_of(rate_qps, phase.measured), "counters": phase.counters}


def _joined(series: Sequence[measuring.Series]) -> measuring.Series:
    return {name: [value for each in series for value in each[name]] for name in series[0]}


def _checks(
    holds: Holds, phases: Sequence[Phase], found: Mapping[str, Any], window_s: float, shape: Faulty
) -> list[Check]:
    failed = {code: count for code, count in found["errors"].items() if code.startswith("5")}
    other = sum(found["errors"].values()) - sum(failed.values())
    times = found["breaker"]
    opened_s, closed_s = times["opened_after_s"], times["closed_again_after_s"]
    never = float("inf")
    checks = [
        Check.below("5xx in all phases", sum(failed.values()), 0.0),
        Check.below("refused or lost in all phases", other, 0.0),
        Check.below("seconds until the breaker is open", never if opened_s is None else opened_s, window_s),
        Check.below(
            "seconds until it is closed again", never if closed_s is None else closed_s, shape.closed_again_s
        ),
        Check.below(
            "wrong answers in the sample",
            sum(phase.measured.outcome.samples.get("faulty", 0) for phase in phases), 0.0,
        ),
    ]  # fmt: skip
    if holds.p95_ratio is not None:
        ratio = Check.below("P95 while it fails over P95 without it", found["p95_ratio"], holds.p95_ratio)
        checks.insert(1, ratio)
    return checks
