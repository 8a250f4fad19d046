"""Panels of records with a language model: breaker and calls over time, what was left out and why, what passes cost."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

_STATES = {0.0: "closed", 1.0: "half-open", 2.0: "open"}
_SHADES = {1.0: "#ffec99", 2.0: "#ffc9c9"}
_COLORS = ("#2b8a3e", "#1864ab", "#e03131", "#e8590c", "#862e9c", "#868e96", "#f59f00")
_SHOWN = len(_COLORS)
_OF_LLM = "llm "


def calls(axes: Axes, record: Mapping[str, Any]) -> None:
    """Calls per second by result over the breaker's state as background."""
    timeline = record["timeline"]
    at_s, states = timeline["at_s"], timeline["breaker_state"]
    for state, color in _SHADES.items():
        spans = [index for index, each in enumerate(states) if each == state]
        for number, index in enumerate(spans):
            from_s = at_s[index - 1] if index else at_s[index]
            told = f"breaker {_STATES[state]}" if number == 0 else None
            axes.axvspan(from_s, at_s[index], color=color, linewidth=0.0, label=told)
    _lines(axes, at_s, timeline["calls_per_s"])
    _phases(axes, timeline)
    axes.set(title="Calls of the language model and its breaker", xlabel="seconds", ylabel="calls per second")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 0.95), fontsize=8, ncols=3)


def left_out(axes: Axes, record: Mapping[str, Any]) -> None:
    """Degradations of the stage "llm" per second, by reason."""
    timeline = record["timeline"]
    found = {
        name.removeprefix(_OF_LLM): series
        for name, series in timeline["degradations_per_s"].items()
        if name.startswith(_OF_LLM)
    }
    _lines(axes, timeline["at_s"], found)
    _phases(axes, timeline)
    axes.set(title="Answers without its judgement, by reason", xlabel="seconds", ylabel="answers per second")
    if found:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 0.95), fontsize=8, ncols=3)


def spending(axes: Axes, record: Mapping[str, Any]) -> None:
    """Dollars per lead of each pass: mean and P99."""
    passes = record["passes"]
    names = [f"pass {name}\nratio {each['llm_ratio']:.3f}" for name, each in passes.items()]
    places = range(len(names))
    for offset, key, color in ((-0.2, "mean", _COLORS[1]), (0.2, "p99", "#74c0fc")):
        values = [1000.0 * each["per_lead_usd"].get(key, 0.0) for each in passes.values()]
        bars = axes.bar([place + offset for place in places], values, width=0.4, color=color, label=key)
        axes.bar_label(bars, fmt="%.3f", fontsize=8)
    axes.set_xticks(list(places), names)
    axes.set(title="What a lead has cost, late answers included", ylabel="thousandths of a dollar per lead")
    axes.legend(frameon=False)


def _lines(axes: Axes, at_s: list[float], series: Mapping[str, list[float]]) -> None:
    """The most frequent, each in a colour of its own."""
    ordered = sorted(
        ((name, values) for name, values in series.items() if any(values)), key=lambda item: -sum(item[1])
    )[:_SHOWN]
    for (name, values), color in zip(ordered, _COLORS, strict=False):
        axes.plot(at_s, values, color=color, linewidth=1.4, label=name)


def _phases(axes: Axes, timeline: Mapping[str, Any]) -> None:
    top = 1.5 * max(axes.get_ylim()[1], 1.0)
    axes.set_ylim(0.0, top)
    for name, (from_s, to_s) in timeline["phases"].items():
        axes.axvline(from_s, color="#adb5bd", linestyle=":", linewidth=1.0)
        axes.annotate(name, ((from_s + to_s) / 2.0, top), fontsize=9, ha="center", va="top", color="#495057")
