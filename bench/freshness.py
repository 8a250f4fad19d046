"""How soon does a message change rankings, and what do queries cost meanwhile?

Run by `leads bench freshness`. 20 queries a second are offered twice to a running system, the second time while 200 snippets
a second are sent to it, through its broker. One snippet a second carries a word that
nothing else has; its company alone is ranked for that word, again and again, until the snippet is among its signals.
"""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from bench import ground, processes, record
from bench.asking import Supply, directory_of
from bench.messages import MESSAGES_PER_S, Sender
from bench.options import Options
from bench.running import local_system
from bench.scenario import Check, Holds, Requests, Scenario, Steady
from bench.stand import Stand

QUERIES_PER_S, SECONDS = 20.0, 120.0
MOST_P95_S = 5.0
_SCENARIO = Scenario(
    "freshness",
    "how soon does a message change rankings, and what do queries cost meanwhile?",
    Steady(QUERIES_PER_S, SECONDS),
    Holds(),
    Requests(),
)


def run(options: Options) -> Path:
    """Measure and write the record; returns its path."""
    console = Console(highlight=False)
    ground.prepare(options, console, vectors=False)
    folder = options.folder()
    seconds = options.seconds or SECONDS
    found = record.heading(
        "freshness", record.data_of(folder), {"kind": "open", "offered_qps": QUERIES_PER_S}
    )
    with local_system(None, folder) as state:
        directory = directory_of(state.base_url)
        stand = Stand(
            _SCENARIO,
            options,
            state,
            Supply(_SCENARIO.requests, options.seed, directory, options.prompts()),
            console,
            None,
        )
        stand.warm_up(QUERIES_PER_S, seconds)
        before, _ = stand.offer(QUERIES_PER_S, seconds)
        sender = Sender(state, options, directory.ids, MESSAGES_PER_S, probing=True)
        with sender.sending():
            during, batch = stand.offer(QUERIES_PER_S, seconds)
        rss = processes.peak_rss_mib(state.pid)
    sent = sender.done
    waited_s = sent.waited_s
    alone = record.quantiles(before.outcome.answered_ms())
    beside = record.quantiles(during.outcome.answered_ms())
    p95_s = record.quantiles(waited_s).get("p95", float("inf"))
    checks = [
        Check.below("P95 s from produce to first appearance", p95_s, MOST_P95_S),
        Check.below("probes that never appeared", sent.lost, 0),
    ]
    found |= during.figures() | {
        "load": {"kind": "open", "offered_qps": QUERIES_PER_S, "duration_s": seconds, "messages_per_s": MESSAGES_PER_S,
                 "prompts_sha256": batch.sha256},
        "freshness_s": record.quantiles(waited_s), "probes": len(waited_s) + sent.lost, "messages": sent.sent,
        "latency_ms_without": alone, "latency_ms_during": beside,
        "cpu_ms_per_query_without": processes.per_query(before.cpu_ms, before.outcome.offered),
        "peak_rss_mib": rss, "doubts": [*before.doubts(), *during.doubts()],
        "verdict": "held" if all(check.held for check in checks) else "missed",
        "checks": [asdict(check) for check in checks], "shortened": options.overrides(), "seed": options.seed,
    }  # fmt: skip
    path = record.write(options.record_name, found, options.records)
    console.print(
        f"  produce to first appearance, s: {record.quantiles(waited_s)}; queries, ms: {beside} against {alone}\n  {path}"
    )
    return path
