"""The scenario `peers`: every server on the same grid of rates with the same prompts, in turn and then in reverse order."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import httpx2

from bench import processes, record
from bench.arrivals import Load, due_times, offer
from bench.options import Options
from bench.peers import ladder, overlap, ratios, retrieval
from bench.peers.hosting import WORKERS, Served, serving
from bench.peers.ladder import Step
from bench.prompts import Prompts
from bench.scenario import Check

SERVERS = ("ours", "defaults", "fastapi", "litserve", "plain")
TARGETS = {"defaults": 5.0, "fastapi": 3.0, "plain": 0.5}
OUR_OWN = ("defaults", "plain")
LOWEST_QPS, HIGHEST_QPS, SPACING = 4.0, 1_100.0, 1.1
FIRST_QPS = {"ours": 250.0, "defaults": 40.0, "fastapi": 26.0, "litserve": 32.0, "plain": 600.0}
COMMON_QPS = 8.0
ROUNDS = 2
_SECONDS, _COMMON_S, _WARM_UP_S = 5.0, 5.0, 3.0
_COMPARED = 30
_TIMEOUT_S = 4.0  # ten times what is held: later answers change nothing, and waiting for them takes time
_DRAIN_S, _SOON_S, _SOON_IN_A_ROW = 15.0, 0.2, 4
_JSON = {"Content-Type": "application/json"}
_ASK_TIMEOUT_S = 60.0
_LIMIT = 25
_NO_SAMPLE = 1_000_000  # answers are compared here, in full, before the load
_PACKAGES = (*record.SERVING_PACKAGES, "litserve", "uvicorn", "sentence-transformers", "tantivy")


class Supply:
    """The prompts of all servers: each takes them from the first on, so that all are asked the same."""

    def __init__(self, seed: int, world: Path | None) -> None:
        self._more = Prompts(seed, world=world)
        self._taken: list[str] = []

    def span(self, first: int, count: int) -> list[str]:
        """Prompts first, first + 1, ...; no two of all parse alike."""
        missing = first + count - len(self._taken)
        self._taken += [each.prompt for each in self._more.take(max(0, missing))]
        return self._taken[first : first + count]


@dataclass(frozen=True, slots=True)
class Visit:
    """One server's turn: its answers to the compared prompts, the load at the common rate, and the steps of its climb."""

    answers: list[dict[str, Any]]
    common: Step
    steps: tuple[Step, ...]


class Turn:
    """The loads on one running server."""

    def __init__(self, server: Served, supply: Supply, seconds: float, seed: int) -> None:
        self._server, self._supply, self._seconds, self._seed = server, supply, seconds, seed
        self._rates = ladder.grid(LOWEST_QPS, HIGHEST_QPS, SPACING)
        self._asked = _COMPARED
        self.steps: list[Step] = []

    def visit(self, as_of: str, first_qps: float, report: Callable[[str], None]) -> Visit:
        """Compare, warm up, measure at the common rate, climb."""
        answers = ask(self._server.base_url, self._supply.span(0, _COMPARED), as_of)
        self._load(COMMON_QPS, _WARM_UP_S, place=-1)
        common = self._load(COMMON_QPS, min(self._seconds, _COMMON_S), place=-1)
        report(f"common {_told(common)}")

        def holds_at(place: int) -> bool:
            self.steps.append(self._load(self._rates[place], self._seconds, place))
            report(_told(self.steps[-1]))
            if not self.steps[-1].holds:
                drain(self._server.base_url, self._supply.span(0, _COMPARED))
            return self.steps[-1].holds

        start = min(range(len(self._rates)), key=lambda place: abs(self._rates[place] - first_qps))
        ladder.highest(len(self._rates), holds_at, start)
        return Visit(answers, common, tuple(self.steps))

    def _load(self, rate_qps: float, seconds: float, place: int) -> Step:
        count = max(1, round(rate_qps * seconds))
        prompts = self._supply.span(self._asked, count)
        self._asked += count
        meter = processes.CpuMeter(self._server.pid)
        load = Load(
            self._server.base_url, [_body(prompt) for prompt in prompts], due_times(count, rate_qps, self._seed + count),
            timeout_s=_TIMEOUT_S, sample_every=_NO_SAMPLE,
        )  # fmt: skip
        outcome = offer(load)
        cpu_ms = processes.per_query(meter.spent_ms(), count)
        failed = outcome.offered - outcome.completed + len(outcome.degraded)
        latencies_ms = outcome.answered_ms()
        figures = {
            "offered_qps": rate_qps, "offered": outcome.offered, "completed": outcome.completed, "errors": outcome.errors,
            "degraded": len(outcome.degraded), "latency_ms": record.quantiles(latencies_ms), "cpu_ms_per_query": cpu_ms,
            "holds": ladder.holds(latencies_ms, failed, outcome.offered),
            "generator_cpu_ms_per_query": round(1000.0 * outcome.cpu_s / count, 3),
            "latest_start_ms": max(outcome.late_ms, default=0.0),
        }  # fmt: skip
        return Step(place, rate_qps, outcome.offered, failed, latencies_ms, cpu_ms, figures)


