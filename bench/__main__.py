"""`python -m bench` (`make bench`): every scenario in order at its full size, each writing a record, then docs/benchmarks.md.

It takes somewhat over an hour; figures are worth citing only when nothing else ran on the machine. A scenario that misses what must
hold is a result, not a failure; one that cannot be measured ends the run with exit code 1 after the others.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import report, runner
from bench.options import Options
from bench.scenario import ELSEWHERE, NAMES
from commands.failure import CommandError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenarios asked for, all by default; return how many could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="*", help="all when none is named")
    parser.add_argument("--data", type=Path, help="folder of a local system; a world is made without it")
    parser.add_argument("--world", type=Path, help="world whose prompts are mixed in")
    options = parser.parse_args(arguments)
    console = Console()
    failed = 0
    for name in options.scenario or (each for each in (*NAMES, *ELSEWHERE) if runner.available(each)):
        console.rule(name)
        try:
            runner.run(Options(name, options.data, options.world), console)
        except (CommandError, RuntimeError, OSError, ValueError) as err:
            failed += 1
            why = err.message if isinstance(err, CommandError) else str(err)
            console.print(f"[red]not measured:[/] {why}", highlight=False)
    report.main()
    console.print(f"written: {report.PAGE}", highlight=False)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
