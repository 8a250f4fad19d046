"""`leads train`: a booster from outcomes and from what the language model said."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.feedback import PowerOption, trained_on_feedback
from commands.first_snapshot import snapshots_of
from commands.target import DataOption, Target, choose
from configs.schema import DEFAULT_BOOSTER
from db.pool import open_pool
from db.statements import load
from deployments.inprocess import open_in_process
from deployments.llm.evidence import product_key
from models.artefacts import BOOSTER
from models.booster import BoosterModel
from models.distilling import TooLittle, digest, distil
from models.feedback_log import Reward
from models.judged_rows import JudgedRows, Lists
from models.outcome_rows import OutcomeEvent, examples
from models.promotion import OF_PARENT
from models.registry import REGISTRY_FOLDER, ModelRegistry
from models.training import TrainedBooster, TrainingRows, area_under_curve, save, train
from models.training_set import Example, collect
from ranking.config import RankingConfig
from ranking.errors import ArtifactError
from ranking.features import schema_hash
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy

_SEED = 7


@dataclass(frozen=True, slots=True)
class Stored:
    """What is to be learned from."""

    outcomes: Sequence[OutcomeEvent]
    judged: JudgedRows


def train_command(
    labels: Annotated[
        Path | None,
        typer.Option(help="Outcomes as JSONL, instead of all that is stored.", show_default=False),
    ] = None,
    judgements: Annotated[
        bool, typer.Option(help="Learn from stored judgements of the language model too.")
    ] = True,
    feedback: Annotated[
        Reward | None,
        typer.Option(
            help="Learn from what customers clicked or bought of their lists, and discount where it stood.",
            show_default=False,
        ),
    ] = None,
    place_power: PowerOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the artefact.", show_default="DATA/artefacts")
    ] = None,
    data: DataOption = None,
) -> None:
    """Train the booster on outcomes (what was shown and what was bought of it) and on what the language model said."""
    target = choose(data, None, os.environ)
    console = Console()
    root = out or target.folder() / REGISTRY_FOLDER
    serving = ModelRegistry(root, DEFAULT_BOOSTER).serving()
    if labels is not None and feedback is not None:
        raise CommandError(
            "--labels and --feedback exclude each other: a file of labels says no places", USAGE
        )
    try:
        if feedback is not None:
            model = BoosterModel(serving)
            trained, data_hash = trained_on_feedback(
                target, feedback, place_power, _SEED, model.probability, console
            )
        else:
            trained, data_hash = _of_outcomes(target, labels, judgements, console)
    except ValueError as err:
        raise CommandError(f"cannot train: {err}", USAGE) from err
    trained, parent = _beside(trained, serving, console)
    folder = save(trained, data_hash, root, code_version(), datetime.now(UTC), parent)
    for name, value in trained.metrics.items():
        console.print(f"{name:>24}  {value:.4g}", highlight=False)
    console.print(f"artefact {folder}", highlight=False)
    version = folder.name.removeprefix(f"{BOOSTER}-")
    console.print(f"a candidate: `leads models promote {version}`, or `shadow` first", highlight=False)


def _of_outcomes(
    target: Target, labels: Path | None, judgements: bool, console: Console
) -> tuple[TrainedBooster, str]:
    stored = (
        asyncio.run(_stored(target)) if labels is None else Stored(read_outcomes(labels), JudgedRows.of([]))
    )
    rows, lists = asyncio.run(_rows(target, stored.outcomes, console))
    return _trained(rows, lists, stored.judged if judgements else JudgedRows.of([]), console)


def _beside(trained: TrainedBooster, serving: Path, console: Console) -> tuple[TrainedBooster, str | None]:
    """The same with what serves asked about the same held-out rows, and the version that serves; None where that cannot be used here.

    It may have learned from some of them: then it looks better than it is, and a promotion is refused too often, never too seldom.
    """
    try:
        model = BoosterModel(serving)
    except ArtifactError as err:
        console.print(f"not compared with what serves: {err.artifact} {err.reason}", highlight=False)
        return trained, None
    held_out = trained.held_out
    if held_out is None or not held_out.labels.any() or held_out.labels.all():
        return trained, model.version
    of_parent = area_under_curve(model.probability(held_out.features), held_out.labels)
    return replace(trained, metrics={**trained.metrics, OF_PARENT: of_parent}), model.version


def _trained(
    rows: TrainingRows, lists: Lists, judged: JudgedRows, console: Console
) -> tuple[TrainedBooster, str]:
    """The booster and the digest of what it was made from; without enough judgements outcomes alone, and that is said."""
    if len(judged):
        try:
            return distil(rows, lists, judged, _SEED), digest(rows, judged)
        except TooLittle as err:
            console.print(f"outcomes alone: {err}", highlight=False)
    return train(rows, _SEED), rows.digest()


def code_version() -> str:
    """The checked-out commit, or "unknown" outside a repository."""
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - whatever git the user has
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


async def _rows(
    target: Target, events: Iterable[OutcomeEvent], console: Console
) -> tuple[TrainingRows, Lists]:
    taxonomy, config = load_taxonomy(), RankingConfig()
    shown: list[Example] = examples(events, lambda prompt: parse(prompt, taxonomy))
    world = open_in_process(snapshots_of(target.folder()), taxonomy, config)
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("features", total=len(shown))
        rows = await collect(
            shown, world.ports(), config, time.monotonic, lambda done: bars.update(task, completed=done)
        )
    return rows, Lists([product_key(each.query.product) for each in shown], [each.as_of_s for each in shown])


async def _stored(target: Target) -> Stored:
    statements = load()
    with database_of(target) as dsn:
        pool = await open_pool(dsn)
        try:
            outcomes = await pool.fetch(statements["outcomes_with_prompts"])
            judged = await pool.fetch(statements["labels_to_learn"], schema_hash())
        finally:
            await pool.close()
    return Stored([OutcomeEvent(**dict(record)) for record in outcomes], JudgedRows.of(judged))


def read_outcomes(path: Path) -> list[OutcomeEvent]:
    """The outcomes of a JSONL file.

    Raises:
        CommandError: a line is none, named by its number.
    """
    events = []
    for number, line in enumerate(path.read_text(encoding="utf8").split("\n"), start=1):
        if line.strip():
            events.append(_event(path, number, line))
    return events


def _event(path: Path, number: int, line: str) -> OutcomeEvent:
    try:
        row = json.loads(line)
        at = datetime.fromisoformat(row["occurred_at"])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        label = row.get("label")
        return OutcomeEvent(
            row["prompt"], row["company_id"], row["event"], at, None if label is None else bool(label)
        )
    except (ValueError, KeyError, TypeError) as err:
        raise CommandError(
            f"{path}:{number}: not an outcome with prompt, company_id, event, occurred_at ({err})", USAGE
        ) from err
