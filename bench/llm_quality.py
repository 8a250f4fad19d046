"""What the language model's judgement adds to the ranking of held-out products, and what it costs: `bench/records/llm-quality.json`.

    python -m bench.llm_quality [--world FOLDER --data FOLDER] [--language en --language de ...]

On the synthetic default world (made and imported under `.data/bench/` without `--data`): BM25 only, with LightGBM, with the model
as `auto` finds it at first sight of a prompt, for who waits, and in the second and third pass, when its answers have landed. All in this
process: the adviser, its money in a Postgres of its own, and the leaf, which asks the stand-in over HTTP. The stand-in answers at once
and nobody waits with `auto`, as it would be with a vendor that takes 400 ms. Each language begins with nothing known.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

from bench import ground, record
from bench.cascade_quality import Case, K, cases
from bench.graded import Grade, graded, summary
from bench.language_model import PLENTY
from bench.options import Options
from bench.prompts import LANGUAGES
from configs.llm import LlmArgs, LlmSettings
from configs.schema import DEFAULT_BOOSTER
from db import migrate
from db.embedded import EmbeddedPostgres
from db.pool import open_pool
from deployments.inprocess import InProcess, open_in_process
from deployments.llm.completion import Usage
from deployments.llm.desk import LlmDesk
from deployments.llm.node import Judged, LlmNode
from deployments.standin.behaviour import Behaviour
from deployments.standin.server import StandIn
from deployments.standin.world import HiddenWorld
from ingest.synthetic import DEFAULT_SPEC
from models.booster import BoosterModel
from models.llm.question import Question
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.errors import LeadError
from ranking.journey import RankRequest
from ranking.money import usd
from ranking.pipeline import Ports, rank_leads
from ranking.prices import PriceList
from ranking.prices import Usage as Tokens
from ranking.prompt import parse
from ranking.taxonomy import Taxonomy, load_taxonomy

NAME = "llm-quality"
_DEADLINE_MS = 60_000.0
_MODELS = ("gpt-4o", "gpt-4o-mini")
USUAL: dict[str, Any] = {
    "calls": {"model": "gpt-4o"}, "advising": {"patience_ms": 0.0, "in_flight": 1_000}, "spending": PLENTY,
}  # fmt: skip
UNBOUNDED: dict[str, Any] = {
    **USUAL, "spending": {**PLENTY, "per_lead_usd": 10.0}, "asked_share": {"share": 1.0},
    "advising": {"patience_ms": 0.0, "in_flight": 10_000, "most_asked": 2_000}, "asking": {"least_gain": 0.0},
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What all rows of the table are measured on; `opening` is a prompt of a product that none of them asks for."""

    system: InProcess
    taxonomy: Taxonomy
    hidden: HiddenWorld
    as_of_s: float
    seed: int
    dsn: str
    opening: str


class Asking:
    """The leaf as the desk calls it; counts what its calls have used and knows when none is under way."""

    def __init__(self, node: LlmNode) -> None:
        self._node = node
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.used = Usage()
        self.sent = 0

    async def __call__(self, question: Question, deadline: Deadline) -> Judged:
        self._open += 1
        self._idle.clear()
        self.sent += len(question.candidates)
        try:
            (outcome,) = await self._node.judge([question], [deadline.remaining_ms()])
        finally:
            self._open -= 1
            if not self._open:
                self._idle.set()
        if isinstance(outcome, LeadError):
            raise outcome
        self.used += outcome.usage
        return outcome

    async def settled(self) -> None:
        """Return once every call has ended and its scores are kept."""
        for _ in range(
            3
        ):  # a task that was made begins in the loop's next round, and keeps what it got in another
            await asyncio.sleep(0.001)
            await self._idle.wait()

    def take(self) -> tuple[tuple[int, int, int], int]:
        """Calls, tokens in and out, and companies sent since the last time."""
        used, sent = self.used, self.sent
        self.used, self.sent = Usage(), 0
        return (used.calls + used.unanswered, used.tokens_in, used.tokens_out), sent


