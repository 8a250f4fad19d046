"""A step of load, low, high and low again, on a graph whose nodes may have one to three replicas (`leads bench autoscaling`).

The machine has two cores, so replicas win nothing here: what is shown is that they come and go with the load, without an error
and without a hand. The utilisation aimed at is set low for that, and reports are frequent, so that a step takes a
minute instead of ten.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench import measuring, record
from bench.arrivals import ANSWERED, Load, due_times
from bench.asking import Directory, Supply
from bench.capacity.replicas import Course, ReplicaCourse
from bench.measuring import Measured, measure
from bench.options import Options
from bench.running import free_port
from bench.scenario import Check, Requests
from commands import system
from commands.failure import USAGE, CommandError
from configs.schema import NODES
from deployments.local import registry

SERVE_YAML = Path(__file__).parents[2] / "configs" / "serve.yaml"
HIGH_QPS, LOW_SHARE = 40.0, 0.05  # two cores must bear the load and the start of replicas
LOW_S, HIGH_S, AFTER_S = 15.0, 60.0, 75.0
_WARM_UP = 20
_TIMEOUT_S = 10.0
MOST_REPLICAS = 3
_SCALING = {
    "min_replicas": 1, "max_replicas": MOST_REPLICAS, "upscale_delay_s": 2, "downscale_delay_s": 8, "metrics_interval_s": 2,
    "look_back_period_s": 6,
}  # fmt: skip
# Above what replicas use in the low phases (leaf 0.02, ingress 0.05), below what the high one causes (gbdt 0.08, other leaves 0.11,
# ingress 0.3): chosen to show scaling, not to serve.
_GOAL = {"target_utilisation": 0.06, "release_utilisation": 0.05, "drain_s": 1.0, "largest_step": 1}
_GOALS = {"ingress": _GOAL | {"target_utilisation": 0.22, "release_utilisation": 0.18}}


@dataclass(frozen=True)
class Phase:
    """One rate for so long."""

    name: str
    rate_qps: float
    seconds: float


def run(options: Options) -> Path:
    """Measure and write record and plot; return the record's path."""
    folder = options.folder()
    if not (folder / "snapshots" / "CURRENT").exists():
        raise CommandError(f"{folder} holds no imported data; `leads bench unique` makes some", USAGE)
    if registry.system_of(folder) is not None:
        raise CommandError(f"a system runs on {folder}; this scenario starts one with its own bounds", USAGE)
    phases = phases_of(options.rate_qps or HIGH_QPS, (options.seconds or HIGH_S) / HIGH_S)
    found = record.heading("autoscaling", record.data_of(folder), {})
    config = folder / "logs" / "autoscaling.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(yaml.safe_dump(configuration(SERVE_YAML)), "utf-8")
    state = system.start_detached(folder, free_port(), dashboard=False, config=config, judge=False)
    try:
        supply = Supply(Requests(), options.seed, Directory(), options.prompts())
        measure(_load(state.base_url, supply, due_times(_WARM_UP, 5.0, options.seed)), state.pid)
        with ReplicaCourse(state.pid, NODES) as watched:
            measured = measure(_load(state.base_url, supply, due_of(phases, options.seed)), state.pid)
        course = watched.course()
    finally:
        system.down(data=folder)
    found |= figures(measured, course, phases) | {"seed": options.seed, "shortened": options.overrides()}
    path = record.write(options.record_name, found, options.records)
    draw(found, options.records / "plots" / f"{options.record_name}.png")
    return path


def configuration(serve_yaml: Path) -> dict[str, Any]:
    """`serve_yaml` with room for more replicas of each node, and quick to use it."""
    document: dict[str, Any] = yaml.safe_load(serve_yaml.read_text("utf-8"))
    for node in document["applications"][0]["deployments"]:
        policy = {
            **node["autoscaling_config"]["policy"],
            "policy_kwargs": dict(_GOALS.get(node["name"], _GOAL)),
        }
        node["autoscaling_config"] = {**_SCALING, "policy": policy}
    return document


def phases_of(high_qps: float, stretch: float = 1.0) -> tuple[Phase, ...]:
    """Low, high and low again, each `stretch` times its usual time."""
    low_qps = max(1.0, LOW_SHARE * high_qps)
    return (
        Phase("before", low_qps, LOW_S * stretch), Phase("high", high_qps, HIGH_S * stretch),
        Phase("after", low_qps, AFTER_S * max(1.0, stretch)),
    )  # fmt: skip