def run(options: Options) -> Path:
    """Return the path of the record."""
    data = options.folder()
    supply = Supply(options.seed, options.prompts())
    as_of = datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()
    load = {
        "kind": "open", "grid_qps": [LOWEST_QPS, HIGHEST_QPS, SPACING], "seconds": options.seconds or _SECONDS,
        "rounds": ROUNDS, "limit": _LIMIT, "unique_share": 1.0, "seed": options.seed,
    }  # fmt: skip
    found = record.heading("peers", record.data_of(data), load, _PACKAGES)
    started_s = time.monotonic()
    legs = retrieval.compare(data, supply.span(0, retrieval.PROMPTS), options.seed, _say)
    visits = _rounds(data, supply, options, as_of)
    found |= account(visits, options.seed) | {
        "retrieval_leg": legs,
        "workers_per_peer": WORKERS,
        "took_s": round(time.monotonic() - started_s),
    }
    held = checks(found)
    found |= {
        "checks": [asdict(check) for check in held], "shortened": options.overrides(), "seed": options.seed,
        "verdict": "held" if all(check.held for check in held) else "missed",
    }  # fmt: skip
    path = record.write(options.record_name, found, options.records)
    _say(f"{path}\n{json.dumps(found['ratios'], indent=1)}")
    return path


def _rounds(data: Path, supply: Supply, options: Options, as_of: str) -> dict[str, list[Visit]]:
    """Every server in turn, the next time in reverse; a climb begins where the one before ended."""
    visits: dict[str, list[Visit]] = {name: [] for name in SERVERS}
    first_qps = dict(FIRST_QPS)
    for number in range(ROUNDS):
        for name in SERVERS if number % 2 == 0 else reversed(SERVERS):
            with serving(name, data) as server:
                turn = Turn(server, supply, options.seconds or _SECONDS, options.seed)
                visit = turn.visit(as_of, first_qps[name], partial(_say_of, name))
            visits[name].append(visit)
            first_qps[name] = ratios.held([visit.steps]) or LOWEST_QPS
    return visits


def account(visits: Mapping[str, Sequence[Visit]], seed: int) -> dict[str, Any]:
    """What the record says of all servers: rates held, ratios with intervals, likeness of the answers, and every step."""
    steps = {name: [visit.steps for visit in each] for name, each in visits.items()}
    measured = [
        {"server": name, "round": number, "at": at, **step.record}
        for name, each in visits.items()
        for number, visit in enumerate(each, start=1)
        for at, step in chain([("common rate", visit.common)], (("climb", step) for step in visit.steps))
    ]
    errors: dict[str, int] = {}
    for step in measured:
        for code, count in step["errors"].items():
            errors[code] = errors.get(code, 0) + count
    others = [name for name in visits if name != "ours"]
    found = {name: ratios.ratio(steps["ours"], steps[name], LOWEST_QPS, SPACING, seed) for name in others}
    return {
        "offered": sum(step["offered"] for step in measured), "completed": sum(step["completed"] for step in measured),
        "errors": errors,
        "held_means": {"p95_ms_below": ladder.P95_MS, "failed_share_at_most": ladder.ERROR_SHARE, "grid_spacing": SPACING},
        "highest_held_qps": {name: _held(each) for name, each in visits.items()},
        "cpu_ms_per_query_at_highest": {name: _cpu_at_highest(each) for name, each in steps.items()},
        "common_rate": {name: _common(each) for name, each in visits.items()},
        "ratios": {
            f"ours/{name}": None if each is None else asdict(each) | {"target": TARGETS.get(name)}
            for name, each in found.items()
        },
        "same_answers": {
            name: asdict(overlap.compared(visits["ours"][0].answers, visits[name][0].answers)) for name in others
        },
        "steps": measured,
    }  # fmt: skip


