"""Leads made in columns are the leads made one by one."""

import asyncio
import json
import time
from dataclasses import replace

import numpy as np
import pytest

from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.intent import BM25, GBDT
from ranking.journey import Journey, RankRequest, Survey
from ranking.pipeline import survey
from ranking.presentation import Presenter
from ranking.prompt import parse
from ranking.types import Query
from tests.fixtures.plain_presentation import plain_leads
from tests.fixtures.served_world import AS_OF_S, ServedWorld

CONFIG = RankingConfig()
PROMPTS = [
    "CRM software for companies in Europe with 20-500 employees, not hospitals",
    "payroll software for CTOs of hospitals in Texas with 10 to 90 employees",
    "Buchhaltungssoftware für Handwerker in Deutschland",
    "machines and onboarding rooms for restaurants",
    "companies in Germany",
]


def surveyed(world: ServedWorld, prompt: str, limit: int = 40, **changes: object) -> Survey:
    query: Query = parse(prompt, world.taxonomy)
    request = RankRequest(query, limit, AS_OF_S, CONFIG.final, CONFIG.fit.weights, **changes)
    journey = Journey(time.monotonic)
    deadline = Deadline.after_ms(60_000, time.monotonic)
    return asyncio.run(survey(request, world.system.ports(), CONFIG, deadline, journey))


def presented(found: Survey, most: int = 5) -> tuple[object, ...]:
    discount = CONFIG.intent.rank_discount
    presenter = Presenter(
        found.ranking, found.candidates, found.pool, found.catalogue, found.question, most, discount
    )
    return presenter.leads()


def with_any_evidence(found: Survey, seed: int) -> Survey:
    """The survey with evidence drawn at random: any number of snippets per company, any points, any route."""
    rng = np.random.default_rng(seed)
    count = len(found.pool.positions)
    filled = np.arange(5) < rng.integers(0, 6, size=(count, 1))
    rows = rng.permuted(np.tile(np.arange(1_000), (count, 1)), axis=1)[:, :7].astype(np.int32)
    gains = -np.sort(-rng.random((count, 5)), axis=1)
    pool = replace(
        found.pool,
        snippets=np.where(filled, rows[:, :5], -1).astype(np.int32),
        contribution=np.where(filled, gains, 0.0).astype(np.float32),
        decay=rng.random((count, 5)).astype(np.float32),
        job_snippets=np.where(rng.random(count) < 0.5, rows[:, 5], -1).astype(np.int32),
        churn_snippets=np.where(rng.random(count) < 0.5, rows[:, 6], -1).astype(np.int32),
    )
    source = np.where((rng.random(count) < 0.7) & filled.any(axis=1), BM25, GBDT).astype(np.uint8)
    base, churn, job = rng.random((3, count)) * np.array([[100.0], [20.0], [15.0]])
    intent = replace(found.intent, source=source, base=base, churn=churn, job=job)
    return replace(found, pool=pool, intent=intent, ranking=replace(found.ranking, intent=intent))


def world_prompts(world: ServedWorld) -> list[str]:
    lines = (world.files / "prompts.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line)["prompt"] for line in lines[:16:2] if line]


def test_columns_give_the_leads_that_are_made_one_by_one(served_world: ServedWorld) -> None:
    shown = 0
    for prompt in PROMPTS + world_prompts(served_world):
        found = surveyed(served_world, prompt)
        leads = presented(found)
        assert leads == plain_leads(found, 5), prompt
        shown += sum(len(lead["signals"]) for lead in leads)
    assert shown > 50


@pytest.mark.parametrize("most", [0, 1, 3, 5])
def test_any_evidence_is_shown_as_by_one_by_one(served_world: ServedWorld, most: int) -> None:
    found = with_any_evidence(surveyed(served_world, PROMPTS[0]), seed=most)
    leads = presented(found, most)
    assert leads == plain_leads(found, most)
    assert max(len(lead["signals"]) for lead in leads) == most


def test_no_piece_of_evidence_is_shown_twice(served_world: ServedWorld) -> None:
    found = with_any_evidence(surveyed(served_world, PROMPTS[0]), seed=7)
    first = np.maximum(found.pool.snippets[:, 0], 0)
    for job, churn in ((first, first), (first, first + 1), (first + 1, first + 1), (first + 1, first)):
        pool = replace(found.pool, job_snippets=job, churn_snippets=churn)
        changed = replace(found, pool=pool)
        leads = presented(changed)
        assert leads == plain_leads(changed, 5)
        for lead in leads:
            rows = [
                (signal["snippet_id"], signal["text"], signal["observed_at"]) for signal in lead["signals"]
            ]
            assert len(rows) == len(set(rows))


def test_only_a_base_that_bm25_decided_is_shared_out_in_points(served_world: ServedWorld) -> None:
    leads = presented(with_any_evidence(surveyed(served_world, PROMPTS[0]), seed=11))
    for lead in leads:
        points = [signal["points"] for signal in lead["signals"] if signal["points"] is not None]
        assert bool(points) == (lead["intent_source"] == "bm25" and bool(lead["signals"]))
        if points:
            assert sum(points) <= lead["waterfall"][3]["points"] + 1e-9


def test_nobody_is_presented_when_nobody_is_left(served_world: ServedWorld) -> None:
    assert presented(surveyed(served_world, PROMPTS[0], min_score=1.0)) == ()
