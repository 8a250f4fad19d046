"""`leads demo`: the main job on real parts, from an empty folder to ranked leads on the screen."""

import asyncio
import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.rule import Rule

from commands import first_snapshot, system
from commands.asking import body_of
from commands.client import ask
from commands.database import database_of
from commands.importing import import_rows_and_publish
from commands.tables import show_answer, wide_console
from commands.target import Target
from deployments.local import registry
from ingest.synthetic import SMALL_SPEC, generate

FOLDER = Path(".data") / "demo"
AS_OF = SMALL_SPEC.as_of.isoformat()
PROMPTS = (
    "We sell CRM software to consulting firms and financial services companies in Europe, 20-500 employees, "
    "not engineering consultancies",
    "Wir verkaufen HR-Software für Unternehmen aus dem Gesundheitswesen in der DACH-Region, "
    "50 bis 500 Mitarbeiter, keine Krankenhäuser",
    "Cloud security for software and fintech companies in North America with more than 50 people, VP Engineering or CTO",
)
_PORT = 8000
_LIMIT = 8
_FILES = ("companies.jsonl", "leads.jsonl", "snippets.jsonl", "outcomes.jsonl")


def demo(
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave the system running until Ctrl-C; ask it yourself.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=1024, max=65535, help="Port of the HTTP interface.", show_default="8000")
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of the demo's system.")
    ] = FOLDER,
) -> None:
    """Make a synthetic world, start everything, answer three prompts, stop everything."""
    console = wide_console()
    folder = data.resolve()
    prepare(folder, console)
    if serve:
        console.print(f"Three prompts to try (with --as-of {AS_OF}):", *PROMPTS, sep="\n  ", highlight=False)
        system.up(port=port or _PORT, data=folder)
        return
    with console.status("starting Postgres, Redis, Ray and the graph"):
        state = system.start_detached(folder, port or _free_port(), dashboard=False)
    try:
        for prompt in PROMPTS:
            show_answer(
                console,
                prompt,
                ask(state.base_url, "/query", body_of(prompt, _LIMIT, AS_OF, 5_000)),
                explain=False,
            )
        console.print(Rule())
        console.print(
            'Ask your own: `make serve`, then `leads query "..." --as-of', f"{AS_OF}`", highlight=False
        )
    finally:
        with console.status("stopping"):
            system.down(data=folder)


def prepare(folder: Path, console: Console) -> None:
    """Generate and import the demo's world, once; a folder that is ready costs nothing."""
    if registry.system_of(folder) is not None:
        console.print(f"A system runs on {folder} already; it is stopped first.")
        system.down(data=folder)
    if first_snapshot.is_usable(first_snapshot.snapshots_of(folder)):
        return
    world = folder / "world"
    with console.status(
        f"generating {SMALL_SPEC.companies:,} companies and {SMALL_SPEC.snippets:,} snippets"
    ):
        generate(SMALL_SPEC, world)
    target = Target(folder, None, None)
    with database_of(target) as dsn:
        asyncio.run(import_rows_and_publish(dsn, target, [world / name for name in _FILES], console))


def _free_port() -> int:
    """8000, or any free port when it is taken."""
    for port in (_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("the system gives no port")
