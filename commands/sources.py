"""`leads sources jobs` and `leads sources stacks`: public pages to snippets, written to a file or imported."""

import asyncio
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.importing import import_rows_and_publish
from commands.target import DataOption, choose
from db.pool import PoolLimits, open_pool
from ingest.importers.canonical import Canonicaliser
from ingest.importers.report import write_rejects
from ingest.importers.rows import Reject
from ingest.sources.known_companies import (
    CompanyDirectory,
    directory_from_database,
    directory_from_files,
)
from ingest.sources.mentions import Mention
from ingest.sources.observations import histories, read_observations
from ingest.sources.postings import SourceNames, Yield, attribute_postings, read_postings
from ingest.sources.stack_snippets import stack_snippet
from ingest.sources.stacks import compare
from ranking.taxonomy import load_taxonomy

_STATEMENT_TIMEOUT_S = 60.0
_REASONS_SHOWN = 12

sources = typer.Typer(
    no_args_is_help=True, help="Snippets from job boards and from observed technology stacks."
)
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write the snippets here.", show_default="imported"),
]


@sources.command("jobs")
def jobs(
    files: Annotated[
        list[Path], typer.Argument(help="Raw listings: JSONL, CSV or Parquet.", show_default=False)
    ],
    out: OutOption = None,
    companies: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Known companies in the import format.", show_default="the system's"
        ),
    ] = None,
    miner: Annotated[str, typer.Option(help="Who publishes the snippets.")] = "job-boards",
    prefix: Annotated[str, typer.Option(help="Put before the listings' own ids.")] = "job",
    item_url: Annotated[
        str, typer.Option(metavar="URL", help="Where a listing without address stands, {id} for its id.")
    ] = "",
    data: DataOption = None,
) -> None:
    """Turn listings into job postings of known companies; what is not used goes to FILE.rejects.jsonl with its reason."""
    _check([*files, *(companies or [])])
    canonical, now = Canonicaliser(load_taxonomy()), datetime.now(UTC)
    read = {path: read_postings(path, canonical, now) for path in files}
    mentions = [posting.mention for postings, _ in read.values() for posting in postings]
    directory = (
        directory_from_files(companies, canonical, now) if companies else _stored_companies(data, mentions)
    )
    names = SourceNames(miner, prefix, item_url)
    for postings, result in read.values():
        attribute_postings(postings, directory, canonical, names, result)
    console = Console(highlight=False)
    _show_yields(console, {path: result for path, (_, result) in read.items()}, out)
    _hand_over([record for _, result in read.values() for record in result.snippets], out, data, console)


@sources.command("stacks")
def stacks(
    old: Annotated[Path, typer.Argument(help="Earlier observations.", show_default=False)],
    new: Annotated[
        list[Path], typer.Argument(help="Later ones: a second look confirms a removal.", show_default=False)
    ],
    out: OutOption = None,
    miner: Annotated[str, typer.Option(help="Who publishes the snippets.")] = "tech-stacks",
    data: DataOption = None,
) -> None:
    """Tell what companies added, dropped and replaced between observations of their technology stacks."""
    files = [old, *new]
    _check(files)
    canonical, now = Canonicaliser(load_taxonomy()), datetime.now(UTC)
    read = {path: read_observations(path, canonical, now) for path in files}
    console = Console(highlight=False)
    for path, (_, rejects) in read.items():
        _write_rejects(console, path, out, rejects)
    records: list[dict[str, Any]] = []
    waiting = 0
    seen = (look for found, _ in read.values() for look in found)
    for looks in histories(seen).values():
        changes, pending = compare(looks, canonical.taxonomy)
        records += [stack_snippet(looks[-1], change, miner, canonical.taxonomy) for change in changes]
        waiting += len(pending)
    kinds = Counter(record["attributes"]["change"] for record in records)
    told = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items())) or "no changes"
    console.print(f"{told}; {waiting:,} technologies were missed once and wait for another look")
    _hand_over(records, out, data, console)


def _stored_companies(data: Path | None, mentions: Sequence[Mention]) -> CompanyDirectory:
    with database_of(choose(data, None, os.environ)) as dsn:
        return asyncio.run(_fetch_companies(dsn, mentions))


async def _fetch_companies(dsn: str, mentions: Sequence[Mention]) -> CompanyDirectory:
    limits = PoolLimits(max_size=1, statement_timeout_s=_STATEMENT_TIMEOUT_S)
    pool = await open_pool(dsn, limits, application_name="leads sources")
    try:
        async with pool.acquire() as connection:
            return await directory_from_database(connection, mentions, tenant=None)
    finally:
        await pool.close()


def _hand_over(
    records: Sequence[Mapping[str, Any]], out: Path | None, data: Path | None, console: Console
) -> None:
    """Write the snippets to `out`, or import them into the system."""
    if out is not None:
        _write(records, out)
        console.print(f"{len(records):,} snippets in {out}")
    elif records:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snippets.jsonl"
            _write(records, path)
            asyncio.run(_import(path, data, console))


async def _import(path: Path, data: Path | None, console: Console) -> None:
    target = choose(data, None, os.environ)
    with database_of(target) as dsn:
        await import_rows_and_publish(dsn, target, [path], console, "snippets", embed=False)


def _write(records: Iterable[Mapping[str, Any]], path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(orjson.dumps(record) + b"\n" for record in records)


def _show_yields(console: Console, yields: Mapping[Path, Yield], out: Path | None) -> None:
    table = Table("file", "rows in", "postings", "by domain", "by name", "rejected")
    for path, result in yields.items():
        counts = (
            result.rows,
            len(result.snippets),
            result.by["domain"],
            result.by["name"],
            len(result.rejects),
        )
        table.add_row(path.name, *(f"{number:,}" for number in counts))
    console.print(table)
    for path, result in yields.items():
        _write_rejects(console, path, out, result.rejects)


def _write_rejects(console: Console, path: Path, out: Path | None, rejects: Sequence[Reject]) -> None:
    """Write the rejects beside the snippets, else beside the file they come from, and count their reasons."""
    place = out.with_name(path.name) if out is not None else path
    written = write_rejects(place, sorted(rejects, key=lambda reject: reject.line))
    reasons = Counter(_without_values(reject) for reject in rejects)
    for reason, count in reasons.most_common(_REASONS_SHOWN):
        console.print(f"  {path.name}: {count:,} x {reason}")
    if written is not None:
        console.print(f"  {path.name}: all in {written}")


def _without_values(reject: Reject) -> str:
    head, _, tail = reject.reason.partition(":")
    return reject.reason if head == "is no posting" else f"{reject.field}: {head}" if tail else reject.reason


def _check(files: Sequence[Path]) -> None:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}", USAGE)
