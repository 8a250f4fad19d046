"""Runs one scenario from nothing to its record and plot."""

import importlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, assert_never

from rich.console import Console

from bench import burst, coldstart, faulty, ground, ladder, overload, passes, plots, record, steady
from bench.asking import Directory, Supply, directory_of
from bench.language_model import advised_system
from bench.options import Options
from bench.prompts import described
from bench.running import local_system
from bench.scenario import (
    ELSEWHERE,
    NAMES,
    Burst,
    Check,
    ColdStart,
    Faulty,
    Ladder,
    Overload,
    Passes,
    Scenario,
    Steady,
    load_scenario,
)
from bench.stand import Stand
from commands.failure import USAGE, CommandError
from deployments.local import registry
from deployments.standin.process import StandInProcess

_SERVED_ELSEWHERE = frozenset(("peers", "autoscaling", "batch"))


def run(options: Options, console: Console | None = None) -> Path:
    """Return the path of the record that the run wrote.

    Raises:
        CommandError: the scenario or its data cannot be used.
    """
    told = console or Console()
    if options.scenario in ELSEWHERE:
        return _run_elsewhere(options, told)
    scenario = load_scenario(options.scenario)
    told.print(f"[bold]{scenario.name}[/]: {scenario.question}", highlight=False)
    ground.prepare(options, told, vectors="vectors" in scenario.needs)
    folder = options.folder()
    if not (folder / "snapshots" / "CURRENT").exists():
        raise CommandError(f"{folder} holds no imported data; leave --data out to have a world made", USAGE)
    found = record.heading(scenario.name, record.data_of(folder), {})
    with _stand(scenario, options, told) as (stand, started_s):
        found |= _measured(stand, started_s)
    return _written(found, stand)


def verdict(checks: list[Check]) -> str:
    """ "held" when every check that is no goal did, "missed" when one did not."""
    return "held" if all(check.held or check.is_goal for check in checks) else "missed"


def available(name: str) -> bool:
    """Whether a scenario of that name can be run here."""
    if name not in ELSEWHERE:
        return name in NAMES
    try:
        return hasattr(importlib.import_module(ELSEWHERE[name]), "run")
    except ModuleNotFoundError:
        return False


def question(name: str) -> str:
    """What a scenario asks, in a line."""
    if name in ELSEWHERE:
        return (importlib.import_module(ELSEWHERE[name]).__doc__ or "").partition("\n")[0]
    return load_scenario(name).question


def _run_elsewhere(options: Options, console: Console) -> Path:
    if not available(options.scenario):
        raise CommandError(f"{options.scenario} is not here; `leads bench --list` names what is", USAGE)
    if options.scenario in _SERVED_ELSEWHERE:
        ground.prepare(options, console, vectors=False)
    module: Any = importlib.import_module(ELSEWHERE[options.scenario])
    path: Path = module.run(options)
    return path


@contextmanager
def _stand(scenario: Scenario, options: Options, console: Console) -> Iterator[tuple[Stand, float]]:
    """Start the system unless it runs, and prepare its requests; a cold start asks nothing beforehand."""
    cold = isinstance(scenario.shape, ColdStart)
    if cold and registry.system_of(options.folder()) is not None:
        raise CommandError(
            f"a system runs on {options.folder()}: a cold start needs it stopped (`leads down`)", USAGE
        )
    started_s = time.monotonic()
    with _system(scenario, options) as (state, standin):
        directory = Directory() if cold else directory_of(state.base_url)
        supply = Supply(scenario.requests, options.seed, directory, options.prompts())
        yield Stand(scenario, options, state, supply, console, standin), started_s


@contextmanager
def _system(
    scenario: Scenario, options: Options
) -> Iterator[tuple[registry.SystemState, StandInProcess | None]]:
    if scenario.endpoint is not None:
        with advised_system(scenario.endpoint, options) as advised:
            yield advised
        return
    with local_system(None, options.folder()) as state:
        yield state, None


def _measured(stand: Stand, started_s: float) -> dict[str, Any]:
    match stand.scenario.shape:
        case Steady() as shape:
            return steady.run(stand, shape)
        case Burst() as shape:
            return burst.run(stand, shape)
        case ColdStart() as shape:
            return coldstart.run(stand, shape, started_s)
        case Ladder() as shape:
            return ladder.run(stand, shape)
        case Overload() as shape:
            return overload.run(stand, shape)
        case Faulty() | Passes() as shape:
            return faulty.run(stand, shape) if isinstance(shape, Faulty) else passes.run(stand, shape)
        case _ as never:
            assert_never(never)


def _written(found: dict[str, Any], stand: Stand) -> Path:
    options, scenario = stand.options, stand.scenario
    checks: list[Check] = found.pop("checks")
    missing = [need for need in scenario.needs if not found["data"].get(need)]
    doubts = [*found.pop("doubts"), *(f"the data have no {need}" for need in missing)]
    found |= {
        "verdict": verdict(checks), "shortened": options.overrides(), "doubts": doubts,
        "checks": [asdict(check) for check in checks], "prompt_mix": described(scenario.requests.mix), "seed": options.seed,
    }  # fmt: skip
    path = record.write(options.record_name, found, options.records)
    plot = plots.draw(found, options.records / "plots" / f"{options.record_name}.png")
    _tell(stand.console, found, path, plot)
    return path


def _tell(console: Console, found: dict[str, Any], path: Path, plot: Path) -> None:
    for check in found["checks"]:
        mark = "held  " if check["held"] else "goal not reached " if check["is_goal"] else "MISSED"
        console.print(f"  {mark} {check['what']}: {check['value']:g} (limit {check['limit']:g})", highlight=False)  # fmt: skip
    for doubt in found["doubts"]:
        console.print(f"  [yellow]doubtful:[/] {doubt}", highlight=False)
    if found["shortened"]:
        console.print(f"  shortened: {found['shortened']}", highlight=False)
    console.print(f"  {path}\n  {plot}", highlight=False)