def due_of(phases: tuple[Phase, ...], seed: int) -> list[float]:
    """Poisson arrivals of each phase in its own time, ascending."""
    due_s: list[float] = []
    start_s = 0.0
    for place, phase in enumerate(phases):
        times = due_times(round(2 * phase.rate_qps * phase.seconds) + 50, phase.rate_qps, seed + place)
        due_s += [start_s + each for each in times if each < phase.seconds]
        start_s += phase.seconds
    return due_s


def figures(measured: Measured, course: Course, phases: tuple[Phase, ...]) -> dict[str, Any]:
    """What the record says of the run."""
    checks = checks_of(measured, course)
    return measured.figures() | {
        "verdict": "held" if all(check.held for check in checks) else "missed",
        "checks": [asdict(check) for check in checks], "failed_at_s": _failures(measured), "doubts": measured.doubts(),
        "phases": [asdict(phase) | _latency(measured, start_s, phase.seconds) for phase, start_s in _starts(phases)],
        "scaling": _SCALING | {"goal": _GOAL, "goals": _GOALS}, "replicas": {"at_s": course.at_s, **course.replicas},
        "cpu_share": dict(course.cpu_share), "per_second": measuring.per_second(measured),
    }  # fmt: skip


def checks_of(measured: Measured, course: Course) -> list[Check]:
    """Some node had more replicas in between, every node has one at the end, and no query failed."""
    failed = measured.outcome.offered - measured.outcome.completed
    risen = [node for node, counts in course.replicas.items() if max(counts, default=0) > 1]
    still = [node for node in risen if course.replicas[node][-1] > 1]
    return [
        Check.least("nodes that had more than one replica", len(risen), 1),
        Check.below("nodes that have more than one replica at the end", len(still), 0),
        Check.below("failed queries", failed, 0),
        Check.below("answers with a stage skipped", len(measured.outcome.degraded), 0),
    ]


def draw(found: dict[str, Any], path: Path) -> Path:
    """Replicas of each node over time above the latency of the queries due then."""
    figure = Figure(figsize=(11.0, 7.0), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    at_s = found["replicas"]["at_s"]
    for place, node in enumerate(node for node in NODES if node in found["replicas"]):
        shifted = [count + 0.04 * place for count in found["replicas"][node]]
        above.step(at_s, shifted, where="post", label=node, linewidth=1.8)
    above.set(
        title="Replicas of each node (lines set apart a little)",
        ylabel="replicas",
        yticks=range(MOST_REPLICAS + 1),
    )
    above.legend(frameon=False, ncols=5, loc="lower center")
    series = found["per_second"]
    seconds = range(len(series["offered"]))
    p95_ms = [float("nan") if each is None else each for each in series["p95_ms"]]
    below.plot(seconds, p95_ms, label="P95 of a second, ms")
    below.set(title="Latency and load", xlabel="seconds", ylabel="ms", ylim=(0, None))
    twin = below.twinx()
    twin.fill_between(seconds, series["offered"], step="mid", alpha=0.2, label="offered")
    twin.set_ylabel("queries offered per second")
    below.legend(frameon=False, loc="upper right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    return path


def _load(base_url: str, supply: Supply, due_s: list[float]) -> Load:
    return Load(base_url, supply.batch(len(due_s)).bodies, due_s, timeout_s=_TIMEOUT_S)


def _failures(measured: Measured) -> dict[str, list[float]]:
    """When queries were due that failed, by code."""
    found: dict[str, list[float]] = {}
    for due_s, code in zip(measured.due_s, measured.outcome.codes, strict=True):
        if code != ANSWERED:
            found.setdefault(code, []).append(round(due_s, 1))
    return found


def _starts(phases: tuple[Phase, ...]) -> list[tuple[Phase, float]]:
    starts, start_s = [], 0.0
    for phase in phases:
        starts.append((phase, start_s))
        start_s += phase.seconds
    return starts


def _latency(measured: Measured, start_s: float, seconds: float) -> dict[str, Any]:
    outcome = measured.outcome
    ms = [
        latency
        for latency, code, due_s in zip(outcome.latencies_ms, outcome.codes, measured.due_s, strict=True)
        if code == ANSWERED and start_s <= due_s < start_s + seconds
    ]
    return {"latency_ms": record.quantiles(ms)}
