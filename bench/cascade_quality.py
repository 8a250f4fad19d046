"""Precision@25 of the product's own ranking on a synthetic world, beside the recorded baselines of the same world.

    python -m bench.cascade_quality WORLD_FOLDER DATA_FOLDER [--split heldout] [--language en] [--booster FOLDER]

DATA_FOLDER is a local system into which the world's files were imported. Only purchases of the hidden state count as hits; the truth
file is read here and nowhere in the product.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.record import heading, write
from configs.schema import DEFAULT_BOOSTER
from deployments.inprocess import InProcess, open_in_process
from models.booster import BoosterModel
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy

K = 25
_RESAMPLES = 2_000


@dataclass(frozen=True)
class Case:
    """One prompt and the companies that buy its product."""

    product: str
    language: str
    prompt: str
    buyers: frozenset[str]


def cases(world: Path, split: str, languages: Sequence[str]) -> list[Case]:
    """The prompts of one split, with their truth."""
    buyers = {row["product_id"]: frozenset(_with_aliases(row)) for row in _rows(world / "truth.jsonl")}
    return [
        Case(row["product_id"], row["language"], row["prompt"], buyers[row["product_id"]])
        for row in _rows(world / "prompts.jsonl")
        if row["split"] == split and row["language"] in languages
    ]


def precision(
    case: Case, system: InProcess, taxonomy: Taxonomy, as_of_s: float
) -> tuple[float, Mapping[str, float]]:
    """Precision@25 of one prompt, and what explains it."""
    config = system.config
    request = RankRequest(parse(case.prompt, taxonomy), K, as_of_s, config.final, config.fit.weights)
    ranked = asyncio.run(
        rank_leads(request, system.ports(), config, Deadline.after_ms(60_000, time.monotonic))
    )
    hits = sum(lead["company_id"] in case.buyers for lead in ranked.leads)
    return hits / K, {
        "available": ranked.available,
        "bm25": ranked.routes.bm25,
        "strict": ranked.relaxation[0].added,
    }


def interval(values: Sequence[float], seed: int) -> dict[str, float]:
    """Mean with a 95 % bootstrap interval over prompts."""
    drawn = np.random.default_rng(seed).choice(np.asarray(values), (_RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"mean": float(np.mean(values)), "low": float(low), "high": float(high), "prompts": len(values)}


def main() -> None:
    arguments = _arguments()
    taxonomy, config = load_taxonomy(), RankingConfig()
    manifest = json.loads((arguments.world / "manifest.json").read_text())
    as_of_s = datetime.fromisoformat(manifest["spec"]["as_of"]).replace(tzinfo=UTC).timestamp()
    table: dict[str, dict[str, float]] = {}
    boosters = {"cascade": BoosterModel(arguments.booster), "cascade, booster dead": None}
    for name, booster in boosters.items():
        system = open_in_process(arguments.data / "snapshots", taxonomy, config, booster)
        for language in arguments.language:
            values = []
            for case in cases(arguments.world, arguments.split, [language]):
                value, told = precision(case, system, taxonomy, as_of_s)
                values.append(value)
                if arguments.verbose:
                    print(f"{value:.2f}  {case.product:24} {dict(told)}")
            table[f"{name}, {language}"] = interval(values, manifest["spec"]["seed"])
    for name, row in table.items():
        print(f"{name:32} {row['mean']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]  {row['prompts']} prompts")
    if arguments.record:
        record = {
            **heading("cascade_quality", manifest["counts"], {}),
            "split": arguments.split,
            "world_sha256": manifest["sha256"],
            "offered": sum(row["prompts"] for row in table.values()),
            "completed": sum(row["prompts"] for row in table.values()),
            "errors": {},
            "precision_at_25": table,
            "booster": boosters["cascade"].version,
            "taxonomy": taxonomy.version,
        }
        write(arguments.record, record)


def _with_aliases(row: dict) -> set[str]:
    """Buyers under each id they have: duplicate records of one company count once, whichever is returned."""
    aliases = row["aliases"]
    return {each for company in row["company_ids"] for each in (company, *aliases.get(company, ()))}


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf8").split("\n") if line]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("world", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--split", default="heldout")
    parser.add_argument("--language", action="append")
    parser.add_argument("--booster", type=Path, default=DEFAULT_BOOSTER)
    parser.add_argument("--record", help="name of the record to write under bench/records/")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    arguments.language = arguments.language or ["en"]
    return arguments


if __name__ == "__main__":
    main()
