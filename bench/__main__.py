"""`python -m bench` (`make bench`): the scenarios in order, small, each writing a record, and a table of what came out.

The world is the demo's, made once under .data/bench; larger worlds and longer runs are asked of each scenario by itself (`python -m
bench.coalescing --help`). Figures are worth citing only when nothing else ran on the machine.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import coalescing, memory, one_query, report
from bench.record import RECORDS
from commands import demo

_WORLD = Path(".data") / "bench"


def scenarios(data: Path) -> dict[str, Callable[[], None]]:
    """Scenarios by the name of their record, in the order they run."""
    where = ["--data", str(data), "--prompts", str(data / "world" / "prompts.jsonl")]
    return {
        "one-query": lambda: one_query.main(where),
        "memory": lambda: memory.main(where),
        "coalescing": lambda: coalescing.main([*where, "--seconds", "8", "--rounds", "1"]),
    }


def main() -> None:
    """Prepare the world, run the scenarios asked for, print the table, write docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "scenario", nargs="*", choices=[[], *scenarios(_WORLD)], help="all when none is named"
    )
    parser.add_argument("--data", type=Path, default=_WORLD, help="folder of the system that is measured")
    options = parser.parse_args()
    console = Console()
    demo.prepare(options.data.resolve(), console)
    chosen = scenarios(options.data.resolve())
    table = Table("record", "what", "figure")
    for name in options.scenario or chosen:
        console.rule(name)
        chosen[name]()
        record = json.loads((RECORDS / f"{name}.json").read_text("utf-8"))
        for what, figure in report.figures(record):
            table.add_row(name, what, figure)
    console.print(table)
    report.main()


if __name__ == "__main__":
    main()
