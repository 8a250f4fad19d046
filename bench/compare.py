"""Two records side by side: `python -m bench.compare A B` (paths, or names under bench/records/).

The ratio is B over A; below 1 is faster, or cheaper. What makes the two incomparable is said first.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.record import RECORDS

_MACHINE = ("cpu", "cores", "memory_gib", "gpu")
_LOAD = (
    "kind",
    "offered_qps",
    "duration_s",
    "deadline_ms",
    "limit",
    "repeats",
    "candidates",
    "in_flight",
    "at_once",
)
_TABLES = ("latency_ms", "cpu_ms_per_query", "peak_rss_mib", "highest_held_qps")
_SINGLE = ("throughput_qps", "ready_s", "first_answer_ms", "capacity_qps", "recovery_s", "cpu_ms_per_refusal")


def warnings(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Why the two records should not be compared; empty when nothing speaks against it."""
    found = []
    if left.get("scenario") != right.get("scenario"):
        found.append(f"scenario: {left.get('scenario')} and {right.get('scenario')}")
    found += _differences("machine", left, right, _MACHINE)
    if left.get("data", {}).get("sha256") != right.get("data", {}).get("sha256"):
        found.append("data: not the same content")
    found += _differences("load", left, right, _LOAD)
    for name, record in (("first", left), ("second", right)):
        if record.get("shortened"):
            found.append(f"the {name} was shortened: {record['shortened']}")
        found += [f"the {name} is doubtful: {doubt}" for doubt in record.get("doubts", ())]
    return found


def rows(
    left: Mapping[str, Any], right: Mapping[str, Any]
) -> Iterator[tuple[str, float | None, float | None, float | None]]:
    """Figure, first, second, and second over first; None where a record has not measured it."""
    for table in _TABLES:
        ours, theirs = left.get(table, {}), right.get(table, {})
        for name in dict.fromkeys((*ours, *theirs)):
            yield _row(f"{table}: {name}", ours.get(name), theirs.get(name))
    generator = [record.get("generator", {}).get("cpu_ms_per_query") for record in (left, right)]
    yield _row("generator: cpu_ms_per_query", *generator)
    for name in ("completed", *_SINGLE):
        if name in left or name in right:
            yield _row(name, left.get(name), right.get(name))
    yield _row("errors", sum(left["errors"].values()), sum(right["errors"].values()))


def main(arguments: list[str]) -> None:
    """Print warnings and the table."""
    if len(arguments) != 2:
        raise SystemExit("usage: python -m bench.compare A B")
    left, right = (json.loads(_path(name).read_text("utf-8")) for name in arguments)
    console = Console()
    for warning in warnings(left, right):
        console.print(f"[yellow]not alike:[/] {warning}", highlight=False)
    table = Table("figure", *arguments, "ratio", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, *values in rows(left, right):
        table.add_row(name, *("not measured" if value is None else f"{value:,.4g}" for value in values))
    console.print(table)


def _differences(
    part: str, left: Mapping[str, Any], right: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[str]:
    ours, theirs = left.get(part, {}), right.get(part, {})
    for name in names:
        if ours.get(name) != theirs.get(name):
            yield f"{part}: {name} is {ours.get(name)} and {theirs.get(name)}"


def _row(
    name: str, left: float | None, right: float | None
) -> tuple[str, float | None, float | None, float | None]:
    return name, left, right, None if left is None or right is None or not left else right / left


def _path(name: str) -> Path:
    return Path(name) if name.endswith(".json") else RECORDS / f"{name}.json"


if __name__ == "__main__":
    main(sys.argv[1:])
