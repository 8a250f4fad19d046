"""docs/benchmarks.md out of the records: `python -m bench.report`. No figure is written there by hand."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import quality_page, scoreboard
from bench.evaluation import PARTS as QUALITY_PARTS
from bench.prompts import USUAL, described
from bench.record import RECORDS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_HEADING = frozenset((
    "scenario", "started_at", "git_sha", "dirty", "machine", "versions", "data", "load", "steps", "variants", "spec", "checks", "doubts",
    "shortened", "prompt_mix", "per_second", "latency_cdf", "error_examples", "timeline",
    *quality_page.PARTS, *QUALITY_PARTS,
))  # fmt: skip
_STEP_COLUMNS = (
    ("variant", "variant"), ("server", "server"), ("round", "round"), ("at", "at"), ("deadline_ms", "deadline ms"), ("factor", "times"),
    ("offered_qps", "offered/s"), ("goodput_qps", "timely/s"), ("p50", "p50 ms"), ("p95", "p95 ms"), ("p99", "p99 ms"),
    ("errors", "errors"), ("degraded", "degraded"), ("cpu", "CPU ms/query"), ("holds", "holds"),
)  # fmt: skip
_FIGURES_SHOWN = 60
_INTRO = """# Benchmarks

<!-- Made by `python -m bench.report` out of bench/records/; a test compares the two. -->

What each scenario came to; below it one section per record, whole in `bench/records/`. How it is measured, and what can be
wrong with it: `docs/decisions/0018-how-we-measure.md`. A figure without a record is not claimed anywhere.
"""
_READING = """
"Uncommitted changes" means that the working tree differed from the named commit; "load before" is the machine's load
average when the measurement began, and figures of time are worth little where it is far above 0 or where the record is marked doubtful.

## The prompts

No two prompts of a run parse alike (product, targets, exclusions and exemplars compared, not strings), but for the repeats that
`mixed` asks for; nothing caches whole results. Shares of the usual mix (`bench/prompts.py`), drawn independently:
"""


def page(folder: Path = RECORDS) -> str:
    """The whole page, one section per record in order of their names."""
    paths = sorted(folder.glob("*.json"))
    records = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
    mix = [f"- {what}: {_mixed(share)}" for what, share in described(USUAL).items()]
    sections = [_section(path, records[path.stem]) for path in paths]
    return "\n".join([_INTRO, *scoreboard.table(records), _READING, *mix, "", *sections])


def figures(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a record measured: each value that is not part of its heading, named by its path."""
    for key, value in record.items():
        if key not in _HEADING:
            yield from _leaves(key, value)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def _section(path: Path, record: Mapping[str, Any]) -> str:
    lines = [f"## {path.stem}", "", _circumstances(record), ""]
    plot = path.parent / "plots" / f"{path.stem}.png"
    if plot.exists():
        lines += [f"![{path.stem}](../bench/records/plots/{plot.name})", ""]
    lines += _judged(record)
    found = list(figures(record))
    lines += ["| what | figure |", "|---|---|"]
    lines += [f"| {_escaped(what)} | {_escaped(figure)} |" for what, figure in found[:_FIGURES_SHOWN]]
    if len(found) > _FIGURES_SHOWN:
        lines += ["", f"{len(found) - _FIGURES_SHOWN} more figures are in `bench/records/{path.name}`."]
    if record.get("steps"):
        lines += ["", *_steps(record["steps"])]
    lines += quality_page.tables(record)
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
    found: float | None = machine.get("load_average_before", machine.get("load_average"))
    return found


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


def _judged(record: Mapping[str, Any]) -> list[str]:
    """What had to hold, and why the run may not be believed."""
    lines = [
        f"- {_outcome(check)}: {check['what']} {_written(check['value'])}, limit {_written(check['limit'])}"
        for check in record.get("checks", ())
    ]
    lines += [f"- doubtful: {doubt}" for doubt in record.get("doubts", ())]
    if record.get("shortened"):
        lines.append(
            f"- shortened: {', '.join(f'{name} {value}' for name, value in record['shortened'].items())}"
        )
    return [*lines, ""] if lines else []


def _outcome(check: Mapping[str, Any]) -> str:
    if check.get("is_goal"):
        return "goal reached" if check["held"] else "goal not reached"
    return "held" if check["held"] else "**missed**"


def _steps(steps: list[dict[str, Any]]) -> Iterator[str]:
    """One row per load that was offered, with the columns that any of them has."""
    rows = [_flat(step) for step in steps]
    columns = [(key, title) for key, title in _STEP_COLUMNS if any(key in row for row in rows)]
    yield f"| {' | '.join(title for _, title in columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(_written(row.get(key, '-')) for key, _ in columns)} |"


def _flat(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step with its latencies, errors and CPU as single values."""
    latency = {name: step["latency_ms"].get(name, "-") for name in ("p50", "p95", "p99")}
    total = {"errors": sum(step["errors"].values()), "cpu": step["cpu_ms_per_query"]["total"]}
    return {**step, **latency, **total}


def _mixed(share: Any) -> str:
    if isinstance(share, Mapping):
        return ", ".join(f"{name} {value:g}" for name, value in share.items())
    if isinstance(share, tuple):
        return ", ".join(
            f"{each[0]} {each[1]:g}" if isinstance(each, tuple) else f"{each:g}" for each in share
        )
    return f"{share:g}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
