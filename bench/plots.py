"""A record as a picture: `python -m bench.plots RECORD...` draws it again from the record alone."""

import json
import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from PIL import Image

from bench import advice_panels

TARGETS_MS = ((100.0, "goal 100 ms", "#2b8a3e"), (400.0, "limit 400 ms", "#c92a2a"))
_BLUE, _LIGHT, _RED, _GREY, _GREEN = "#1864ab", "#74c0fc", "#e03131", "#868e96", "#2b8a3e"
_BARS = 9
_NOT_LADDERS = {"timeline", "passes"}
_MOST_PANELS = 4
_COLORS = 96
_DOTS_PER_INCH = 90


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture of a record: four panels at most, what it has figures for."""
    panels = [panel for wanted, panel in _PANELS if wanted(record)][:_MOST_PANELS]
    rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(12.0, 0.9 + 3.9 * max(1, rows)), layout="constrained")
    axes = figure.subplots(max(1, rows), 2, squeeze=False).flatten().tolist()
    for panel, where in zip(panels, axes, strict=False):
        panel(where, record)
        where.spines[["top", "right"]].set_visible(False)
    for where in axes[len(panels) :]:
        where.set_visible(False)
    figure.suptitle(title(record), fontsize=13, fontweight="bold", x=0.01, ha="left")
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=_DOTS_PER_INCH, format="png")
    Image.open(drawn).convert("RGB").quantize(_COLORS).save(path, optimize=True)  # a fifth of the size
    return path


def title(record: Mapping[str, Any]) -> str:
    """Scenario, rate, data and verdict; says so when the run was shortened or is doubtful."""
    data, load = record.get("data", {}), record.get("load", {})
    rate = load.get("offered_qps")
    parts = [
        record["scenario"],
        f"{rate:g}/s for {load.get('duration_s'):g} s" if isinstance(rate, int | float) else "",
        f"{load['at_once']:,} at once" if "at_once" in load else "",
        f"{data.get('companies', 0):,} companies, {data.get('snippets', 0):,} snippets",
        record.get("verdict", ""),
        "SHORTENED" if record.get("shortened") else "",
        "doubtful" if record.get("doubts") else "",
    ]
    return "   ·   ".join(part for part in parts if part)


def _over_time(axes: Axes, record: Mapping[str, Any]) -> None:
    series = record["per_second"]
    seconds = range(len(series["p95_ms"]))
    for name, color, label in (("p95_ms", _BLUE, "P95"), ("p50_ms", _LIGHT, "P50")):
        axes.plot(seconds, [_nan(each) for each in series[name]], color=color, label=label, linewidth=1.6)
    top = max((each for each in series["p95_ms"] if each is not None), default=1.0)
    for limit_ms, label, color in TARGETS_MS:
        if top > limit_ms / 4.0:
            axes.axhline(limit_ms, color=color, linestyle="--", linewidth=1.0)
            axes.annotate(label, (0, limit_ms), fontsize=8, color=color, va="bottom")
    failed = series["failed"]
    if any(failed):
        twin = axes.twinx()
        twin.bar(seconds, failed, color=_RED, alpha=0.35, width=1.0)
        twin.set_ylabel("refused or failed per second", color=_RED)
        twin.spines["top"].set_visible(False)
        axes.set_zorder(twin.get_zorder() + 1)  # lines over bars
        axes.patch.set_visible(False)
    axes.set_ylim(0, 1.15 * max(axes.get_ylim()[1], top))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    at = f" at {record['per_second_at']}" if "per_second_at" in record else ""
    axes.set(title=f"Latency over time{at}", xlabel="second in which the query was due", ylabel="ms")
    axes.legend(frameon=False, loc="upper right", ncols=2)


def _cdf(axes: Axes, record: Mapping[str, Any]) -> None:
    found, latency = record["latency_cdf"], record["latency_ms"]
    axes.plot(found["ms"], [100.0 * share for share in found["share"]], color=_BLUE, linewidth=1.8)
    for limit_ms, label, color in TARGETS_MS:
        if found["ms"][0] < 10.0 * limit_ms and found["ms"][-1] > limit_ms / 10.0:
            axes.axvline(limit_ms, color=color, linestyle="--", linewidth=1.0)
            axes.annotate(label, (limit_ms, 2), fontsize=8, color=color, rotation=90, ha="right")
    for name in ("p50", "p95", "p99"):
        share = float(name[1:])
        axes.plot(latency[name], share, "o", color=_BLUE)
        axes.annotate(
            f" {name.upper()} {latency[name]:.0f} ms",
            (latency[name], share),
            fontsize=9,
            va="top" if share > 90.0 else "center",
            xytext=(6, {"p50": 0, "p95": -4, "p99": 6}[name]),
            textcoords="offset points",
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_plain())
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylim(0, 106)
    axes.set(title="How many are answered within", xlabel="ms (log)", ylabel="% of answers")


def _cpu(axes: Axes, record: Mapping[str, Any]) -> None:
    found = dict(record["cpu_ms_per_query"])
    total = found.pop("total")
    own = record.get("generator", {}).get("cpu_ms_per_query")
    shown = dict(list(found.items())[: _BARS - 1])
    rest = total - sum(shown.values())
    if rest > 0.005 * total:
        shown["the rest"] = rest
    if own is not None:
        shown["(load generator)"] = own
    names = list(reversed(shown))
    colors = [_GREY if name.startswith("(") else _BLUE for name in names]
    bars = axes.barh(names, [shown[name] for name in names], color=colors)
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    at = record.get("cpu_ms_per_query_at")
    where = f" at {at:g}/s" if at else ""
    axes.margins(x=0.12)
    axes.set(title=f"CPU per query by process{where}: {total:.2f} ms together", xlabel="ms of CPU per query")


def _throughput(axes: Axes, record: Mapping[str, Any]) -> None:
    """Every step as a point, the line through the worst of each rate."""
    steps = sorted((step for step in record["steps"] if step["latency_ms"]), key=lambda step: step["offered_qps"])  # fmt: skip
    for name, color in (("p95", _BLUE), ("p50", _LIGHT)):
        worst: dict[float, float] = {}
        for step in steps:
            rate, ms = step["offered_qps"], step["latency_ms"][name]
            worst[rate] = max(worst.get(rate, 0.0), ms)
            axes.plot(rate, ms, ".", color=color)
        axes.plot(list(worst), list(worst.values()), color=color, label=name.upper())
    for limit_ms, label, color in TARGETS_MS:
        axes.axhline(limit_ms, color=color, linestyle="--", linewidth=1.0)
        axes.annotate(
            label, (1.0, limit_ms), xycoords=("axes fraction", "data"), fontsize=8, color=color, ha="right"
        )
    bad = [step for step in steps if sum(step["errors"].values()) + step["degraded"] > 0.01 * step["offered"]]
    axes.plot([step["offered_qps"] for step in bad], [step["latency_ms"]["p95"] for step in bad], "x", color=_RED,
              markersize=10, label="more than 1 % failed")  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(_plain())
    held = record.get("highest_held_qps", {})
    told = ", ".join(f"{rate:g}/s {name.replace('_', ' ')}" for name, rate in held.items())
    axes.set(title=f"Held: {told}" if told else "Rate against latency", xlabel="queries offered per second", ylabel="ms (log)")  # fmt: skip
    axes.legend(frameon=False, loc="upper left")


def _goodput(axes: Axes, record: Mapping[str, Any]) -> None:
    steps = [step for step in record["steps"] if "goodput_qps" in step]
    names = [f"{step['factor']:g}x\n{step['offered_qps']:.0f}/s" for step in steps]
    axes.bar(names, [step["offered_qps"] for step in steps], color="#dee2e6", label="offered")
    bars = axes.bar(
        names, [step["goodput_qps"] for step in steps], color=_GREEN, label="answered by the deadline"
    )
    axes.bar_label(bars, fmt="%.0f", fontsize=9)
    axes.set_ylim(0, 1.25 * max(step["offered_qps"] for step in steps))
    axes.set(title=f"Goodput around a capacity of {record['capacity_qps']:g}/s", ylabel="queries/s")
    axes.legend(frameon=False)


def _bursts(axes: Axes, record: Mapping[str, Any]) -> None:
    steps = record["steps"]
    names = [f"{step['deadline_ms']} ms\nround {step['round']}" for step in steps]
    answered = [step["completed"] for step in steps]
    refused = [sum(step["errors"].get(code, 0) for code in ("429", "503")) for step in steps]
    other = [
        step["offered"] - done - politely
        for step, done, politely in zip(steps, answered, refused, strict=True)
    ]
    axes.bar_label(axes.bar(names, answered, color=_GREEN, label="answered"), fontsize=8)
    axes.bar(names, refused, bottom=answered, color="#ffd43b", label="refused, 429 or 503")
    below = [done + politely for done, politely in zip(answered, refused, strict=True)]
    axes.bar(names, other, bottom=below, color=_RED, label="neither")
    axes.set(title="Who is answered", ylabel="queries of the burst")
    axes.set_ylim(0, 1.2 * max(step["offered"] for step in steps))
    axes.legend(frameon=False, ncols=3, loc="upper center")


def _memory(axes: Axes, record: Mapping[str, Any]) -> None:
    shown = dict(list(record["peak_rss_mib"].items())[:_BARS])
    names = list(reversed(shown))
    bars = axes.barh(names, [shown[name] for name in names], color=_LIGHT)
    axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
    axes.margins(x=0.12)
    axes.set(title="Peak memory by process", xlabel="MiB resident")


def _has_steps(record: Mapping[str, Any], key: str) -> bool:
    return any(key in step for step in record.get("steps", ()))


_PANELS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Axes, Mapping[str, Any]], None]], ...] = (
    (lambda record: _has_steps(record, "deadline_ms"), _bursts),
    (lambda record: _has_steps(record, "goodput_qps"), _goodput),
    (lambda record: "timeline" in record, advice_panels.calls),
    (lambda record: "timeline" in record, advice_panels.left_out),
    (lambda record: "passes" in record, advice_panels.spending),
    (
        lambda record: (
            _has_steps(record, "offered_qps")
            and not record.keys() & _NOT_LADDERS
            and not _has_steps(record, "goodput_qps")
        ),
        _throughput,
    ),
    (lambda record: bool(record.get("per_second")), _over_time),
    (lambda record: bool(record.get("latency_cdf")), _cdf),
    (lambda record: "total" in record.get("cpu_ms_per_query", {}), _cpu),
    (lambda record: bool(record.get("peak_rss_mib")), _memory),
)


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _plain() -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{value:g}")


def main(arguments: list[str]) -> None:
    """Draw the records named, each into `plots/` beside it."""
    for name in arguments:
        path = Path(name)
        found = json.loads(path.read_text("utf-8"))
        print(draw(found, path.parent / "plots" / f"{path.stem}.png"))


if __name__ == "__main__":
    main(sys.argv[1:])
