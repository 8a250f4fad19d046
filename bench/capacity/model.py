"""The record of the capacity model: what was read, fitted, held against measurements, and planned."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import record
from bench.capacity.fit import Fitted, fit, growth_ms
from bench.capacity.plan import NODES, Assumptions, Growth, Plan, plan
from bench.capacity.points import Point, points_of
from bench.capacity.queues import Cycle
from bench.capacity.shared import compare, largest_miss
from configs.schema import HopsArgs

RATES_QPS = (250.0, 2_500.0, 25_000.0)
LEADS = (1e5, 1e6, 1e7, 1e8)
GROWING = ("retrieval", "bm25", "ingress")
_PROCESS_MIB = 160.0  # a replica that holds no index: gbdt's proportional memory in memory-100k.json
_FAR_FACTOR = 1.1


@dataclass(frozen=True)
class Sources:
    """Records: loads at several rates, one query at a time on many and on few leads, memory by process."""

    loads: Sequence[Path]
    large: Path
    small: Path
    memory: Path

    def names(self) -> list[str]:
        """Of the files, in this order."""
        return [path.name for path in (*self.loads, self.large, self.small, self.memory)]


def built(sources: Sources, usd_per_vcpu_hour: float) -> dict[str, Any]:
    """The record.

    Raises:
        ValueError: the loads are of different data, or of fewer than three rates.
    """
    records = [_read(path) for path in sources.loads]
    sizes = {each["data"]["leads"] for each in records}
    if len(sizes) != 1:
        raise ValueError(f"the loads are of different data: {sorted(sizes)} leads")
    points = sorted((point for each in records for point in points_of(each)), key=lambda each: each.rate_qps)
    hop = HopsArgs().retrieval
    calls = Cycle(0.0, 0.0, hop.linger_ms, hop.most_linger_ms, hop.max_items)
    fitted, compared = fit(points, calls), compare(points, calls)
    assumed = Assumptions(float(sizes.pop()), usd_per_vcpu_hour)
    large, small, memory = _read(sources.large), _read(sources.small), _read(sources.memory)
    return record.heading("capacity", records[0]["data"], {"kind": "model"}) | {
        "offered": 0, "completed": 0, "errors": {}, "read": sources.names(),
        "largest_held_out_cpu_miss": largest_miss(compared), "most_qps_per_ingress": round(fitted.most_qps(), 1),
        "cycle": _rounded(asdict(fitted.cycle)), "costs": {name: _rounded(asdict(cost)) for name, cost in fitted.costs.items()},
        "latency": {"p50": _rounded(asdict(fitted.p50)), "p95": _rounded(asdict(fitted.p95))}, "assumed": asdict(assumed),
        "compared": [each.told() for each in compared], "notes": _notes(points, records[0], large),
        "plans": [each.told() for each in table(fitted, grown_nodes(large, small, memory, fitted, assumed), assumed)],
    }  # fmt: skip


def table(fitted: Fitted, grows: Mapping[str, Growth], assumed: Assumptions) -> list[Plan]:
    """Every rate at every number of leads."""
    return [plan(rate_qps, leads, fitted, grows, assumed) for leads in LEADS for rate_qps in RATES_QPS]


def grown_nodes(
    large: Mapping[str, Any],
    small: Mapping[str, Any],
    memory: Mapping[str, Any],
    fitted: Fitted,
    assumed: Assumptions,
) -> dict[str, Growth]:
    """How each node grows: CPU of retrieval and bm25 from one query at a time at two sizes, memory from one size.

    What grows is at most all that a query costs at the loads' size, where the records of single queries are of slower code.
    """
    leads = float(memory["data"]["leads"])
    found = {}
    for name in NODES:
        pss_mib = float(memory["after_queries"][name]["pss_mib"])
        if name not in GROWING:
            found[name] = Growth(0.0, pss_mib, 0.0)
            continue
        ms_per_lead = 0.0
        if name != "ingress":
            few_ms, many_ms = (each["cpu_ms_per_query"][name] for each in (small, large))
            ms_per_lead = growth_ms(few_ms, many_ms, small["data"]["leads"], large["data"]["leads"])
            ms_per_lead = min(ms_per_lead, fitted.costs[name].item_ms / assumed.measured_leads)
        fixed_mib = min(_PROCESS_MIB, pss_mib)
        found[name] = Growth(ms_per_lead, fixed_mib, (pss_mib - fixed_mib) / leads)
    return found


def _notes(points: Sequence[Point], loads: Mapping[str, Any], large: Mapping[str, Any]) -> list[str]:
    """What a reader must know of these records."""
    notes = [
        f"Rates from {points[0].rate_qps:g} to {points[-1].rate_qps:g} queries/s were measured; an ingress beyond that is a guess."
    ]
    snippets = [each["data"].get("snippets", 0) for each in (loads, large)]
    if max(snippets) > _FAR_FACTOR * min(snippets):
        notes.append(
            f"Loads are of {snippets[0]:,} snippets, one query at a time of {snippets[1]:,}: growth is of the latter."
        )
    notes += [f"The record of the loads is marked doubtful: {doubt}." for doubt in loads.get("doubts", ())]
    return notes  # fmt: skip


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
