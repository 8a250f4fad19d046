"""A record as a picture: recall against latency under three filters, and latency against the share of rows that pass."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.ann.measuring import cheapest
from bench.ann.reading import WANTED, filters, methods

_SHOWN = ("all", "chance 1%", "near 1%")
_COLOURS = (
    "#868e96", "#495057", "#e03131", "#1864ab", "#4dabf7", "#a5d8ff", "#2b8a3e", "#f08c00",
    "#5f3dc4", "#9c36b5", "#cc5de8", "#c2255c", "#f783ac",
)  # fmt: skip
_SHARES = {"all": 100.0, "10%": 10.0, "1%": 1.0, "0.1%": 0.1}


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture as SVG; the same record gives the same file."""
    figure = Figure(figsize=(13.0, 9.5), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.add_gridspec(2, 6)
    for place, where in enumerate(_SHOWN):
        _recall(figure.add_subplot(grid[0, 2 * place : 2 * place + 2]), record, where)
    for place, kind in enumerate(("chance", "near")):
        _shares(figure.add_subplot(grid[1, 3 * place : 3 * place + 3]), record, kind)
    lines = [Line2D([], [], color=_colour(record, name), marker="o", label=name) for name in methods(record)]
    figure.legend(handles=lines, loc="outside lower center", ncols=5, frameon=False)
    figure.suptitle(
        f"{record['data']['vectors']:,} vectors of 384 dimensions, 100 nearest, one thread", ha="left", x=0.01
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.hashsalt": path.stem}):
        figure.savefig(path, metadata={"Date": None})
    return path


def _recall(axes: Axes, record: Mapping[str, Any], where: str) -> None:
    for method in methods(record):
        points = [each for each in record["results"] if (each["method"], each["filter"]) == (method, where)]
        missed = [max(1.0 - each["recall"], 1e-4) for each in points]
        axes.plot(
            [each["latency_ms"]["p50"] for each in points], missed, marker="o", color=_colour(record, method)
        )
    axes.axhline(1.0 - WANTED, color="#c92a2a", linewidth=0.8, linestyle="--")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="median latency, ms",
        ylabel="missed of the exact answer",
        title=where,
    )
    axes.invert_yaxis()
    axes.grid(alpha=0.3)


def _shares(axes: Axes, record: Mapping[str, Any], kind: str) -> None:
    names = [where for where, _ in filters(record) if where == "all" or where.startswith(kind)]
    for method in methods(record):
        best = {where: cheapest(record["results"], method, where, WANTED) for where in names}
        points = [
            (_SHARES[where.split()[-1]], each["latency_ms"]["p50"]) for where, each in best.items() if each
        ]
        axes.plot(
            [share for share, _ in points],
            [ms for _, ms in points],
            marker="o",
            color=_colour(record, method),
        )
    axes.set(
        xscale="log", yscale="log", xlabel="share of rows that pass, %", ylabel="median latency, ms",
        title=f"rows {'by chance' if kind == 'chance' else 'near each other'}, recall of at least {WANTED}",
    )  # fmt: skip
    axes.grid(alpha=0.3)


def _colour(record: Mapping[str, Any], method: str) -> str:
    return _COLOURS[methods(record).index(method) % len(_COLOURS)]
