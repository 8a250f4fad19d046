"""docs/benchmarks.md out of the records: `python -m bench.report`. No figure is written there by hand."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.record import RECORDS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_HEADING = frozenset(
    (
        "scenario",
        "started_at",
        "git_sha",
        "dirty",
        "machine",
        "versions",
        "data",
        "load",
        "steps",
        "variants",
        "spec",
    )
)
_FIGURES_SHOWN = 60
_INTRO = """# Benchmarks

<!-- Made by `python -m bench.report` out of bench/records/; a test compares the two. -->

Each section is one record, whole in `bench/records/`. "Uncommitted changes" means that the working tree differed
from the named commit; "load before" is the machine's load average when the measurement began, and figures of time are worth
little where it is far above 0. What the targets are is said in the sections that have them; a target without a record is not
claimed anywhere.
"""


def page(folder: Path = RECORDS) -> str:
    """The whole page, one section per record in order of their names."""
    sections = [_section(path) for path in sorted(folder.glob("*.json"))]
    return "\n".join([_INTRO, *sections])


def figures(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a record measured: each value that is not part of its heading, named by its path."""
    for key, value in record.items():
        if key not in _HEADING:
            yield from _leaves(key, value)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def _section(path: Path) -> str:
    record = json.loads(path.read_text("utf-8"))
    lines = [f"## {path.stem}", "", _circumstances(record), ""]
    found = list(figures(record))
    lines += ["| what | figure |", "|---|---|"]
    lines += [f"| {_escaped(what)} | {_escaped(figure)} |" for what, figure in found[:_FIGURES_SHOWN]]
    if len(found) > _FIGURES_SHOWN:
        lines += ["", f"{len(found) - _FIGURES_SHOWN} more figures are in `bench/records/{path.name}`."]
    if record.get("steps"):
        lines += ["", *_steps(record["steps"])]
    return "\n".join([*lines, ""])


def _circumstances(record: Mapping[str, Any]) -> str:
    machine, data = record.get("machine", {}), record.get("data", {})
    parts = [
        f"Measured {record['started_at'][:16].replace('T', ' ')} UTC" if "started_at" in record else "",
        f"at commit `{record['git_sha'][:10]}`" if "git_sha" in record else "",
        "with uncommitted changes" if record.get("dirty") else "",
        f"on {machine['cpu']}" if "cpu" in machine else "",
        f"{machine['cores']} cores" if "cores" in machine else "",
        f"load before {_load(machine):.1f}" if _load(machine) is not None else "",
        *(f"{count:,} {name}" for name, count in data.items() if isinstance(count, int)),
    ]
    text = ", ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."


def _load(machine: Mapping[str, Any]) -> float | None:
    return machine.get("load_average_before", machine.get("load_average"))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and {"mean", "low", "high"} <= value.keys():
        interval = f"{_written(value['low'])} to {_written(value['high'])}"
        yield path, f"{_written(value['mean'])} ({interval})"
    elif isinstance(value, Mapping) and "pss_mib" in value:
        yield path, f"{_written(value['pss_mib'])} MiB, of it its own {_written(value['uss_mib'])}"
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(f"{path}: {key}", each)
    elif isinstance(value, list):
        yield path, ", ".join(map(_written, value))
    else:
        yield path, _written(value)


def _written(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000.0 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _steps(steps: list[dict[str, Any]]) -> Iterator[str]:
    """One row per rate that was offered."""
    yield "| variant | round | offered/s | p50 ms | p95 ms | p99 ms | errors | degraded | CPU ms/query | holds |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for step in steps:
        latency_ms = step["latency_ms"]
        cells = (
            step["variant"], step["round"], step["offered_qps"],
            *(latency_ms.get(name, "-") for name in ("p50", "p95", "p99")),
            sum(step["errors"].values()), step["degraded"], step["cpu_ms_per_query"]["total"], step["holds"],
        )  # fmt: skip
        yield f"| {' | '.join(map(_written, cells))} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
