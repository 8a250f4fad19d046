"""`leads demo`: the main job on real parts, from an empty folder to ranked leads on the screen."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.rule import Rule

from commands import first_snapshot, system
from commands.asking import body_of
from commands.client import ask
from commands.database import database_of
from commands.importing import import_rows_and_publish
from commands.tables import receipt_table, show_answer, wide_console
from commands.target import Target
from configs.llm import LlmSettings
from deployments.local import registry
from deployments.standin.process import StandInProcess
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
NO_KEY = (
    "no OPENAI_API_KEY: a stand-in judge that knows this synthetic world answers; "
    "its judgement is not a language model's"
)
_PORT = 8000
_LIMIT = 8
_DEADLINE_MS = 5_000
_PATIENT_MS = 30_000
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
    with language_model(LlmSettings(), folder, console) as environment:
        with console.status("starting Postgres, Redis, Ray and the graph"):
            state = system.start_detached(
                folder, port or _free_port(), dashboard=False, environment=environment
            )
        try:
            _ask_all(state.base_url, console)
        finally:
            with console.status("stopping"):
                system.down(data=folder)


@contextmanager
def language_model(settings: LlmSettings, folder: Path, console: Console) -> Iterator[Mapping[str, str]]:
    """Yield what the system's environment lacks to ask a language model: without a key of ours, the address of a stand-in."""
    if settings.has_key:
        console.print(f"OPENAI_API_KEY is set: {settings.openai_base_url} is asked and paid", highlight=False)
        yield {}
        return
    console.print(NO_KEY, highlight=False)
    with StandInProcess(folder / "world", folder / "logs" / "standin.log") as standin:
        yield standin.environment()


def _ask_all(base_url: str, console: Console) -> None:
    """Three prompts; the first waits for the language model and shows its receipt."""
    for number, prompt in enumerate(PROMPTS):
        answer = ask(base_url, "/query", _body(prompt, waits=number == 0))
        show_answer(console, prompt, answer, explain=False)
        if number == 0:
            console.print(receipt_table(answer["leads"], answer["metadata"]))
    console.print(Rule())
    console.print('Ask your own: `make serve`, then `leads query "..." --as-of', f"{AS_OF}`", highlight=False)


def _body(prompt: str, *, waits: bool) -> dict[str, Any]:
    body = body_of(prompt, _LIMIT, AS_OF, _PATIENT_MS if waits else _DEADLINE_MS)
    body["options"]["llm"] = "wait" if waits else "auto"
    return body


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
