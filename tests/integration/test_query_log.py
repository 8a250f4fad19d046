"""The query log: nothing waits for it, one bad row holds up nobody, and Postgres may be away."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from prometheus_client import REGISTRY

from db import migrate
from db.embedded import LAPTOP_SETTINGS, EmbeddedPostgres
from db.pool import open_pool
from deployments.query_log import QueryLog
from deployments.telemetry import Telemetry
from ranking.answer import Cost, RankedList, Routes
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.errors import NotFound, Unavailable
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.types import Query
from tests.fixtures.served_app import serving
from tests.fixtures.served_world import AS_OF_S, PROMPT, ServedWorld

REQUEST = RankRequest(Query(), 25, 1.75e9, RankingConfig().final, RankingConfig().fit.weights, ("a", "b"))
RANKED = RankedList((), "g1", 0, 0, None, (), Routes(), (), (), {"total": 1.0}, (), Cost())


def put(log: QueryLog, query_id: str, prompt: str = "CRM") -> None:
    log.put(query_id, prompt, REQUEST, RANKED, {"booster": "b"})


def dropped() -> float:
    return REGISTRY.get_sample_value("leads_query_log_dropped_total") or 0.0


@pytest.fixture
async def pool(database: str) -> Any:
    opened = await open_pool(database)
    yield opened
    await opened.close()


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to hold")


async def logged(pool: asyncpg.Pool) -> list[str]:
    return [row["query_id"] for row in await pool.fetch("SELECT query_id FROM queries ORDER BY query_id")]


async def test_a_query_is_found_before_it_was_written(pool: asyncpg.Pool) -> None:
    log = QueryLog(pool, 10, 3600.0, Telemetry())
    request = replace(REQUEST, min_score=0.25, llm="never", limit=7)
    log.put("q1", "CRM für Ämter", request, RANKED, {})
    found = await log.find("q1")
    assert (found.prompt, found.query, found.generation) == ("CRM für Ämter", Query(), "g1")
    assert (found.options["limit"], found.options["min_score"], found.options["candidates"]) == (
        7,
        0.25,
        ["a", "b"],
    )
    assert found.as_of_s == 1.75e9


async def test_every_column_of_an_answer_is_stored(served_world: ServedWorld, pool: asyncpg.Pool) -> None:
    request = replace(
        REQUEST, query=parse(PROMPT, served_world.taxonomy), limit=30, as_of_s=AS_OF_S, candidate_ids=None
    )
    deadline = Deadline.after_ms(60_000, time.monotonic)
    ranked = await rank_leads(request, served_world.system.ports(), RankingConfig(), deadline)
    log = QueryLog(pool, 10, 3600.0, Telemetry())
    log.put("q1", 'A "quoted"\tprompt\\ für\n{x}', request, ranked, {"booster": "b"})
    await log.flush()
    row = await pool.fetchrow("SELECT * FROM queries")
    leads = ranked.leads
    assert row["prompt"] == 'A "quoted"\tprompt\\ für\n{x}'
    assert json.loads(row["parsed"]) == json.loads(orjson.dumps(request.query))
    assert json.loads(row["options"]) == {
        "limit": 30, "candidates": None, "min_score": 0.0, "llm": "auto",
        "weights": {"final": request.final.model_dump(), "fit": request.fit.model_dump()},
    }  # fmt: skip
    assert row["as_of"].timestamp() == AS_OF_S
    assert (row["generation"], json.loads(row["versions"])) == (ranked.generation, {"booster": "b"})
    assert row["lead_ids"] == [lead["lead_id"] for lead in leads]
    assert row["company_ids"] == [lead["company_id"] for lead in leads]
    assert row["scores"] == [lead["score"] for lead in leads]
    assert row["fit_scores"] == [lead["fit_score"] for lead in leads]
    assert row["intent_scores"] == [lead["intent_score"] for lead in leads]
    assert row["intent_sources"] == [lead["intent_source"] for lead in leads]
    assert json.loads(row["signals"]) == [
        [[signal["miner_id"], signal["snippet_id"], signal["points"]] for signal in lead["signals"]]
        for lead in leads
    ]
    assert (row["pool"], row["available"], row["cost_usd"]) == (ranked.pool, ranked.available, 0)
    assert json.loads(row["relaxation"]) == [asdict(report) for report in ranked.relaxation]
    assert json.loads(row["routes"]) == asdict(ranked.routes)
    assert json.loads(row["degradations"]) == [asdict(each) for each in ranked.degradations]
    assert json.loads(row["timings_ms"]) == ranked.timings_ms


async def test_an_unknown_query_is_not_found(pool: asyncpg.Pool) -> None:
    with pytest.raises(NotFound):
        await QueryLog(pool, 10, 3600.0, Telemetry()).find("nobody")


async def test_one_bad_row_does_not_hold_up_its_neighbours(pool: asyncpg.Pool) -> None:
    log, before = QueryLog(pool, 100, 3600.0, Telemetry()), dropped()
    for number in range(9):
        put(log, f"q{number}", "CRM\0" if number == 4 else "CRM")
    await log.flush()
    assert await logged(pool) == [f"q{number}" for number in range(9) if number != 4]
    assert (log.waiting, dropped() - before) == (0, 1.0)


async def test_a_row_that_is_there_already_is_no_loss(pool: asyncpg.Pool) -> None:
    """A COPY may be committed although its connection was lost: then the rows come again."""
    log, before = QueryLog(pool, 100, 3600.0, Telemetry()), dropped()
    put(log, "q1")
    await log.flush()
    for number in range(4):
        put(log, f"q{number}")
    await log.flush()
    assert await logged(pool) == ["q0", "q1", "q2", "q3"]
    assert (log.waiting, dropped() - before) == (0, 0.0)


async def test_a_full_queue_drops_and_counts(pool: asyncpg.Pool) -> None:
    log, before = QueryLog(pool, 2, 3600.0, Telemetry()), dropped()
    for number in range(5):
        put(log, f"q{number}")
    assert (log.waiting, dropped() - before) == (2, 3.0)
    await log.flush()
    assert await logged(pool) == ["q0", "q1"]


async def test_rows_are_written_without_being_asked_for_and_at_the_end(pool: asyncpg.Pool) -> None:
    log = QueryLog(pool, 10, 0.01, Telemetry())
    log.start()
    put(log, "q1")
    await eventually(lambda: not log.waiting)
    put(log, "q2")
    await log.close()
    assert await logged(pool) == ["q1", "q2"]


async def test_a_cancelled_flush_loses_nothing(pool: asyncpg.Pool) -> None:
    log = QueryLog(pool, 10, 3600.0, Telemetry())
    put(log, "q1")
    blocker = await pool.acquire()
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE queries IN ACCESS EXCLUSIVE MODE")
        flush = asyncio.create_task(log.flush())
        await eventually(lambda: bool(log._rows._being_written))
        put(log, "q2")
        flush.cancel()
        await asyncio.gather(flush, return_exceptions=True)
        assert log.waiting == 2
    await pool.release(blocker)
    await log.close()
    assert await logged(pool) == ["q1", "q2"]


async def test_answers_go_on_while_postgres_is_away(served_world: ServedWorld, server_folder: Path) -> None:
    settings = {**LAPTOP_SETTINGS, "fsync": "off", "shared_buffers": "32MB"}
    server = EmbeddedPostgres(server_folder, settings)
    server.start()
    try:
        migrate.upgrade(server.dsn("postgres"))
        async with serving(served_world, dsn=server.dsn("postgres")) as app:
            first = await app.query(limit=3)
            await app.log.flush()
            server.stop()
            answers = [await app.query(limit=3) for _ in range(20)]
            assert {len(answer["leads"]) for answer in answers} == {3}
            await app.log.flush()
            assert app.log.waiting == 20
            refused = await app.client.post("/rerank", json={"query_id": first["query_id"], "weights": {}})
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            with pytest.raises(Unavailable):
                await app.log.find(answers[0]["query_id"])
            server.start()
            await app.log.flush()
            assert app.log.waiting == 0
            found = await app.log.find(answers[-1]["query_id"])
            assert list(found.lead_ids) == [lead["lead_id"] for lead in answers[-1]["leads"]]
    finally:
        server.stop()