@asynccontextmanager
async def advised(stage: Ground, args: dict[str, Any], noise: float) -> AsyncIterator[tuple[Ports, Asking]]:
    """Ports with an adviser that knows nothing yet."""
    told = LlmArgs.model_validate(args)
    async with AsyncExitStack() as closing:
        standin = await closing.enter_async_context(
            StandIn(stage.hidden, stage.seed, behaviour=Behaviour(noise=noise))
        )
        settings = LlmSettings(openai_base_url=standin.url, openai_api_key="k")
        node = LlmNode(told.calls.model_dump(mode="json"), settings, None, random.Random(stage.seed))
        closing.push_async_callback(node.close)
        pool: asyncpg.Pool = await open_pool(stage.dsn)
        closing.push_async_callback(pool.close)
        asking = Asking(node)
        desk = await closing.enter_async_context(LlmDesk(told, asking, pool))
        yield replace(stage.system.ports(), adviser=desk.adviser), asking


async def ranked(stage: Ground, ports: Ports, case: Case, llm: str, asking: Asking | None) -> Grade:
    """One prompt's answer, graded; what it has set going is waited for afterwards."""
    system = stage.system
    request = RankRequest(
        parse(case.prompt, stage.taxonomy), K, stage.as_of_s, system.config.final, system.config.fit.weights, llm=llm,
        query_id=f"{case.product}-{case.language}",
    )  # fmt: skip
    started_s = time.process_time()
    found = await rank_leads(request, ports, system.config, Deadline.after_ms(_DEADLINE_MS, time.monotonic))
    cpu_ms = 1000.0 * (time.process_time() - started_s)
    if asking is None:
        return graded(case, found, cpu_ms)
    await asking.settled()
    return graded(case, found, cpu_ms, *asking.take())


async def without(stage: Ground, held_out: Sequence[Case], *, booster: bool) -> list[Grade]:
    """The ranking without a language model, with or without the booster."""
    system = stage.system if booster else replace(stage.system, booster=None)
    return [await ranked(stage, system.ports(), case, "never", None) for case in held_out]


async def passes(
    stage: Ground, held_out: Sequence[Case], modes: Sequence[str], args: dict[str, Any], noise: float
) -> list[list[Grade]]:
    """One pass over all prompts per mode, one after the other; prompts stand by language, each of which begins with nothing known."""
    found: list[list[Grade]] = [[] for _ in modes]
    for language in dict.fromkeys(case.language for case in held_out):
        spoken = [case for case in held_out if case.language == language]
        async with advised(stage, args, noise) as (ports, asking):
            await _bring_money(stage, ports, asking, spoken[0])
            for grades, mode in zip(found, modes, strict=True):
                grades += [await ranked(stage, ports, case, mode, asking) for case in spoken]
    return found


def row(grades: Sequence[Grade], against: Sequence[Grade] | None, seed: int) -> dict[str, Any]:
    """One line of the table."""
    leads, sent = sum(each.leads for each in grades), sum(each.sent for each in grades)
    told = Tokens(sum(each.tokens_in for each in grades), sum(each.tokens_out for each in grades))
    cpu = record.quantiles([each.cpu_ms for each in grades])
    return {
        **summary(grades, against, seed),
        "cost_per_lead_usd": {model: _share(told, model, leads) for model in _MODELS},
        "cost_per_company_asked_usd": {model: _share(told, model, sent) for model in _MODELS},
        "llm_ratio": round(sent / max(1, sum(each.pool for each in grades)), 4),
        "judged_per_pool": round(sum(each.judged for each in grades) / len(grades), 2),
        "calls": sum(each.calls for each in grades), "tokens_in": told.tokens_in, "tokens_out": told.tokens_out,
        "cpu_ms": {"p50": cpu["p50"], "p95": cpu["p95"]},
    }  # fmt: skip


def _share(told: Tokens, model: str, of: int) -> float:
    """Dollars by the list price over a number of leads or companies."""
    return float(f"{usd(PriceList().cost(model, told)) / max(1, of):.4g}")


