"""`leads train`: a booster from outcomes."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.first_snapshot import snapshots_of
from commands.target import DataOption, Target, choose
from db.pool import open_pool
from db.statements import load
from deployments.inprocess import open_in_process
from models.outcome_rows import OutcomeEvent, examples
from models.training import TrainingRows, save, train
from models.training_set import Example, collect
from ranking.config import RankingConfig
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy

_SEED = 7


def train_command(
    labels: Annotated[
        Path | None, typer.Option(help="Outcomes as JSONL, instead of the stored ones.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the artefact.", show_default="DATA/artefacts")
    ] = None,
    data: DataOption = None,
) -> None:
    """Train the booster on outcomes: what was shown and what was bought of it."""
    target = choose(data, None, os.environ)
    console = Console()
    events = _read(labels) if labels is not None else asyncio.run(_stored(target))
    rows = asyncio.run(_rows(target, events, console))
    try:
        trained = train(rows, _SEED)
    except ValueError as err:
        raise CommandError(f"cannot train: {err}", USAGE) from err
    folder = save(trained, rows.digest(), out or target.folder() / "artefacts", code_version(), datetime.now(UTC))
    for name, value in trained.metrics.items():
        console.print(f"{name:>16}  {value:.4g}", highlight=False)
    console.print(f"artefact {folder}", highlight=False)


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


async def _rows(target: Target, events: Iterable[OutcomeEvent], console: Console) -> TrainingRows:
    taxonomy, config = load_taxonomy(), RankingConfig()
    shown: list[Example] = examples(events, lambda prompt: parse(prompt, taxonomy))
    world = open_in_process(snapshots_of(target.folder()), taxonomy, config)
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("features", total=len(shown))
        return await collect(
            shown, world.ports(), config, time.monotonic, lambda done: bars.update(task, completed=done)
        )


async def _stored(target: Target) -> list[OutcomeEvent]:
    with database_of(target) as dsn:
        pool = await open_pool(dsn)
        try:
            records = await pool.fetch(load()["outcomes_with_prompts"])
        finally:
            await pool.close()
    return [OutcomeEvent(**dict(record)) for record in records]


def _read(path: Path) -> list[OutcomeEvent]:
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
