"""`leads import` and `leads embed`: rows in, vectors, a new snapshot, served."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx2
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.first_snapshot import is_usable, snapshots_of
from commands.target import DataOption, Target, choose
from db.pool import PoolLimits, open_pool
from db.snapshot.additions import parted
from ingest.embeddings import embed_companies
from ingest.importers import FileReport, ImportReport, Kind, import_files
from ingest.indexing import build_when_free
from models.embedder import EmbedderConfig, open_encoder
from ranking.taxonomy import load_taxonomy
from ranking.types import Generation

_SERVED_TIMEOUT_S = 120.0
_POLL_S = 0.1
_STATEMENT_TIMEOUT_S = 600.0
_UNMAPPED_SHOWN = 8


def import_command(
    files: Annotated[list[Path], typer.Argument(help="JSONL, CSV or Parquet files.", show_default=False)],
    kind: Annotated[Kind | None, typer.Option(help="What the files hold.", show_default="guessed")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help="A column under another name.", show_default=False
        ),
    ] = None,
    embed: Annotated[bool, typer.Option(help="Compute vectors of new and changed companies.")] = True,
    wait: Annotated[bool, typer.Option(help="Return once the running server serves the rows.")] = True,
    data: DataOption = None,
) -> None:
    """Import companies, leads, snippets or outcomes; what cannot be used goes to FILE.rejects.jsonl with its reason."""
    _check(files)
    target = choose(data, None, os.environ)
    asyncio.run(_import(target, files, kind, _mapping(mapping or []), embed=embed, wait=wait))


def embed_command(data: DataOption = None) -> None:
    """Compute vectors of companies that have none yet, and serve them; an interrupted run goes on where it stopped."""
    target = choose(data, None, os.environ)
    asyncio.run(_embed_only(target))


async def _import(
    target: Target, files: list[Path], kind: Kind | None, mapping: dict[str, str], *, embed: bool, wait: bool
) -> None:
    with database_of(target) as dsn:
        await import_rows_and_publish(dsn, target, files, Console(), kind, mapping, embed=embed, wait=wait)


async def import_rows_and_publish(
    dsn: str,
    target: Target,
    files: list[Path],
    console: Console,
    kind: Kind | None = None,
    mapping: dict[str, str] | None = None,
    *,
    embed: bool = True,
    wait: bool = True,
) -> None:
    """Store the files' rows and serve them; vectors come after, in a second snapshot, because they take longest."""
    pool = await open_pool(dsn, PoolLimits(statement_timeout_s=_STATEMENT_TIMEOUT_S))
    try:
        report = await _import_rows(pool, files, kind, mapping or {})
        _show(console, report)
        if report.stored or not is_usable(snapshots_of(target.folder())):
            await _publish(pool, target, console, wait=wait)
        if embed and await _embed(pool):
            await _publish(pool, target, console, wait=wait)
    finally:
        await pool.close()


async def _embed_only(target: Target) -> None:
    console = Console()
    with database_of(target) as dsn:
        pool = await open_pool(dsn, PoolLimits(statement_timeout_s=_STATEMENT_TIMEOUT_S))
        try:
            if await _embed(pool):
                await _publish(pool, target, console, wait=True)
            else:
                console.print("All companies have vectors.")
        finally:
            await pool.close()


async def _import_rows(
    pool: asyncpg.Pool, files: list[Path], kind: Kind | None, mapping: dict[str, str]
) -> ImportReport:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as bars:
        tasks = {path: bars.add_task(path.name, total=None) for path in files}
        return await import_files(
            pool,
            files,
            kind,
            mapping=mapping,
            progress=lambda step: bars.update(
                tasks[step.path], description=f"{step.path.name}: {step.stage}", completed=step.rows
            ),
        )


async def _embed(pool: asyncpg.Pool) -> int:
    """Compute what is missing; how many vectors were made."""
    if not await pool.fetchval("SELECT EXISTS (SELECT FROM companies WHERE embedding IS NULL)"):
        return 0
    encoder = open_encoder(EmbedderConfig(threads=max(1, (os.cpu_count() or 1) - 1)))
    columns = (TextColumn("vectors"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bars:
        task = bars.add_task("vectors", total=None)
        return await embed_companies(
            pool,
            encoder.encode,
            encoder.version,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )


async def _publish(pool: asyncpg.Pool, target: Target, console: Console, *, wait: bool) -> None:
    """Build a snapshot and, where a server runs and the caller waits, return once it serves it."""
    started_s = time.monotonic()
    with console.status("building the snapshot"):
        generation = await build_when_free(
            pool, snapshots_of(target.folder()), load_taxonomy(), clock=time.time
        )
    console.print(f"snapshot {generation} in {time.monotonic() - started_s:.1f} s")
    if wait and target.running is not None:
        with console.status("waiting for the server to serve it"):
            await asyncio.to_thread(wait_until_served, target.base_url(), generation)
        console.print("served")


def wait_until_served(base_url: str, generation: Generation) -> None:
    """Return once `/readyz` names this generation.

    Raises:
        CommandError: not within two minutes.
    """
    give_up_at = time.monotonic() + _SERVED_TIMEOUT_S
    while time.monotonic() < give_up_at:
        try:
            served = httpx2.get(f"{base_url}/readyz", timeout=5.0).json().get("generation", "")
            if parted(served)[0] == generation:
                return
        except (httpx2.HTTPError, ValueError):
            pass  # a restarting server answers again or the time runs out
        time.sleep(_POLL_S)
    raise CommandError(f"{base_url} does not serve snapshot {generation}; see its logs")


def _check(files: list[Path]) -> None:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}", USAGE)


def _mapping(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    wrong = [pair for pair, (field, _, column) in zip(pairs, split, strict=True) if not (field and column)]
    if wrong:
        raise CommandError(f"--map {wrong[0]}: must look like FIELD=COLUMN", USAGE)
    return {field: column for field, _, column in split}


def _show(console: Console, report: ImportReport) -> None:
    table = Table("file", "kind", "rows in", "stored", "unchanged", "rejected", "rejects")
    for file in report.files:
        counts = (f"{number:,}" for number in (file.rows, file.stored, file.unchanged, file.rejected))
        table.add_row(
            file.path.name, file.kind, *counts, file.rejects_path.name if file.rejects_path else "-"
        )
    console.print(table)
    console.print(
        f"rows in {report.rows:,} = stored {report.stored:,} + unchanged {report.unchanged:,} + rejected {report.rejected:,}"
    )
    if report.merged:
        console.print(f"{report.merged:,} company records are duplicates of another and merged into it")
    for file in report.files:
        _show_remarks(console, file)


def _show_remarks(console: Console, file: FileReport) -> None:
    for (field, reason), count in file.reasons.items():
        console.print(f"  {file.path.name}: {count:,} x {field}: {reason}", highlight=False)
    for note, count in file.notes.items():
        console.print(f"  {file.path.name}: {count:,} x {note}", highlight=False)
    if file.ignored_columns:
        console.print(
            f"  {file.path.name}: columns not used: {', '.join(file.ignored_columns)}", highlight=False
        )
    if file.unmapped:
        most = list(file.unmapped.items())[:_UNMAPPED_SHOWN]
        listed = ", ".join(f"{field} {value!r} ({count:,})" for (field, value), count in most)
        console.print(
            f"  {file.path.name}: {len(file.unmapped):,} values kept as they are: {listed} …", highlight=False
        )
