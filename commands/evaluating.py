"""`leads evaluate`: how good the ranking is, beside what anybody could do without it, with intervals."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from commands.failure import USAGE, CommandError
from commands.first_snapshot import snapshots_of
from commands.target import DataOption, choose
from commands.training import read_outcomes
from configs.schema import DEFAULT_BOOSTER
from deployments.inprocess import open_in_process
from models.booster import BoosterModel
from ranking.config import RankingConfig
from ranking.taxonomy import load_taxonomy

_ROOT = str(Path(__file__).parents[1])
_SHOWN = ("precision_at_25", "ndcg_at_10", "ndcg_at_25")


def evaluate_command(
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Outcomes as JSONL: who was shown and who bought.", show_default="a world's purchases"
        ),
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Synthetic world that was imported.", show_default="DATA/world"),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Only prompts in this language; repeatable.")
    ] = None,
    booster: Annotated[Path, typer.Option(metavar="DIR", help="Artefact that is judged.")] = DEFAULT_BOOSTER,
    final: Annotated[
        bool, typer.Option(help="Judge the held-out half, too; not while anything is being tuned.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 7,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the record and its plot go.", show_default="printed only"),
    ] = None,
    data: DataOption = None,
) -> None:
    """Judge the ranking on purchases that it has not seen: precision, discounted gain, reach and calibration, with intervals."""
    if _ROOT not in sys.path:  # the benches are of the repository, not of the installed package
        sys.path.insert(0, _ROOT)
    from bench import record  # noqa: PLC0415
    from bench.evaluation import cases, plots, run  # noqa: PLC0415 - imports matplotlib, which only this needs

    folder = choose(data, None, os.environ).folder()
    taxonomy, model, console = load_taxonomy(), BoosterModel(booster), Console(width=160)
    files = world or folder / "world"
    if labels is not None:
        judged, truth, digest = (
            cases.outcome_cases(read_outcomes(labels), taxonomy),
            f"outcomes of {labels.name}",
            "",
        )
    elif (files / "truth.jsonl").exists():
        judged, digest = cases.world_cases(files, taxonomy, language or ()), run.world_sha256(files)
        truth = "purchases of the synthetic world within 90 days"
    else:
        raise CommandError(
            f"no truth in {files}: name a world with --world, or outcomes with --labels", USAGE
        )
    judged = [each for each in judged if final or each.half == "tuning"]
    if not judged:
        raise CommandError("there is no prompt to judge", USAGE)
    system = open_in_process(snapshots_of(folder), taxonomy, RankingConfig(), model)
    ground = run.Ground(system, folder, truth, digest, taxonomy.version, model.version)
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("prompts", total=len(judged))
        found, _ = run.evaluate(ground, judged, seed, progress=lambda done: bars.update(task, completed=done))
    _show(found, console)
    if out is not None:
        path = record.write(out.stem, found, out.parent)
        console.print(path, plots.draw(found, out.parent / "plots" / f"{out.stem}.png"), highlight=False)


def _show(found: dict[str, Any], console: Console) -> None:
    """One line per variant; the held-out half last."""
    halves = [half for half in ("tuning", "final") if found["halves"][half]["prompts"]]
    table = Table("ranking", box=None)
    for half in halves:
        for measure in _SHOWN:
            table.add_column(f"{half} {measure}", justify="right")
        table.add_column(f"{half} better", justify="right")
    for name, row in found["variants"].items():
        cells = []
        for half in halves:
            cells += [f"{row[half][each]['mean']:.3f} ±{_half_width(row[half][each]):.3f}" for each in _SHOWN]
            gain = row[half].get("precision_at_25_gain")
            cells.append(f"{gain['better']:.2f}" if gain else "")
        table.add_row(name, *cells)
    console.print(table)
    for half in halves:
        size, reach = found["halves"][half], found["reach"][half]
        console.print(
            f"{half}: {size['prompts']} prompts of {size['products']} products; of their buyers "
            f"{reach['admitted']['mean']:.2f} are admitted, {reach['pool']['mean']:.2f} in the pool", highlight=False,
        )  # fmt: skip


def _half_width(interval: dict[str, float]) -> float:
    return (interval["high"] - interval["low"]) / 2.0
