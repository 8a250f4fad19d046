"""CPU time of presenting a ranking: K leads with evidence, account and sentence, and the bytes of the whole answer.

    python -m bench.present_speed DATA_FOLDER [--world PROMPTS_FILE] [--prompts 200] [--rounds 5]

DATA_FOLDER is a local system (its `snapshots` are read, nothing runs). Prompts are surveyed once; then every survey is presented
once a round, and of each the best round counts, because the machine's other work only ever adds. Writes
bench/records/present-speed.json.
"""

import argparse
import asyncio
import gc
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.prompts import digest, unique_prompts
from bench.record import data_of, heading, quantiles, write
from configs.schema import DEFAULT_BOOSTER
from deployments.envelope import envelope
from deployments.inprocess import InProcess, open_in_process
from deployments.query_flow import Answer
from models.booster import BoosterModel
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import Journey, RankRequest, Survey
from ranking.pipeline import show, survey
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy

SEED = 14
TARGET_MS = 1.0
LIMITS = {"few": 25, "bulk": 2_000}
BULK_SHARE = 10


def main() -> None:
    arguments = _arguments()
    taxonomy, config = load_taxonomy(), RankingConfig()
    system = open_in_process(arguments.data / "snapshots", taxonomy, config, BoosterModel(DEFAULT_BOOSTER))
    prompts = unique_prompts(arguments.prompts, SEED, arguments.world)
    measured = {}
    for name, limit in LIMITS.items():
        asked = prompts if name == "few" else prompts[: max(1, len(prompts) // BULK_SHARE)]
        found = [_survey(prompt, limit, system, taxonomy, config) for prompt in asked]
        gc.collect()
        measured[name] = _measure(found, config, arguments.rounds)
        print(name, measured[name])
    record = {
        **heading("present_speed", data_of(arguments.data), {"kind": "closed", "rounds": arguments.rounds}),
        "prompts_sha256": digest(prompts),
        "offered": len(prompts),
        "completed": len(prompts),
        "errors": {},
        "cpu_ms": measured,
        "target_ms": TARGET_MS,
        "met": measured["few"]["cpu_ms"]["p50"] <= TARGET_MS,
    }
    print(write("present-speed", record))


def _survey(prompt: str, limit: int, system: InProcess, taxonomy: Taxonomy, config: RankingConfig) -> Survey:
    as_of_s = datetime.now(UTC).timestamp()
    request = RankRequest(parse(prompt, taxonomy), limit, as_of_s, config.final, config.fit.weights)
    deadline = Deadline.after_ms(60_000, time.monotonic)
    return asyncio.run(survey(request, system.ports(), config, deadline, Journey(time.monotonic)))


def _measure(found: Sequence[Survey], config: RankingConfig, rounds: int) -> dict[str, object]:
    """Best CPU milliseconds of each survey over the rounds, and what was made of it."""
    best_ms = [float("inf")] * len(found)
    sizes, leads, signals = 0, 0, 0
    for number in range(rounds):
        for place, each in enumerate(found):
            started_ns = time.process_time_ns()
            ranked = show(each, config, Journey(time.monotonic))
            content = envelope(Answer("0" * 32, each.request, ranked, 0.0, False), {}, explain=True)
            best_ms[place] = min(best_ms[place], (time.process_time_ns() - started_ns) / 1e6)
            if number == 0:
                sizes, leads = sizes + len(content), leads + len(ranked.leads)
                signals += sum(len(lead["signals"]) for lead in ranked.leads)
    count = len(found)
    return {
        "cpu_ms": quantiles(best_ms),
        "queries": count,
        "leads": round(leads / count, 1),
        "signals": round(signals / count, 1),
        "answer_bytes": round(sizes / count),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--world", type=Path, help="prompts.jsonl of the world that the system holds")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
