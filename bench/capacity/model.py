"""The capacity model: reads records of loads, writes `capacity.json`, its plot and the section of docs/benchmarks.md.

python -m bench.capacity.model --loads bench/records/step.json [--loads ...] --alone bench/records/one-query-100k.json
    --alone-small bench/records/one-query-startups.json --memory bench/records/memory-100k.json [--usd-per-vcpu-hour 0.045]
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench import record
from bench.capacity.fit import Costs, fit, growth_ms, points_of, vars_of
from bench.capacity.plan import NODES, Assumptions, Growth, Plan, plan
from bench.capacity.shared import compare
from configs.schema import HopArgs

RATES_QPS = (250.0, 2_500.0, 25_000.0)
LEADS = (1e5, 1e6, 1e7, 1e8)
GROWING = ("retrieval", "bm25", "ingress")
_PROCESS_MIB = 160.0  # a replica that holds no index: gbdt's proportional memory in memory-100k.json


def grown_nodes(
    alone: Mapping[str, Any], small: Mapping[str, Any] | None, memory: Mapping[str, Any]
) -> dict[str, Growth]:
    """How each node grows: CPU from one query at a time at two sizes (all of it without the smaller), memory from one size."""
    leads = float(memory["data"]["leads"])
    found = {}
    for name in NODES:
        pss_mib = float(memory["after_queries"][name]["pss_mib"])
        if name not in GROWING:
            found[name] = Growth(0.0, pss_mib, 0.0)
            continue
        ms_per_lead = 0.0
        if name != "ingress":
            cpu_ms, leads_there = (
                (0.0, 0.0) if small is None else (small["cpu_ms_per_query"][name], small["data"]["leads"])
            )
            ms_per_lead = growth_ms(
                cpu_ms, alone["cpu_ms_per_query"][name], leads_there, alone["data"]["leads"]
            )
        fixed_mib = min(_PROCESS_MIB, pss_mib)
        found[name] = Growth(ms_per_lead, fixed_mib, (pss_mib - fixed_mib) / leads)
    return found


def table(costs: Costs, grows: Mapping[str, Growth], assumed: Assumptions) -> list[Plan]:
    """Every rate at every number of leads."""
    return [plan(rate_qps, leads, costs, grows, assumed) for leads in LEADS for rate_qps in RATES_QPS]


def built(options: argparse.Namespace) -> dict[str, Any]:
    """The record."""
    alone, memory = _read(options.alone), _read(options.memory)
    small = None if options.alone_small is None else _read(options.alone_small)
    records = [_read(path) for path in options.loads]
    sizes = {each["data"]["leads"] for each in records}
    if len(sizes) != 1:
        raise SystemExit(f"the loads are of different data: {sorted(sizes)} leads")
    loads = [point for each in records for point in points_of(each)]
    (only,) = points_of(alone)
    costs = fit(loads, only, options.linger_ms)
    assumed = Assumptions(float(sizes.pop()), options.usd_per_vcpu_hour)
    plans = table(costs, grown_nodes(alone, small, memory), assumed)
    return record.heading("capacity", alone["data"], {"kind": "model"}) | {
        "offered": 0, "completed": 0, "errors": {},
        "read": [path.name for path in (*options.loads, options.alone, options.alone_small, options.memory) if path],
        "assumed": asdict(assumed) | {"linger_ms": options.linger_ms},
        "costs": {name: dict(zip(("idle_ms_per_s", "call_ms", "item_ms"), _rounded(vars_of(cost)), strict=True))
                  for name, cost in costs.by_process.items() if name in NODES},
        "compared": [each.told() for each in compare(loads, only, options.linger_ms, alone["machine"]["cores"])],
        "plans": [_told(each) for each in plans],
    }  # fmt: skip


def page(found: Mapping[str, Any]) -> str:
    """The section of the documentation, in markdown."""
    assumed = found["assumed"]
    lines = [
        "## Capacity and cost", "",
        f"A queueing model fitted to {', '.join(f'`{name}`' for name in found['read'])}; not a measurement. One replica is one process "
        f"on one vCPU with {assumed['gib_per_vcpu']:g} GiB at {assumed['usd_per_vcpu_hour']:g} USD per vCPU-hour, busy for at most "
        f"{assumed['target_utilisation']:.0%}; {assumed['fixed_vcpu']:g} vCPU for Ray's head, Postgres, Redis and the balancer. "
        "Shards are what an index too large for a replica, or too long to scan, would have to be cut into; sharding is not built.", "",
        "| leads | queries/s | ingress | retrieval | bm25 | gbdt | embedder | P95 ms | USD/month | USD/1,000 queries |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]  # fmt: skip
    for row in found["plans"]:
        nodes = " | ".join(_node(row["nodes"][name]) for name in NODES)
        lines.append(
            f"| {row['leads']:,.0f} | {row['rate_qps']:,.0f} | {nodes} | {row['p95_ms']:,.0f} | {row['usd_per_month']:,.0f} "
            f"| {row['usd_per_1000']:.4f} |"
        )
    lines += [
        "", "A node's cell: shards x replicas, where more than one shard. Held against what was measured on one machine of two cores:", "",
        "| queries/s | CPU ms/query | model | P95 ms | model |", "|--:|--:|--:|--:|--:|",
    ]  # fmt: skip
    for row in found["compared"]:
        model = "cannot keep up" if row["predicted_p95_ms"] is None else f"{row['predicted_p95_ms']:.0f}"
        lines.append(
            f"| {row['offered_qps']:g} | {row['cpu_ms']:.1f} | {row['predicted_cpu_ms']:.1f} | {row['p95_ms']:.0f} | {model} |"
        )
    lines += ["", "Each row was predicted from the other rows alone, where at least two others remain."]
    return "\n".join(lines) + "\n"


def draw(found: Mapping[str, Any], path: Path) -> Path:
    """Dollars per 1,000 queries and vCPU against leads, one line for each rate."""
    figure = Figure(figsize=(11.0, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for rate_qps in RATES_QPS:
        rows = [row for row in found["plans"] if row["rate_qps"] == rate_qps]
        leads = [row["leads"] for row in rows]
        left.plot(leads, [row["usd_per_1000"] for row in rows], "o-", label=f"{rate_qps:,.0f} queries/s")
        right.plot(leads, [row["p95_ms"] for row in rows], "o-", label=f"{rate_qps:,.0f} queries/s")
    left.set(title="Cost (model)", xlabel="leads", ylabel="USD per 1,000 queries", xscale="log", yscale="log")
    right.set(title="P95 (model)", xlabel="leads", ylabel="ms", xscale="log", ylim=(0, None))
    right.axhline(400.0, color="#c92a2a", linestyle="--", linewidth=1.0)
    left.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, write, print the section."""
    options = _options(arguments)
    found = built(options)
    path = record.write("capacity", found, options.out)
    draw(found, options.out / "plots" / "capacity.png")
    print(page(found))
    print(path)


def _told(each: Plan) -> dict[str, Any]:
    return asdict(each) | {"usd_per_1000": round(each.usd_per_1000, 6)}


def _node(node: Mapping[str, Any]) -> str:
    return f"{node['replicas']:,}" if node["shards"] == 1 else f"{node['shards']:,} x {node['replicas']:,}"


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    price = next(each.default for each in fields(Assumptions) if each.name == "usd_per_vcpu_hour")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--loads", type=Path, action="append", required=True, help="record with loads at several rates"
    )
    parser.add_argument("--alone", type=Path, required=True, help="record of one query at a time")
    parser.add_argument("--alone-small", type=Path, help="the same on fewer leads")
    parser.add_argument("--memory", type=Path, required=True, help="record of memory by process")
    parser.add_argument("--usd-per-vcpu-hour", type=float, default=price)
    parser.add_argument(
        "--linger-ms", type=float, default=HopArgs().linger_ms, help="least time between calls of a hop"
    )
    parser.add_argument("--out", type=Path, default=record.RECORDS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
