"""Distillation end to end on a synthetic world: judgements of the stand-in become labels, `leads train` learns from them.

    python -m bench.distillation WORLD_FOLDER DATA_FOLDER [--record distillation]

DATA_FOLDER is a local system into which the world's files were imported, without judgements so far; it is written to. The
prompts of training products are asked for lists of several lengths with the language model on (the stand-in over HTTP, ledger
and labels in Postgres), the English lists of the first pass become outcomes by the world's truth, and `leads train` is run
without and with judgements. Then the choice of whom to ask is replayed on held-out products. The stand-in knows the truth but
for its noise: what comes out says that the machinery works, not how good a real model's judgements are.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.cascade_quality import Case, cases
from bench.record import data_of, heading, write
from bench.replay import LEAST_GAINS, Replayed, Setting, replay, unnecessary
from configs.llm import LlmArgs, LlmSettings
from configs.schema import DEFAULT_BOOSTER
from db.embedded import EmbeddedPostgres
from db.migrate import upgrade
from db.pool import open_pool
from deployments.inprocess import InProcess, open_in_process
from deployments.llm.desk import LlmDesk
from deployments.llm.node import Judged, LlmNode
from deployments.standin.behaviour import Behaviour
from deployments.standin.server import StandIn
from deployments.standin.world import HiddenWorld
from ingest.importers import import_files
from models.agreement import Agreement
from models.booster import BoosterModel
from models.distilling import REPORT_FILE, DistillationReport
from models.judge_scale import JUDGE_FILE, JudgeScale
from models.llm.question import Question
from ranking.asking import AskingConfig
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.errors import LeadError
from ranking.journey import RankRequest
from ranking.pipeline import Ports, rank_leads
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy

SEED = 1
LIMITS = (25, 100, 400)
"""Leads asked for, pass by pass: longer lists put more companies in doubt."""
_PATIENT_MS = 60_000.0


def main() -> None:
    arguments = _arguments()
    started_s = time.time()
    manifest = json.loads((arguments.world / "manifest.json").read_text())
    as_of = datetime.fromisoformat(manifest["spec"]["as_of"]).replace(tzinfo=UTC)
    asked = asyncio.run(_ask(arguments, as_of.timestamp()))
    before, after = _trained(arguments.data, "--no-judgements"), _trained(arguments.data)
    report = DistillationReport.model_validate_json((after / REPORT_FILE).read_bytes())
    told = _replayed(arguments, as_of.timestamp(), before, after, report)
    record = {
        **heading("distillation", data_of(arguments.data), {"limits": LIMITS}),
        "world_sha256": manifest["sha256"],
        "seconds": round(time.time() - started_s),
        **asked,
        "boosters": {"before": before.name, "after": after.name},
        "training": _shaped(report.model_dump(mode="json")),
        "judge_scale": json.loads((after / JUDGE_FILE).read_text()),
        **told,
    }
    for name in ("unnecessary", "unnecessary_on_scale"):
        print(name, json.dumps(told[name], indent=1))
    if arguments.record:
        write(arguments.record, record)


async def _ask(arguments: argparse.Namespace, as_of_s: float) -> dict[str, Any]:
    """Queries, calls and labels, and outcomes of what was shown first."""
    taxonomy, config = load_taxonomy(), RankingConfig()
    system = open_in_process(arguments.data / "snapshots", taxonomy, config, BoosterModel(DEFAULT_BOOSTER))
    shown = cases(arguments.world, "train", _LANGUAGES)
    async with AsyncExitStack() as closing:
        server = EmbeddedPostgres(arguments.data)
        dsn = server.start()
        closing.callback(server.stop)
        upgrade(dsn)
        pool = await closing.enter_async_context(await open_pool(dsn))
        hidden = HiddenWorld.open(arguments.world)
        standin = await closing.enter_async_context(StandIn(hidden, SEED, Behaviour(noise=arguments.noise)))
        desk, ports = await _advised(closing, system, standin, pool)
        outcomes: list[dict[str, Any]] = []
        for number, limit in enumerate(LIMITS):
            for case in shown:
                leads = await _leads(case, limit, ports, system, taxonomy, as_of_s)
                if number == 0 and case.language == "en":
                    outcomes += _outcomes(case, leads, as_of_s)
            print(f"pass {number + 1}: {dict(standin.seen)}", flush=True)
        await desk.labels.flush()
        path = arguments.data / "shown.outcomes.jsonl"
        path.write_text("".join(f"{json.dumps(each)}\n" for each in outcomes), "utf-8")
        await import_files(pool, [path])
        labels = await pool.fetchrow(
            "SELECT count(*) AS labels, count(DISTINCT product_key) AS products, count(DISTINCT company_id) AS companies,"
            " coalesce(sum(cost_usd), 0)::float8 AS cost_usd FROM llm_labels"
        )
    queries = len(LIMITS) * len(shown)
    return {
        "offered": queries, "completed": queries, "errors": {}, "calls": dict(standin.seen), "labels": dict(labels),
        "outcomes_of_lists": len(outcomes), "bought_of_lists": sum(each["label"] for each in outcomes),
    }  # fmt: skip


async def _advised(
    closing: AsyncExitStack, system: InProcess, standin: StandIn, pool: Any
) -> tuple[LlmDesk, Ports]:
    args = LlmArgs()
    settings = LlmSettings(openai_base_url=standin.url, openai_api_key="none")
    node = LlmNode(args.calls.model_dump(mode="json"), settings, None, random.Random(SEED))
    closing.push_async_callback(node.close)

    async def ask(question: Question, deadline: Deadline) -> Judged:
        (outcome,) = await node.judge([question], [deadline.remaining_ms()])
        if isinstance(outcome, LeadError):
            raise outcome
        return outcome

    desk = await closing.enter_async_context(LlmDesk(args, ask, pool))
    return desk, replace(system.ports(), adviser=desk.adviser)


async def _leads(
    case: Case, limit: int, ports: Ports, system: InProcess, taxonomy: Taxonomy, as_of_s: float
) -> Sequence[Any]:
    final, fit = system.config.final, system.config.fit.weights
    query = parse(case.prompt, taxonomy)
    request = RankRequest(query, limit, as_of_s, final, fit, llm="wait", query_id=uuid4().hex)
    deadline = Deadline.after_ms(_PATIENT_MS, time.monotonic)
    return (await rank_leads(request, ports, system.config, deadline)).leads


def _outcomes(case: Case, leads: Sequence[Any], as_of_s: float) -> list[dict[str, Any]]:
    """The list as it was delivered, and by the truth who bought of it."""
    at = datetime.fromtimestamp(as_of_s, UTC).isoformat()
    return [
        {
            "prompt": case.prompt, "company_id": lead["company_id"], "event": "impression", "occurred_at": at,
            "label": int(lead["company_id"] in case.buyers),
        }
        for lead in leads
    ]  # fmt: skip


def _trained(data: Path, *options: str) -> Path:
    """The artefact of `leads train`."""
    root = data / "artefacts"
    command = [sys.executable, "cli.py", "train", "--data", str(data), "--out", str(root), *options]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    print(done.stdout, flush=True)
    return root / done.stdout.rsplit("/", 1)[1].strip()


def _replayed(
    arguments: argparse.Namespace, as_of_s: float, before: Path, after: Path, report: DistillationReport
) -> dict[str, Any]:
    """Precision@25 and companies asked about per query, by booster and by what is assumed of its error."""
    taxonomy, config = load_taxonomy(), RankingConfig()
    held_out = cases(arguments.world, "heldout", arguments.language)
    judge = JudgeScale.model_validate_json((after / JUDGE_FILE).read_bytes())
    assumed, off = AskingConfig(), report.after_on_scale
    settings = {
        "before": Setting(before, assumed, None),
        "before, measured spread": Setting(before, _measured(report.before), None),
        "after": Setting(after, assumed, None),
        "after, measured spread": Setting(after, _measured(report.after), None),
        "before, judge on the scale": Setting(before, assumed, judge),
        "after, judge on the scale": Setting(after, assumed, judge),
        "after, measured spread, judge on the scale": Setting(after, _measured(off), judge),
    }
    hidden = HiddenWorld.open(arguments.world)
    found: dict[str, Replayed] = {}
    for name, setting in settings.items():
        system = open_in_process(
            arguments.data / "snapshots", taxonomy, config, BoosterModel(setting.booster)
        )
        found[name] = replay(held_out, system, taxonomy, as_of_s, setting, hidden, arguments.noise, SEED)
        print(name, flush=True)
        for line in found[name].lines():
            print("   ", line, flush=True)
    return {
        "held_out_prompts": len(held_out),
        "in_doubt_per_query": round(float(found["before"].doubts.mean()), 1),
        "least_gains": [least if isfinite(least) else "nobody asked" for least in LEAST_GAINS],
        "replays": {name: each.curve() for name, each in found.items()},
        "unnecessary": _unnecessary(found, "before"),
        "unnecessary_on_scale": _unnecessary(found, "before, judge on the scale"),
    }


def _unnecessary(found: Mapping[str, Replayed], baseline: str) -> dict[str, Any]:
    """Of the calls that `baseline` makes as configured, what each setting does without at the same Precision@25."""
    return {name: unnecessary(found[baseline], each, SEED) for name, each in found.items()}


def _shaped(value: Any) -> Any:
    """As the page of records reads it: an interval round a mean, bands by their edges."""
    if not isinstance(value, dict):
        return value
    if "value" in value:
        return {"mean": value["value"], "low": value["low"], "high": value["high"]}
    shaped = {key: _shaped(each) for key, each in value.items()}
    if "bands" in shaped:
        shaped["bands"] = {
            f"{band['low']:g} to {band['high']:g}": [
                band["labels"],
                round(band["bias"], 2),
                round(band["rms"], 2),
            ]
            for band in value["bands"]
        }
    return shaped


def _measured(against: Agreement) -> AskingConfig:
    return AskingConfig(edge_points=against.edge_points, middle_points=against.middle_points)


_LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("world", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--noise", type=float, default=12.0)
    parser.add_argument("--language", action="append")
    parser.add_argument("--record", help="name of the record to write under bench/records/")
    arguments = parser.parse_args()
    arguments.language = arguments.language or list(_LANGUAGES)
    return arguments


if __name__ == "__main__":
    main()
