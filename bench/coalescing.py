"""What coalescing saves: the same graph called Serve's default way, and ours, under open-loop load (architecture, section 1).

Run from the repository root: `python -m bench.coalescing --data DIR`; writes bench/records/coalescing.json. Three
variants on the same data, each with one replica of every node:

- `defaults`: Serve's own proxy, handles and limits, one call per request and hop;
- `single`: HAProxy, the throughput flag and gRPC handles, still one call per request and hop;
- `coalesced`: what `leads up` runs.

They run one after the other and then in the opposite order, each against a ladder of rates that ends where it does not hold.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import asking, measuring, processes, prompts, record
from bench.arrivals import Load, due_times
from bench.burst import totals
from bench.ladder import ERROR_SHARE
from bench.measuring import Measured
from bench.variant import Variant, running
from deployments.local.registry import SystemState

VARIANTS = (
    Variant("defaults", throughput=False, plain_handles=True, coalesce=False, own_limits=False),
    Variant("single", throughput=True, plain_handles=False, coalesce=False, own_limits=True),
    Variant("coalesced", throughput=True, plain_handles=False, coalesce=True, own_limits=True),
)
P95_MS = 400.0
_WARM_UP_QPS, _WARM_UP_S = 10.0, 5.0
_SEED = 47
_DEADLINE_MS = 5_000


@dataclass(frozen=True)
class Ladder:
    """The rates to climb, seconds at each, and what prompts are made of."""

    rates: tuple[float, ...]
    seconds: float
    world: Path | None
    limit: int


def climb(
    variant: Variant, round_number: int, data: Path, folder: Path, ladder: Ladder
) -> list[dict[str, Any]]:
    """Offer one rate after the other until one does not hold; a step per rate."""
    steps = []
    with running(variant, data, folder / f"{variant.name}.yaml") as state:
        _offer(state, ladder, _WARM_UP_QPS, _WARM_UP_S, seed=round_number)
        for place, rate_qps in enumerate(ladder.rates, start=1):
            seed = _SEED + 1000 * round_number + place
            measured = _offer(state, ladder, rate_qps, ladder.seconds, seed=seed)
            steps.append(_step(variant, round_number, rate_qps, measured))
            _show(steps[-1])
            if not steps[-1]["holds"]:
                break
    return steps


def highest_held(steps: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """By variant: the highest rate that held in every round, and in the best one; 0 where none did."""
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(step["variant"] for step in steps):
        rounds: dict[int, float] = {}
        for step in steps:
            if step["variant"] == name:
                reached = step["offered_qps"] if step["holds"] else 0.0
                rounds[step["round"]] = max(rounds.get(step["round"], 0.0), reached)
        found[name] = {"every_round_qps": min(rounds.values()), "best_round_qps": max(rounds.values())}
    return found


def never_ended(steps: Sequence[dict[str, Any]]) -> list[str]:
    """Variants that held every rate of the ladder: what they reach is more than the figure says."""
    failed = {step["variant"] for step in steps if not step["holds"]}
    return [name for name in dict.fromkeys(step["variant"] for step in steps) if name not in failed]


def ratios(held: dict[str, dict[str, float]]) -> dict[str, float | None]:
    """Highest rate held by the coalesced graph over that of each other variant; None where the other held none."""
    ours = held["coalesced"]["every_round_qps"]
    others = {name: each["every_round_qps"] for name, each in held.items() if name != "coalesced"}
    return {
        f"coalesced/{name}": round(ours / theirs, 2) if theirs else None for name, theirs in others.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="data folder on which no system runs")
    parser.add_argument(
        "--rates", default="25,50,75,100,150,200,250,300", help="queries per second, ascending"
    )
    parser.add_argument("--seconds", type=float, default=15.0, help="at each rate")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=int, default=25)
    parser.add_argument("--prompts", type=Path, help="a synthetic world's prompts.jsonl to mix in")
    parser.add_argument("--name", default="coalescing", help="name of the record")
    options = parser.parse_args(arguments)
    rates = tuple(float(rate) for rate in options.rates.split(","))
    ladder = Ladder(rates, options.seconds, options.prompts, options.limit)
    load = {"kind": "open", "offered_qps": list(rates), "duration_s": options.seconds, "unique_share": 1.0}
    found = record.heading("coalescing", record.data_of(options.data), {**load, "limit": options.limit})
    steps: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for variant in VARIANTS if number % 2 == 0 else reversed(VARIANTS):
                steps += climb(variant, number + 1, options.data.resolve(), Path(folder), ladder)
    held = highest_held(steps)
    found |= {
        "variants": [asdict(variant) for variant in VARIANTS],
        "held_means": {"p95_ms_below": P95_MS, "errors_and_degraded_share_at_most": ERROR_SHARE},
        **totals(steps), "highest_held": held, "held_the_whole_ladder": never_ended(steps), "ratios": ratios(held), "steps": steps,
    }  # fmt: skip
    path = record.write(options.name, found)
    print(path.name, held, found["ratios"])


def _offer(state: SystemState, ladder: Ladder, rate_qps: float, seconds: float, seed: int) -> Measured:
    count = max(1, round(rate_qps * seconds))
    asked = prompts.unique_prompts(count, seed, ladder.world)
    bodies = [asking.body(prompt, ladder.limit, _DEADLINE_MS) for prompt in asked]
    return measuring.measure(Load(state.base_url, bodies, due_times(count, rate_qps, seed)), state.pid)


def _step(variant: Variant, round_number: int, rate_qps: float, measured: Measured) -> dict[str, Any]:
    outcome = measured.outcome
    return {
        "variant": variant.name, "round": round_number, "offered_qps": rate_qps, "holds": measured.holds(P95_MS, ERROR_SHARE),
        "duration_s": round(outcome.duration_s, 2), **measured.counts(), "latency_ms": record.quantiles(outcome.answered_ms()),
        "cpu_ms_per_query": processes.per_query(measured.cpu_ms, outcome.offered), "generator": measured.generator,
    }  # fmt: skip


def _show(step: dict[str, Any]) -> None:
    p95_ms = step["latency_ms"].get("p95", float("nan"))
    print(
        f"  {step['variant']:10s} round {step['round']}  {step['offered_qps']:6.0f}/s  p95 {p95_ms:8.1f} ms  "
        f"errors {sum(step['errors'].values()):4d}  degraded {step['degraded']:4d}  "
        f"CPU {step['cpu_ms_per_query']['total']:7.2f} ms  {'holds' if step['holds'] else 'does not hold'}",
        flush=True,
    )


if __name__ == "__main__":
    main()
