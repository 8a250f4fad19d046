"""The data that a scenario runs on: given, or made and imported once and kept."""

import asyncio
from dataclasses import replace

from rich.console import Console

from bench import record
from bench.options import Options
from commands import first_snapshot, system
from commands.database import database_of
from commands.importing import embed_command, import_rows_and_publish
from commands.target import Target
from deployments.local import registry
from ingest.synthetic import DEFAULT_SPEC, generate

_FILES = ("companies.jsonl", "leads.jsonl", "snippets.jsonl", "outcomes.jsonl")


def prepare(options: Options, console: Console, *, vectors: bool) -> None:
    """See to it that the run's folder has a snapshot to serve, and vectors where they are needed.

    A folder that the caller named is taken as it is: nothing is written to it here.
    """
    if options.data is not None:
        return
    folder = options.folder()
    if not first_snapshot.is_usable(first_snapshot.snapshots_of(folder)):
        _make(options, console)
    if vectors and not record.data_of(folder)["vectors"]:
        console.print("computing the companies' vectors, once")
        embed_command(data=folder)


def _make(options: Options, console: Console) -> None:
    folder = options.folder()
    if registry.system_of(folder) is not None:
        system.down(data=folder)
    world = folder / "world"
    if not (world / "manifest.json").exists():
        with console.status(f"generating {options.companies:,} companies and {options.snippets:,} snippets"):
            spec = replace(
                DEFAULT_SPEC, companies=options.companies, snippets=options.snippets, seed=options.seed
            )
            generate(spec, world)
    target = Target(folder, None, None)
    with database_of(target) as dsn:
        files = [world / name for name in _FILES]
        asyncio.run(import_rows_and_publish(dsn, target, files, console, embed=False))
