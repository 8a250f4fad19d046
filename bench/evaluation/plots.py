"""Pictures of an evaluation: Precision@25 of every ranking with its interval, and the reliability curves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

_COLORS = {"baseline": "#868e96", "leg": "#74c0fc", "fusion": "#2b8a3e", "configuration": "#1864ab"}
_HALVES = {"tuning": ("o", "#1864ab"), "final": ("s", "#e03131")}
_DOTS_PER_INCH = 90


def draw(record: Mapping[str, Any], path: Path) -> Path:
    """Write the picture; the held-out half is on the right, and in red."""
    halves = [half for half in _HALVES if record["halves"][half]["prompts"]]
    figure = Figure(figsize=(14.0, 4.5 + 0.24 * len(record["variants"])), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(0.24 * len(record["variants"]), 4.0))
    for column, half in enumerate(halves):
        _variants(figure.add_subplot(grid[0, column]), record["variants"], half, named=column == 0)
    for column, quantity in enumerate(("confidence", "score")):
        _reliability(figure.add_subplot(grid[1, column]), record["calibration"][quantity], quantity)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DOTS_PER_INCH, format="png")
    return path


def _variants(axes: Axes, variants: Mapping[str, Any], half: str, *, named: bool) -> None:
    for place, row in enumerate(variants.values()):
        found = row[half]["precision_at_25"]
        error = [[found["mean"] - found["low"]], [found["high"] - found["mean"]]]
        axes.errorbar(found["mean"], place, xerr=error, fmt="o", color=_COLORS[row["kind"]], capsize=2)
    axes.set_yticks(range(len(variants)), list(variants) if named else [""] * len(variants), fontsize=8)
    axes.invert_yaxis()
    axes.set_title(f"Precision@25, {half} half, 95 % over products", fontsize=10, loc="left")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _reliability(axes: Axes, found: Mapping[str, Any], quantity: str) -> None:
    for half, told in found.items():
        marker, color = _HALVES[half]
        stated = [each["predicted"] for each in told["bins"]]
        bought = [each["mean"] for each in told["bins"]]
        error = [
            [each["mean"] - each["low"] for each in told["bins"]], [each["high"] - each["mean"] for each in told["bins"]],
        ]  # fmt: skip
        label = f"{half}: error {told['error']['mean']:.3f}"
        axes.errorbar(stated, bought, yerr=error, fmt=f"{marker}-", color=color, capsize=2, label=label)
    axes.plot((0.0, 1.0), (0.0, 1.0), color="#868e96", linestyle="--", linewidth=1.0)
    axes.set(
        xlim=(0.0, 1.0), ylim=(0.0, 1.0), xlabel=f"{quantity} of returned leads", ylabel="share that bought"
    )
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
