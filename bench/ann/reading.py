"""What is read of the comparison's records, by the page and by its pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.ann.measuring import cheapest
from bench.record import RECORDS

NAMES = ("ann", "ann-1m", "ann-1m-postgres")
WANTED = 0.95
"""The recall at which methods are compared."""

Record = Mapping[str, Any]


def records(folder: Path = RECORDS) -> dict[str, Record]:
    """The comparison's records that exist, by name."""
    paths = {name: folder / f"{name}.json" for name in NAMES}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items() if path.exists()}


def methods(record: Record) -> list[str]:
    """The methods in the order they ran."""
    return list(dict.fromkeys(each["method"] for each in record["results"]))


def filters(record: Record) -> list[tuple[str, int]]:
    """Filters and their rows, in the order they ran."""
    return list(dict.fromkeys((each["filter"], each["rows"]) for each in record["results"]))


def best(record: Record, where: str, recall: float = WANTED) -> Mapping[str, Any]:
    """The result that takes the least CPU under a filter, of all methods."""
    each_best = [cheapest(record["results"], method, where, recall) for method in methods(record)]
    return min((each for each in each_best if each is not None), key=lambda each: each["cpu_ms"])
