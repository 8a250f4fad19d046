"""The same prompts again and again with a language model that is well: what is asked, what is known, what it costs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench import measuring, processes, record
from bench.burst import totals
from bench.ladder import step_of
from bench.measuring import Measured
from bench.scenario import Check, Holds, Passes
from bench.stand import Stand
from bench.steady import load_of
from bench.watching import Reading, Watch, grown
from db.embedded import EmbeddedPostgres

_SETTLED_S = 4.0
_LONGEST_S = 60.0
_POLL_S = 0.5
_SPENT = (Path(__file__).parent / "spent.sql").read_text("utf-8")


@dataclass(frozen=True)
class Spent:
    """One pass as the query log and the ledger tell it, answers that came late included.

    `per_lead_usd`: of each query that returned leads; `pool`, `judged` and `leads` are sums over all queries.
    """

    queries: int
    leads: int
    pool: int
    judged: int
    total_usd: float
    late_usd: float
    calls: int
    tokens_in: int
    tokens_out: int
    per_lead_usd: tuple[float, ...]

    @classmethod
    def between(cls, dsn: str, from_s: float, to_s: float) -> "Spent":
        """What queries logged between two moments (seconds since the epoch) have cost by now."""
        with psycopg.connect(dsn) as connection:
            rows = connection.execute(_SPENT, {"from_s": from_s, "to_s": to_s}).fetchall()
        leads, pool, judged, usd, late, calls, tokens_in, tokens_out = (
            [row[column] for row in rows] for column in range(8)
        )
        each = (float(cost) / count for cost, count in zip(usd, leads, strict=True) if count)
        return cls(
            len(rows), sum(leads), sum(pool), sum(judged), float(sum(usd)), float(sum(late)), sum(calls), sum(tokens_in),
            sum(tokens_out), tuple(each),
        )  # fmt: skip

    def figures(self, sent: float) -> dict[str, Any]:
        """For the record; `sent` candidates went to the model."""
        latest = {name: round(value, 8) for name, value in _quantiles(self.per_lead_usd).items()}
        return {
            "queries": self.queries, "leads": self.leads, "calls": self.calls, "sent_to_llm": round(sent),
            "llm_ratio": round(sent / self.pool, 6) if self.pool else 0.0,
            "judged_share_of_pool": round(self.judged / self.pool, 6) if self.pool else 0.0,
            "total_usd": round(self.total_usd, 6), "late_usd": round(self.late_usd, 6),
            "per_lead_usd": {"mean": round(self.total_usd / self.leads, 8) if self.leads else 0.0, **latest},
            "tokens_per_call": {
                "in": round(self.tokens_in / max(1, self.calls), 1), "out": round(self.tokens_out / max(1, self.calls), 1),
            },
        }  # fmt: skip


def run(stand: Stand, shape: Passes) -> dict[str, Any]:
    """Warm up, then the passes."""
    rate_qps = stand.options.rate_qps or shape.rate_qps
    seconds = stand.options.seconds or shape.duration_s
    warm_up = stand.warm_up(rate_qps, seconds)
    due_s = stand.due_times(rate_qps, seconds)
    batch = stand.supply.batch(len(due_s))
    dsn = EmbeddedPostgres(stand.options.folder()).dsn()
    loads: list[Measured] = []
    steps: list[dict[str, Any]] = []
    with Watch(stand.state.base_url) as watch:
        settle(stand, watch)
        for number in range(1, shape.passes + 1):
            before, from_s = watch.look(), time.time()
            loads.append(stand.send(batch, due_s))
            settle(stand, watch)
            after, spent = watch.look(), Spent.between(dsn, from_s, time.time())
            steps.append(_step(number, rate_qps, loads[-1], spent, before, after))
            stand.console.print(f"  pass {number}: {steps[-1]['spent']}", highlight=False)
    first = loads[0]
    return first.figures() | totals(steps) | {
        "load": load_of(stand, batch, rate_qps, seconds) | {"warm_up": warm_up, "passes": shape.passes},
        "passes": {str(step["round"]): step["spent"] for step in steps}, "steps": steps,
        "llm_ratio": steps[0]["spent"]["llm_ratio"], "cost_per_lead_usd": steps[0]["spent"]["per_lead_usd"]["mean"],
        "standin_cpu_ms": [round(each.standin_ms) for each in loads], "peak_rss_mib": processes.peak_rss_mib(stand.state.pid),
        "per_second": measuring.per_second(first), "per_second_at": "the first pass",
        "latency_cdf": measuring.cdf(first.outcome.answered_ms()), "metrics_ms": record.quantiles(watch.took_ms),
        "doubts": measuring.doubts(loads), "checks": _checks(stand.scenario.holds, loads, steps),
    }  # fmt: skip


def settle(stand: Stand, watch: Watch) -> None:
    """Wait until no call has ended for a while, so that late answers are booked; at most a minute."""
    assert stand.standin is not None
    last, quiet_s, give_up_s = stand.standin.seen(), watch.now_s, watch.now_s + _LONGEST_S
    while watch.now_s < give_up_s and watch.now_s - quiet_s < _SETTLED_S:
        time.sleep(_POLL_S)
        seen = stand.standin.seen()
        if seen != last:
            last, quiet_s = seen, watch.now_s


def _step(
    number: int, rate_qps: float, measured: Measured, spent: Spent, before: Reading, after: Reading
) -> dict[str, Any]:
    counters = grown(before, after)
    sent = counters.get("llm_hit_total", 0.0)
    return {
        "round": number,
        **step_of(rate_qps, measured),
        "spent": spent.figures(sent),
        "counters": counters,
    }


def _quantiles(values: tuple[float, ...]) -> dict[str, float]:
    """Nearest rank; `record.quantiles` rounds to what milliseconds need."""
    found = record.quantiles([1e6 * value for value in values])
    return {name: found[name] / 1e6 for name in ("p50", "p95", "p99", "max") if name in found}


def _checks(holds: Holds, loads: Sequence[Measured], steps: Sequence[Mapping[str, Any]]) -> list[Check]:
    spent = [step["spent"] for step in steps]
    first, second = spent[0], spent[1]
    failed = sum(
        count for load in loads for code, count in load.outcome.errors.items() if code.startswith("5")
    )
    wrong = sum(load.outcome.samples.get("faulty", 0) for load in loads)
    unlogged = sum(load.outcome.completed for load in loads) - sum(each["queries"] for each in spent)
    cheaper = _ratio(second["total_usd"], first["total_usd"])
    known = _ratio(second["judged_share_of_pool"], first["judged_share_of_pool"])
    checks = [
        Check.below("5xx", failed, 0.0),
        Check.below("wrong answers in the sample", wrong, 0.0),
        Check.below("answers that the log lacks", abs(unlogged), 0.0),
        Check.below("cost of the second pass over the first", cheaper, 1.0),
        Check.least("judged share of the pool in the second pass over the first", known, 1.0),
    ]
    limits = (
        ("LLM ratio", max(each["llm_ratio"] for each in spent), holds.llm_ratio),
        ("mean USD per lead", first["per_lead_usd"]["mean"], holds.mean_lead_usd),
        ("P99 USD per lead", first["per_lead_usd"].get("p99", 0.0), holds.p99_lead_usd),
    )
    return [*(Check.below(name, value, limit) for name, value, limit in limits if limit is not None), *checks]


def _ratio(value: float, over: float) -> float:
    return value / over if over else float("inf")
