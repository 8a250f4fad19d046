"""Labels in Postgres: one per judgement, with what the booster was told; nothing waits and nothing is lost unseen."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pytest
from prometheus_client import REGISTRY

from configs.llm import LabelConfig
from db import migrate
from db.embedded import LAPTOP_SETTINGS, EmbeddedPostgres
from db.pool import open_pool
from db.statements import load
from deployments.llm.label_store import LabelStore
from deployments.llm.labels import Label
from deployments.llm.scales import Scale
from ranking.features import FEATURES, schema_hash
from ranking.money import NanoUsd
from tests.fixtures.advised import advised
from tests.fixtures.served_world import ServedWorld

SELDOM = LabelConfig(flush_s=60.0)
TOLD = np.linspace(-1.0, 3.0, len(FEATURES), dtype=np.float32)
TOLD[3] = np.nan


def label(company: str = "c1", **changed: Any) -> Label:
    fields = {
        "product_key": "p", "company_id": company, "evidence_hash": "e", "model": "m", "prompt_version": "v1", "score": 62.5,
        "features": TOLD, "as_of_s": 1.75e9, "query_id": "q1", "tenant": None, "tokens_in": 310, "tokens_out": 12,
        "cost": NanoUsd(53_775),
    }  # fmt: skip
    return Label(**{**fields, **changed})


def dropped() -> float:
    return REGISTRY.get_sample_value("leads_llm_labels_dropped_total") or 0.0


@pytest.fixture
async def pool(database: str) -> Any:
    opened = await open_pool(database)
    yield opened
    await opened.close()


async def stored(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch("SELECT company_id FROM llm_labels ORDER BY company_id")
    return [row["company_id"] for row in rows]


async def test_a_label_comes_back_as_it_was_put(pool: asyncpg.Pool) -> None:
    store = LabelStore(pool, SELDOM)
    store.put(label("a\tb\\c"))
    await store.flush()
    row = await pool.fetchrow("SELECT * FROM llm_labels")
    told = np.array([np.nan if each is None else each for each in row["features"]], dtype=np.float32)
    np.testing.assert_array_equal(told, TOLD)
    assert (row["company_id"], row["score"], row["feature_schema"]) == ("a\tb\\c", 62.5, schema_hash())
    assert (row["tenant_id"], row["query_id"], row["as_of"].timestamp()) == (None, "q1", 1.75e9)
    assert (row["tokens_in"], row["tokens_out"], str(row["cost_usd"])) == (310, 12, "0.000053775")
    (learned,) = await pool.fetch(load()["labels_to_learn"], schema_hash())
    assert learned["score"] == 62.5
    assert await pool.fetch(load()["labels_to_learn"], "another") == []


async def test_the_same_judgement_twice_is_one_label_and_no_loss(pool: asyncpg.Pool) -> None:
    store, before = LabelStore(pool, SELDOM), dropped()
    for score in (10.0, 20.0):
        store.put(label("a", score=score))
    store.put(label("b"))
    await store.flush()
    for company in ("a", "b", "c"):
        store.put(label(company, query_id="q2"))
    store.put(label("a", evidence_hash="newer"))
    await store.flush()
    assert await stored(pool) == ["a", "a", "b", "c"]
    assert dropped() == before


async def test_a_label_that_postgres_refuses_holds_up_nobody(pool: asyncpg.Pool) -> None:
    store, before = LabelStore(pool, SELDOM), dropped()
    for number in range(6):
        store.put(label(f"c{number}", score=130.0 if number == 2 else 50.0))
    store.put(label("of nobody", tenant="unknown"))
    await store.flush()
    assert await stored(pool) == ["c0", "c1", "c3", "c4", "c5"]
    assert dropped() - before == 2.0


async def test_a_full_queue_drops_and_counts(pool: asyncpg.Pool) -> None:
    store, before = LabelStore(pool, LabelConfig(waiting=2, flush_s=60.0)), dropped()
    for number in range(5):
        store.put(label(f"c{number}"))
    assert dropped() - before == 3.0
    await store.close()
    assert await stored(pool) == ["c0", "c1"]


async def test_labels_wait_while_postgres_is_away(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder, {**LAPTOP_SETTINGS, "fsync": "off", "shared_buffers": "32MB"})
    server.start()
    try:
        migrate.upgrade(server.dsn("postgres"))
        pool = await open_pool(server.dsn("postgres"))
        store, before = LabelStore(pool, SELDOM), dropped()
        store.put(label("a"))
        await store.flush()
        server.stop()
        store.put(label("b"))
        await store.flush()
        assert dropped() == before
        server.start()
        await store.flush()
        assert await stored(pool) == ["a", "b"]
        await pool.close()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def prompt(served_world: ServedWorld) -> str:
    """A prompt of the world itself: some companies show a need of its product."""
    lines = (served_world.files / "prompts.jsonl").read_text().splitlines()
    return next(str(each["prompt"]) for each in map(json.loads, lines) if each["language"] == "en")


async def test_what_a_query_had_judged_becomes_labels(
    served_world: ServedWorld, database: str, prompt: str
) -> None:
    async with advised(served_world, database, asking={"least_gain": 0.0}) as system:
        answer = await system.query(prompt=prompt, limit=100)
        await system.desk.labels.flush()
        rows = await system.ledger.fetch("SELECT * FROM llm_labels")
    cost = answer["metadata"]["cost"]
    judged = {row["company_id"]: row["score"] for row in rows}
    assert len(judged) == len(rows) == answer["metadata"]["routes"]["llm"] > 0
    assert {row["query_id"] for row in rows} == {answer["query_id"]}
    assert 0 <= cost["total_usd"] - float(sum(row["cost_usd"] for row in rows)) < 1e-7
    assert all(len(row["features"]) == len(FEATURES) for row in rows)


async def test_scores_are_used_on_the_artefacts_scale_and_kept_as_they_were_told(
    served_world: ServedWorld, database: str, prompt: str
) -> None:
    async def intents(scale: Scale | None) -> tuple[dict[str, float], dict[str, float]]:
        async with advised(served_world, database, scale=scale, asking={"least_gain": 0.0}) as system:
            answers = [await system.query(prompt=prompt, limit=500) for _ in range(2)]
            await system.desk.labels.flush()
            rows = await system.ledger.fetch("SELECT company_id, score FROM llm_labels")
        first, again = (
            {
                each["company_id"]: each["intent_score"]
                for each in answer["leads"]
                if each["intent_source"] == "llm"
            }
            for answer in answers
        )
        assert first.items() <= again.items()  # what is remembered is put on the scale too
        return first, {row["company_id"]: row["score"] for row in rows}

    plain, told = await intents(None)
    halved, told_again = await intents(lambda scores: 0.5 * scores)
    both = plain.keys() & halved.keys()
    assert len(both) > 3
    assert told_again.items() >= told.items()
    for company in both:
        assert plain[company] - halved[company] == pytest.approx(0.5 * told[company], abs=1e-4)
