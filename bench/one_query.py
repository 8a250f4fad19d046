"""One query at a time: its time, where it goes, and the CPU of each process (requirements.md, "Service levels").

Run from the repository root: `python -m bench.one_query --data DIR` or `--url URL`; writes bench/records/one-query.json.
Closed loop on purpose: nothing else is in flight, so this is what a query costs, not what the system holds.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2

from bench import processes, prompts, record
from bench.running import add_options, local_system

WARM_UP = 30
LEAST = 200
_SEED = 41
_TIMEOUT_S = 30.0
_IDLE_S = 10.0


@dataclass
class Seen:
    """What the queries brought."""

    latencies_ms: list[float] = field(default_factory=list)
    stages_ms: list[dict[str, float]] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    returned: int = 0


def ask_all(client: httpx2.Client, asked: Sequence[str], limit: int) -> Seen:
    """Ask one after the other."""
    seen = Seen()
    for prompt in asked:
        started_s = time.perf_counter()
        body = {"query": prompt, "limit": limit, "options": {"deadline_ms": 10_000, "llm": "never"}}
        try:
            response = client.post("/query", json=body)
        except httpx2.HTTPError as err:
            seen.errors[type(err).__name__] += 1
            continue
        spent_ms = 1000.0 * (time.perf_counter() - started_s)
        if response.status_code != 200:
            seen.errors[str(response.status_code)] += 1
            continue
        answer = response.json()
        seen.latencies_ms.append(spent_ms)
        seen.stages_ms.append(answer["metadata"]["timings_ms"])
        seen.routes.update(answer["metadata"]["routes"])
        seen.returned += answer["metadata"]["returned"]
    return seen


def stages(found: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of each stage, milliseconds."""
    names = dict.fromkeys(name for each in found for name in each)
    columns = {name: [each[name] for each in found if name in each] for name in names}
    return {
        name: {"p50": round(median(values), 3), "p95": record.quantiles(values)["p95"]}
        for name, values in columns.items()
    }


def idle_cpu_ms_per_s(root_pid: int) -> float:
    """CPU milliseconds per second that the system uses with nothing to do; part of every query's figure."""
    meter = processes.CpuMeter(root_pid)
    time.sleep(_IDLE_S)
    return round(sum(meter.spent_ms().values()) / _IDLE_S, 2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument(
        "--queries", type=int, default=300, help=f"at least {LEAST} for a record worth citing"
    )
    parser.add_argument("--limit", type=int, default=25)
    parser.add_argument("--prompts", type=Path, help="a synthetic world's prompts.jsonl to mix in")
    parser.add_argument("--name", default="one-query", help="name of the record")
    options = parser.parse_args(arguments)
    asked = prompts.unique_prompts(WARM_UP + options.queries, _SEED, options.prompts)
    with (
        local_system(options.url, options.data) as state,
        httpx2.Client(base_url=state.base_url, timeout=_TIMEOUT_S) as client,
    ):
        load = {"kind": "closed", "in_flight": 1, "unique_share": 1.0, "limit": options.limit}
        load["prompts_sha256"] = prompts.digest(asked)
        found = record.heading("one-query", record.data_of(state.data_dir), load)
        ask_all(client, asked[:WARM_UP], options.limit)
        idle_ms_per_s = idle_cpu_ms_per_s(state.pid)
        meter = processes.CpuMeter(state.pid)
        seen = ask_all(client, asked[WARM_UP:], options.limit)
        cpu_ms = processes.per_query(meter.spent_ms(), options.queries)
    found |= {
        "offered": options.queries, "completed": len(seen.latencies_ms), "errors": dict(seen.errors),
        "latency_ms": record.quantiles(seen.latencies_ms), "stages_ms": stages(seen.stages_ms),
        "cpu_ms_per_query": cpu_ms, "idle_cpu_ms_per_s": idle_ms_per_s,
        "routes": dict(seen.routes), "returned": seen.returned, "llm_ratio": 0.0,
    }  # fmt: skip
    path = record.write(options.name, found)
    print(path.name, found["latency_ms"])
    for name, spent in found["stages_ms"].items():
        print(f"  {name:10s} p50 {spent['p50']:8.3f} ms  p95 {spent['p95']:8.3f} ms")
    for name, spent_ms in cpu_ms.items():
        print(f"  {name:20s} {spent_ms:8.3f} ms CPU per query")


if __name__ == "__main__":
    main()
