"""docs/capacity.md and the plot, out of the record of the capacity model. No figure is written there by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.capacity.plan import NODES

_LIMIT_MS = 400.0


def page(found: Mapping[str, Any]) -> str:
    """The whole page, in markdown."""
    return "\n".join([*_intro(found), *_table(found), *_costs(found), *_compared(found), *_assumed(found)]) + "\n"  # fmt: skip


def draw(found: Mapping[str, Any], path: Path) -> Path:
    """Measured and predicted CPU and P95 over the rate; dollars per 1,000 queries over leads."""
    figure = Figure(figsize=(13.0, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    cpu, latency, cost = figure.subplots(1, 3)
    rows = found["compared"]
    rates = [row["offered_qps"] for row in rows]
    for axes, what in ((cpu, "cpu_ms"), (latency, "p95_ms")):
        axes.plot(rates, [row[what] for row in rows], "o", label="measured")
        predicted = [
            float("nan") if row[f"predicted_{what}"] is None else row[f"predicted_{what}"] for row in rows
        ]
        axes.plot(rates, predicted, "x-", label="predicted without it")
        axes.set(xlabel="queries/s", ylabel="ms", ylim=(0, None))
        axes.legend(frameon=False)
    cpu.set_title("CPU per query")
    latency.set_title("P95")
    latency.axhline(_LIMIT_MS, color="#c92a2a", linestyle="--", linewidth=1.0)
    for rate_qps in dict.fromkeys(row["rate_qps"] for row in found["plans"]):
        plans = [row for row in found["plans"] if row["rate_qps"] == rate_qps]
        label = f"{rate_qps:,.0f} queries/s"
        cost.plot([row["leads"] for row in plans], [row["usd_per_1000"] for row in plans], "o-", label=label)
    cost.set(title="Cost (model)", xlabel="leads", ylabel="USD per 1,000 queries", xscale="log", yscale="log")
    cost.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    return path


def _intro(found: Mapping[str, Any]) -> Iterator[str]:
    read = ", ".join(f"`{name}`" for name in found["read"])
    yield from (
        "# Capacity and cost", "",
        "<!-- Made by `python -m bench.capacity` out of bench/records/; a test compares the two. -->", "",
        f"A model fitted to {read}: not a measurement. How it is made: `docs/decisions/0027-replicas-without-errors-and-capacity.md`.", "",
        f"One ingress, all on one machine: at {found['most_qps_per_ingress']:.0f} queries/s its one thread is always busy.", "",
    )  # fmt: skip


def _table(found: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "## Replicas and cost", "",
        "| leads | queries/s | ingress | retrieval | bm25 | gbdt | embedder | vCPU | machines | P95 ms | USD/month | USD/1,000 queries |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    )  # fmt: skip
    for row in found["plans"]:
        nodes = " | ".join(_node(row["nodes"][name]) for name in NODES)
        yield (
            f"| {row['leads']:,.0f} | {row['rate_qps']:,.0f} | {nodes} | {row['vcpu']:,.0f} | {row['machines']:,} | {row['p95_ms']:,.0f} "
            f"| {row['usd_per_month']:,.0f} | {row['usd_per_1000']:.4f} |"
        )
    yield from ("", "A node's cell: replicas, or shards x replicas.", "")


def _costs(found: Mapping[str, Any]) -> Iterator[str]:
    cycle = found["cycle"]
    yield from (
        "## What a query costs", "",
        "| process | idle, ms/s | ms per query | ms per list call |", "|---|--:|--:|--:|",
    )  # fmt: skip
    for name, cost in found["costs"].items():
        yield f"| {name} | {cost['idle_ms_per_s']:.1f} | {cost['item_ms']:.3f} | {cost['call_ms']:.3f} |"
    yield from (
        "", f"A hop's call is back after {cycle['call_ms']:.1f} ms and {cycle['item_ms']:.2f} ms for each query in it; "
        f"then the next leaves, but not within {cycle['linger_ms']:g} ms per query of the one before or "
        f"{cycle['most_linger_ms']:g} ms. So calls carry more as the rate rises.", "",
    )  # fmt: skip


def _compared(found: Mapping[str, Any]) -> Iterator[str]:
    miss = found["largest_held_out_cpu_miss"]
    told = "no rate could be held out" if miss is None else f"CPU is missed by {miss:.0%} at most"
    yield from (
        "## Against what was measured", "",
        f"Each rate predicted by a model that was fitted to the other rates only; {told}.", "",
        "| queries/s | CPU ms/query | model | P50 ms | model | P95 ms | model |", "|--:|--:|--:|--:|--:|--:|--:|",
    )  # fmt: skip
    for row in found["compared"]:
        yield (
            f"| {row['offered_qps']:g} | {row['cpu_ms']:.2f} | {row['predicted_cpu_ms']:.2f} | {row['p50_ms']:.0f} "
            f"| {_bounded(row['predicted_p50_ms'])} | {row['p95_ms']:.0f} | {_bounded(row['predicted_p95_ms'])} |"
        )
    yield ""


def _assumed(found: Mapping[str, Any]) -> Iterator[str]:
    assumed = found["assumed"]
    yield from (
        "## Assumptions", "",
        f"- A replica is a process on one vCPU with {assumed['gib_per_vcpu']:g} GiB, busy for {assumed['target_utilisation']:.0%} at most; "
        f"machines have {assumed['vcpu_per_machine']} vCPU at {assumed['usd_per_vcpu_hour']:g} USD per vCPU-hour.",
        f"- {assumed['fixed_vcpu']:g} vCPU for Ray's head, Postgres and Redis, and what the processes beside the nodes use per query.",
        "- Measured where all processes and the load generator share the cores: on machines of their own, calls come back sooner.",
        "- An ingress's calls gather as with one lane, however many replicas a leaf has; ingresses share the load evenly.",
        "- CPU and memory grow with leads in a straight line through two measured sizes; what ingress and gbdt do per query does not grow.",
        f"- A leaf is cut into shards where its memory outgrows a replica's, or what grows of its work {assumed['longest_item_ms']:g} ms; "
        "sharding is not built, and what merging shards would cost is left out.",
        "- P95 adds up waits that rarely come together, and takes calls of other ingresses as a Poisson stream.",
        *(f"- {note}" for note in found["notes"]),
    )  # fmt: skip


def _node(node: Mapping[str, Any]) -> str:
    return f"{node['replicas']:,}" if node["shards"] == 1 else f"{node['shards']:,} x {node['replicas']:,}"


def _bounded(milliseconds: float | None) -> str:
    return "cannot keep up" if milliseconds is None else f"{milliseconds:.0f}"