def checks(found: Mapping[str, Any]) -> list[Check]:
    """What must hold of an account: each ratio its target, and our own graph and pipeline elsewhere our own answers."""
    ratio_of = {
        name: found["ratios"][f"ours/{name}"] for name in TARGETS if f"ours/{name}" in found["ratios"]
    }
    return [
        Check.least(f"times the rate of {name}", 0.0 if each is None else each["value"], TARGETS[name])
        for name, each in ratio_of.items()
    ] + [
        Check.least(f"answers of {name} equal to ours", each["equal"] / each["prompts"], 1.0)
        for name, each in found["same_answers"].items()
        if name in OUR_OWN
    ]


def ask(base_url: str, prompts: Sequence[str], as_of: str) -> list[dict[str, Any]]:
    """The answers to some prompts, one after the other, as of one moment."""
    with httpx2.Client(timeout=_ASK_TIMEOUT_S) as client:
        answers = []
        for prompt in prompts:
            response = client.post(
                f"{base_url}/query",
                content=_body(prompt, as_of=as_of),
                headers=_JSON,
            )
            response.raise_for_status()
            answers.append(response.json())
    return answers


def drain(base_url: str, prompts: Sequence[str]) -> None:
    """Wait until a server has worked off what it still holds of an overload: a few answers in a row come soon again."""
    give_up_at = time.monotonic() + _DRAIN_S
    soon = 0
    with httpx2.Client(timeout=_DRAIN_S) as client:
        for prompt in cycle(prompts):
            started_s = time.monotonic()
            if soon == _SOON_IN_A_ROW or started_s > give_up_at:
                return
            try:
                client.post(f"{base_url}/query", content=_body(prompt), headers=_JSON)
            except httpx2.TransportError:
                soon = 0
                continue
            soon = soon + 1 if time.monotonic() - started_s < _SOON_S else 0


def _body(prompt: str, **options: str) -> str:
    told = {"deadline_ms": 5_000, "llm": "never", **options}
    return json.dumps({"query": prompt, "limit": _LIMIT, "options": told}, ensure_ascii=False)


def _held(visits: Sequence[Visit]) -> dict[str, Any]:
    rounds = [ratios.held([visit.steps]) for visit in visits]
    return {"mean": round(sum(rounds) / len(rounds), 2), "rounds": rounds}


def _cpu_at_highest(rounds: Sequence[Sequence[Step]]) -> dict[str, float] | None:
    """CPU per query of the highest step that held, of all rounds; None where none did."""
    held = [step for steps in rounds for step in steps if step.holds]
    return dict(max(held, key=lambda step: step.rate_qps).cpu_ms) if held else None


def _common(visits: Sequence[Visit]) -> dict[str, Any]:
    latencies_ms = [ms for visit in visits for ms in visit.common.latencies_ms]
    return {
        "offered_qps": COMMON_QPS, "latency_ms": record.quantiles(latencies_ms),
        "cpu_ms_per_query": [visit.common.cpu_ms["total"] for visit in visits],
    }  # fmt: skip


def _told(step: Step) -> str:
    p95_ms = record.quantiles(list(step.latencies_ms)).get("p95", float("nan"))
    state = "holds" if step.holds else "does not hold"
    return (
        f"{step.rate_qps:6.1f}/s  P95 {p95_ms:8.1f} ms  failed {step.failed:4d} of {step.offered}  "
        f"CPU {step.cpu_ms['total']:7.2f} ms  {state}"
    )


def _say_of(name: str, told: str) -> None:
    _say(f"  {name:9s} {told}")


def _say(told: str) -> None:
    print(told, flush=True)
