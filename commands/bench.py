"""`leads bench`: one scenario of the benchmark, from nothing to its record."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.failure import USAGE, CommandError

_ROOT = str(Path(__file__).parents[1])


def bench(
    scenario: Annotated[str, typer.Argument(help="Its name; --list shows all.", show_default=False)] = "",
    listed: Annotated[bool, typer.Option("--list", help="Show the scenarios.")] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the system to measure.", show_default="one is made"),
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="World whose prompts are mixed in.", show_default="the data's own"),
    ] = None,
    companies: Annotated[int, typer.Option(min=50, help="Companies of the world that is made.")] = 100_000,
    snippets: Annotated[int, typer.Option(min=50, help="Snippets of the world that is made.")] = 500_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the world, the prompts and the arrivals.")] = 47,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="Shorten: seconds of each load.", show_default="the scenario's"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=1, help="Another rate (burst: size; step: the highest tried; batch: prompts).", show_default="the scenario's"),
    ] = None,
    capacity: Annotated[
        float | None,
        typer.Option(min=1, help="overload: queries/s it holds.", show_default="found first"),
    ] = None,
    record: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the record.", show_default="the scenario's")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the record.", show_default="bench/records; shortened: .data/bench/records"),
    ] = None,
) -> None:  # fmt: skip
    """Measure one scenario: make the data, start the system, offer the load, write record and plot, stop."""
    if _ROOT not in sys.path:  # the benches are of the repository, not of the installed package
        sys.path.insert(0, _ROOT)
    from bench import runner  # noqa: PLC0415 - imports matplotlib, which only this needs
    from bench.options import Options  # noqa: PLC0415
    from bench.scenario import ELSEWHERE, NAMES  # noqa: PLC0415

    names = [name for name in (*NAMES, *ELSEWHERE) if runner.available(name)]
    if listed:
        table = Table("scenario", "question", box=None)
        for name in names:
            table.add_row(name, runner.question(name))
        Console().print(table)
        return
    if scenario not in names:
        raise CommandError(f"no scenario {scenario!r}; there are {', '.join(names)}", USAGE)
    options = Options(scenario, data, world, companies, snippets, seed, record, seconds, rate, capacity, out)
    signal.signal(signal.SIGTERM, _interrupt)  # a terminated run must stop its system, too
    runner.run(options)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
