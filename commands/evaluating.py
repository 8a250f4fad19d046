"""`leads evaluate`: how good the ranking is, beside what anybody could do without it, with intervals."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from commands.failure import USAGE, CommandError
from commands.feedback import PowerOption, RewardOption
from commands.feedback_reports import report_counterfactual, report_interleaving
from commands.first_snapshot import snapshots_of
from commands.target import DataOption, choose
from commands.training import read_outcomes
from configs.schema import DEFAULT_BOOSTER
from deployments.inprocess import open_in_process
from models.booster import BoosterModel
from ranking.config import RankingConfig
from ranking.counterfactual import Terms
from ranking.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from bench.evaluation import cases, run

_ROOT = str(Path(__file__).parents[1])
_TERMS = Terms()
_SHOWN = ("precision_at_25", "ndcg_at_10", "ndcg_at_25")


LabelsOption = Annotated[
    Path | None,
    typer.Option(help="Outcomes as JSONL: who was shown and who bought.", show_default="a world's purchases"),
]
WorldOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Synthetic world that was imported.", show_default="DATA/world"),
]
RealOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder of public sets: judge single legs on real truth instead.",
        show_default=False,
    ),
]
LanguageOption = Annotated[list[str] | None, typer.Option(help="Only prompts in this language; repeatable.")]
BoosterOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Artefact that is judged.", show_default="the project's own")
]
FinalOption = Annotated[
    bool, typer.Option(help="Judge the held-out half, too; not while anything is being tuned.")
]
InterleavingOption = Annotated[
    bool, typer.Option("--interleaving", help="Judge the lists that two rankings have shared instead.")
]
CounterfactualOption = Annotated[
    bool,
    typer.Option(
        "--counterfactual",
        help="Value --booster under --numbers by the clicks on lists that were shown instead.",
    ),
]
NumbersOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The ranking's numbers as in `user_config`, YAML; of --counterfactual.",
        show_default=False,
    ),
]
CoverageOption = Annotated[
    float,
    typer.Option(
        min=0.5, max=1.0, help="Share of the first --top that must have been shown; of --counterfactual."
    ),
]
TopOption = Annotated[
    int, typer.Option(min=1, max=100, help="How much of a list is valued; of --counterfactual.")
]
OutOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where the record and its plot go.", show_default="printed only"),
]


def evaluate_command(
    labels: LabelsOption = None,
    world: WorldOption = None,
    real: RealOption = None,
    language: LanguageOption = None,
    booster: BoosterOption = DEFAULT_BOOSTER,
    final: FinalOption = False,
    interleaving: InterleavingOption = False,
    counterfactual: CounterfactualOption = False,
    numbers: NumbersOption = None,
    reward: RewardOption = "click",
    place_power: PowerOption = None,
    least_coverage: CoverageOption = _TERMS.coverage,
    top: TopOption = _TERMS.k,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 7,
    out: OutOption = None,
    data: DataOption = None,
) -> None:
    """Judge the ranking on purchases that it has not seen: precision, discounted gain, reach and calibration, with intervals."""
    if _ROOT not in sys.path:  # the benches are of the repository, not of the installed package
        sys.path.insert(0, _ROOT)
    console = Console(width=160)
    if interleaving:
        report_interleaving(choose(data, None, os.environ), reward, console)
        return
    if counterfactual:
        terms = Terms(k=top, coverage=least_coverage)
        target = choose(data, None, os.environ)
        report_counterfactual(target, reward, place_power, booster, numbers, terms, seed, console)
        return
    if real is not None:
        _write(_on_real_truth(real, seed, console), out, console)
        return
    ground, judged = _on_purchases(
        choose(data, None, os.environ).folder(), labels, world, booster, tuple(language or ())
    )
    judged = [each for each in judged if final or each.half == "tuning"]
    if not judged:
        raise CommandError("there is no prompt to judge", USAGE)
    from bench.evaluation import run  # noqa: PLC0415

    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("prompts", total=len(judged))
        found, _ = run.evaluate(ground, judged, seed, progress=lambda done: bars.update(task, completed=done))
    _show(found, console)
    _write(found, out, console)


def _on_purchases(
    folder: Path, labels: Path | None, world: Path | None, booster: Path, languages: tuple[str, ...]
) -> tuple["run.Ground", list["cases.Case"]]:
    """The pipeline over a local system, and the prompts whose purchases are known."""
    from bench.evaluation import cases, run  # noqa: PLC0415

    taxonomy, model, files = load_taxonomy(), BoosterModel(booster), world or folder / "world"
    if labels is not None:
        judged, digest = cases.outcome_cases(read_outcomes(labels), taxonomy), ""
        truth = "purchases among companies that were shown, ranked as of the day of each list"
    elif (files / "truth.jsonl").exists():
        judged, digest = cases.world_cases(files, taxonomy, languages), run.world_sha256(files)
        truth = "purchases of a synthetic world within 90 days"
    else:
        raise CommandError(
            f"no truth in {files}: name a world with --world, or outcomes with --labels", USAGE
        )
    system = open_in_process(snapshots_of(folder), taxonomy, RankingConfig(), model)
    return run.Ground(system, folder, truth, digest, taxonomy.version, model.version), judged


def _on_real_truth(folder: Path, seed: int, console: Console) -> dict[str, Any]:
    from bench.evaluation import real  # noqa: PLC0415 - imports onnxruntime, which only this needs

    found = real.evaluate(folder, seed, lambda name: console.print(name, highlight=False))
    if len(found["absent"]) == len(real.NEEDED):
        raise CommandError(
            f"none of the public sets is in {folder}: {', '.join(real.NEEDED.values())}", USAGE
        )
    for name in found["absent"]:
        console.print(f"absent, not judged: {name} ({real.NEEDED[name]})", highlight=False)
    return found


def _write(found: dict[str, Any], out: Path | None, console: Console) -> None:
    """Write record and plot where a place for them was named."""
    if out is None:
        return
    from bench import record  # noqa: PLC0415
    from bench.evaluation import plots  # noqa: PLC0415 - imports matplotlib, which only this needs

    console.print(record.write(out.stem, found, out.parent), highlight=False)
    if "variants" in found:
        console.print(plots.draw(found, out.parent / "plots" / f"{out.stem}.png"), highlight=False)


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