async def table(stage: Ground, held_out: Sequence[Case], noise: float, console: Console) -> dict[str, Any]:
    """All rows; the last three on the English prompts alone."""
    english = [case for case in held_out if case.language == LANGUAGES[0]] or list(held_out)
    bm25 = await without(stage, held_out, booster=False)
    booster = await without(stage, held_out, booster=True)
    first, second, third = await passes(stage, held_out, ("auto", "auto", "auto"), USUAL, noise)
    (waiting,) = await passes(stage, held_out, ("wait",), USUAL, noise)
    rows = {
        "BM25 only": row(bm25, booster, stage.seed),
        "+ LightGBM": row(booster, None, stage.seed),
        "+ LLM auto, first sight": row(first, booster, stage.seed),
        "+ LLM wait, first sight": row(waiting, booster, stage.seed),
        "+ LLM auto, second pass": row(second, booster, stage.seed),
        "+ LLM auto, third pass": row(third, booster, stage.seed),
    }
    _tell(console, rows)
    base = [grade for grade, case in zip(booster, held_out, strict=True) if case in english]
    pointwise = {**USUAL, "calls": {**USUAL["calls"], "mode": "pointwise"}}
    compared = {
        "listwise, wait": (USUAL, noise), "pointwise, wait": (pointwise, noise),
        "listwise, wait, all that could matter": (UNBOUNDED, noise),
        "the same, judged without noise": (UNBOUNDED, 0.0),
    }  # fmt: skip
    found = {}
    for name, (args, points) in compared.items():
        (grades,) = await passes(stage, english, ("wait",), args, points)
        found[name] = row(grades, base, stage.seed)
    _tell(console, found)
    return {"rows": rows, "english": {"+ LightGBM": row(base, None, stage.seed), **found}}


async def _bring_money(stage: Ground, ports: Ports, asking: Asking, case: Case) -> None:
    """The first query of a tenant finds no money yet."""
    await ranked(stage, ports, replace(case, prompt=stage.opening), "wait", asking)


def _tell(console: Console, rows: dict[str, Any]) -> None:
    for name, each in rows.items():
        precision, ndcg = each["precision_at_25"], each["ndcg_at_25"]
        console.print(
            f"{name:38} P@25 {precision['mean']:.3f} [{precision['low']:.3f}, {precision['high']:.3f}]  "
            f"nDCG@25 {ndcg['mean']:.3f} [{ndcg['low']:.3f}, {ndcg['high']:.3f}]  "
            f"ratio {each['llm_ratio']:.3f}  $ {each['cost_per_lead_usd']}  CPU P95 {each['cpu_ms']['p95']:.1f} ms",
            highlight=False,
        )


def main() -> None:
    """Measure and write the record."""
    arguments = _arguments()
    console = Console(width=200)
    world, data = _grounds(arguments, console)
    manifest = json.loads((world / "manifest.json").read_text("utf-8"))
    as_of_s = datetime.fromisoformat(manifest["spec"]["as_of"]).replace(tzinfo=UTC).timestamp()
    taxonomy = load_taxonomy()
    booster = BoosterModel(arguments.booster)
    system = open_in_process(data / "snapshots", taxonomy, RankingConfig(), booster)
    spoken = arguments.language or LANGUAGES
    held_out = sorted(cases(world, "heldout", spoken), key=lambda case: spoken.index(case.language))
    noise = Behaviour().noise
    with tempfile.TemporaryDirectory(prefix="leads-quality-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            dsn = server.start()
            migrate.upgrade(dsn)
            opening = cases(world, "train", ["en"])[0].prompt
            hidden = HiddenWorld.open(world)
            stage = Ground(system, taxonomy, hidden, as_of_s, arguments.seed, dsn, opening)
            found = asyncio.run(table(stage, held_out, noise, console))
        finally:
            server.stop()
    answers = sum(each["precision_at_25"]["prompts"] for part in found.values() for each in part.values())
    path = record.write(NAME, {
        **record.heading("llm_quality", {**manifest["counts"], **record.data_of(data)}, {}), "offered": answers,
        "completed": answers, "errors": {}, "world_sha256": manifest["sha256"], "split": "heldout", "prompts": len(held_out),
        "judge": f"stand-in: the world's truth with a standard deviation of {noise:g} points, seed {arguments.seed}; not a language model",
        "prices": "list prices of gpt-4o and gpt-4o-mini; tokens as the stand-in counts them, four characters each",
        "cpu_ms": "CPU of this process per prompt, client and stand-in in it where the answer waits; latency under load: llmhealthy",
        "booster": booster.version, "taxonomy": taxonomy.version, **found,
    }, arguments.out)  # fmt: skip
    console.print(path)


def _grounds(arguments: argparse.Namespace, console: Console) -> tuple[Path, Path]:
    if arguments.data is not None:
        return arguments.world or arguments.data / "world", arguments.data
    spec = DEFAULT_SPEC
    options = Options(NAME, companies=spec.companies, snippets=spec.snippets, seed=spec.seed)
    ground.prepare(options, console, vectors=False)
    return options.folder() / "world", options.folder()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--world", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--language", action="append")
    parser.add_argument("--booster", type=Path, default=DEFAULT_BOOSTER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=record.RECORDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
