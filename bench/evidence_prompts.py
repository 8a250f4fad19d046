"""CPU time of the evidence of real prompts on a snapshot, per query and index look-ups included.

    python -m bench.evidence_prompts SNAPSHOTS [--world prompts.jsonl] [--prompts 500] [--as-of 2026-06-30] [--record FILE]

Prompts are parsed and retrieved once; what is timed is `ranking.evidence.gather` alone, every prompt in `--rounds` rounds. A prompt's
time is the median of its rounds. `past` asks as of another day each time, before the newest snippet: such tables are made anew.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.prompts import unique_prompts
from bench.record import heading
from deployments.inprocess import InProcess, open_in_process
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.evidence import gather, warm_up
from ranking.journey import RankRequest
from ranking.pipeline import evidence_request
from ranking.ports import EvidenceRequest, RetrievalRequest
from ranking.prompt import parse
from ranking.relaxation import stop_at
from ranking.taxonomy import load_taxonomy

LIMIT = 25
DAY_S = 86_400.0


def questions(system: InProcess, prompts: Sequence[str], as_of_s: float) -> list[EvidenceRequest]:
    """What the bm25 leaf is asked for each prompt."""
    taxonomy, config = load_taxonomy(), system.config
    asked = []
    for prompt in prompts:
        request = RankRequest(parse(prompt, taxonomy), LIMIT, as_of_s, config.final, config.fit.weights)
        wanted = RetrievalRequest(request.query, stop_at(LIMIT))
        candidates = asyncio.run(system.retrieve(wanted, Deadline.after_ms(60_000, time.monotonic)))
        asked.append(evidence_request(request, candidates, config))
    return asked


def timed(system: InProcess, asked: Sequence[EvidenceRequest], rounds: int) -> dict[str, float]:
    """CPU milliseconds per query."""
    spent = np.zeros((rounds, len(asked)))
    for turn in range(-1, rounds):  # the first one warms the caches and is not counted
        for place, request in enumerate(asked):
            started_s = time.thread_time()
            gather(request, system.index, system.tables, system.config.intent)
            spent[turn, place] = 1000.0 * (time.thread_time() - started_s)
    each = np.median(spent, axis=0)
    quantiles = {f"cpu_p{share}_ms": round(float(np.percentile(each, share)), 3) for share in (50, 95, 99)}
    return {"queries": len(asked), "cpu_mean_ms": round(float(each.mean()), 3), **quantiles}


def main() -> None:
    arguments = _arguments()
    started_s = time.process_time()
    warm_up()
    results: dict[str, object] = {"warm_up_cpu_s": round(time.process_time() - started_s, 2)}
    system = open_in_process(arguments.snapshots, load_taxonomy(), RankingConfig())
    as_of_s = datetime.fromisoformat(arguments.as_of).replace(tzinfo=UTC).timestamp()
    asked = questions(system, unique_prompts(arguments.prompts, 1, arguments.world), as_of_s)
    admitted = np.array([request.admitted for request in asked])
    results["admitted_p50"] = int(np.median(admitted))
    results["admitted_p95"] = int(np.percentile(admitted, 95))
    results["evidence"] = timed(system, asked, arguments.rounds)
    past = [
        replace(request, as_of_s=as_of_s - DAY_S * (30 + place)) for place, request in enumerate(asked[:20])
    ]
    results["past"] = timed(system, past, 2)
    counts = {"companies": system.tables.company_count, "snippets": len(system.snapshot.snippets.company)}
    record = {
        **heading("evidence_prompts", counts, {"prompts": len(asked), "rounds": arguments.rounds}),
        "results": results,
    }
    if arguments.record:
        arguments.record.write_text(json.dumps(record, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("snapshots", type=Path)
    parser.add_argument("--world", type=Path)
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--as-of", default="2026-06-30")
    parser.add_argument("--record", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
