"""`leads generate`: a synthetic world with known truth."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commands.failure import USAGE, CommandError
from ingest.synthetic import DEFAULT_SPEC, generate


def generate_command(
    out: Annotated[Path, typer.Option(help="Folder to write to.", show_default=False)],
    companies: Annotated[int, typer.Option(min=50, max=10_000_000)] = DEFAULT_SPEC.companies,
    snippets: Annotated[int, typer.Option(min=50, max=100_000_000)] = DEFAULT_SPEC.snippets,
    seed: Annotated[int, typer.Option(min=0)] = DEFAULT_SPEC.seed,
    as_of: Annotated[str, typer.Option(metavar="DATE")] = DEFAULT_SPEC.as_of.isoformat(),
) -> None:
    """Write a synthetic B2B world: companies, leads, snippets, outcomes, prompts, and who buys what."""
    try:
        day = date.fromisoformat(as_of)
    except ValueError as err:
        raise CommandError(f"--as-of {as_of}: must be a date such as 2026-06-30", USAGE) from err
    console = Console()
    with console.status("generating"):
        manifest = generate(
            replace(DEFAULT_SPEC, companies=companies, snippets=snippets, seed=seed, as_of=day), out
        )
    for name, rows in manifest.counts.items():
        console.print(f"{rows:>10,}  {out / name}", highlight=False)
    console.print(f"sha256 {manifest.sha256}", highlight=False)
