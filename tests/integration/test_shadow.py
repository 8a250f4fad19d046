"""A candidate beside the booster that serves: no answer waits for it or differs, and what it would have answered is written down."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from prometheus_client import REGISTRY

from commands.shadow_report import report_of
from configs.shadow import ShadowArgs
from db.pool import open_pool
from deployments.shadow import Shadow
from deployments.shadow_log import ShadowLog, ShadowRow
from models.registry_log import InForce
from ranking.deadline import Deadline
from ranking.errors import LeadError, Unavailable
from ranking.journey import Survey
from ranking.ports import Boosted
from ranking.shadow import in_shadow
from ranking.types import Float32Array
from tests.fixtures.served_app import AS_OF, ServedApp, serving, with_ports
from tests.fixtures.served_world import ServedWorld

BOTH = InForce(shadow="new", share=0.5)
PROMPTS = ["HR software for healthcare companies", "marketing automation", "payroll for shops"]
DAILY = """
INSERT INTO shadow_lists
    (query_id, production, candidate, share, lead_ids, scores, shown_ids, shown_scores, pool, asked, created_at)
SELECT days, 'old', 'new', 0.1, '{}', '{}', '{}', '{}', 0, 0, now() - make_interval(days => days) + interval '1 hour'
FROM generate_series(0, 8) AS days
"""


class Serving:
    """A booster that knows its first feature only, so that answers have an order of their own."""

    async def score(self, features: Float32Array, _deadline: Deadline) -> Boosted:
        return Boosted("old", np.linspace(0.0, 60.0, len(features)))


async def backwards(tables: Sequence[Float32Array], _left_ms: Sequence[float]) -> list[Boosted | LeadError]:
    """The candidate puts first whom the booster puts last."""
    return [Boosted("new", np.linspace(60.0, 0.0, len(table))) for table in tables]


async def failing(_tables: Sequence[Float32Array], _left_ms: Sequence[float]) -> list[Boosted | LeadError]:
    raise Unavailable("gbdt", "gone")


class Kept:
    """Rows in memory."""

    def __init__(self) -> None:
        self.rows: list[ShadowRow] = []

    def put(self, row: ShadowRow) -> None:
        self.rows.append(row)


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to hold")


async def asked(world: ServedWorld, prompts: Sequence[str]) -> list[tuple[Survey, dict[str, object]]]:
    """Each prompt's survey and answer."""
    surveys: list[Survey] = []
    async with serving(world, with_ports(world, booster=Serving()), surveyed=surveys.append) as app:
        answers = [await app.query(prompt) for prompt in prompts]
    return list(zip(surveys, answers, strict=True))


async def test_the_same_scores_make_the_same_list(served_world: ServedWorld) -> None:
    for found, answer in await asked(served_world, PROMPTS):
        shadow = in_shadow(found, found.boosted, found.boosted)
        leads: list[dict[str, object]] = answer["leads"]  # type: ignore[assignment]
        assert found.catalogue.lead_ids(shadow.leads.tolist()) == [lead["lead_id"] for lead in leads]
        np.testing.assert_allclose(shadow.scores, [lead["score"] for lead in leads], atol=1e-9)
        np.testing.assert_array_equal(shadow.shown_scores, shadow.scores)
        assert shadow.base_shift == 0.0


async def test_answers_say_which_version_scored_them(served_world: ServedWorld) -> None:
    async with serving(served_world, with_ports(served_world, booster=Serving())) as app:
        answer = await app.query(PROMPTS[0])
        await app.log.flush()
        logged = await app.pool.fetchval(
            "SELECT versions ->> 'booster' FROM queries WHERE query_id = $1", answer["query_id"]
        )
    assert answer["metadata"]["versions"]["booster"] == logged == "old"


async def test_what_the_candidate_would_have_answered_is_reported(served_world: ServedWorld) -> None:
    kept, before = Kept(), count("leads_shadow_lists_total")
    shadow = Shadow(ShadowArgs(linger_s=0.0), lambda: BOTH, backwards, kept, lambda: 0.1)
    await shadow.look()
    shadow.start()
    ports = with_ports(served_world, booster=Serving())
    async with serving(served_world, ports, surveyed=shadow.offer) as app:
        answers = [await app.query(prompt) for prompt in PROMPTS]
        await eventually(lambda: count("leads_shadow_lists_total") == before + 3)
        await shadow.close()
        log = ShadowLog(app.pool, 10, 3600.0)
        for row in kept.rows:
            log.put(row)
        await log.close()
        await bought(app, answers[0]["query_id"], answers[0]["leads"][2]["lead_id"])
        told = await report_of(app.pool, "ne", None, datetime(2000, 1, 1, tzinfo=UTC), 2)
        listed = await app.pool.fetchval(
            "SELECT shown_ids FROM shadow_lists WHERE query_id = $1", answers[1]["query_id"]
        )
    found = told.found
    assert (told.candidate, told.production, found.queries, found.prompts) == ("new", "old", 3, 3)
    assert (told.coverage.answered, told.coverage.share) == (3, 0.5)
    assert found.changed.value is not None
    assert found.changed.value > 0.0
    assert found.correlation.value is not None
    assert found.correlation.value < 1.0
    assert (found.hits, found.verdict) == (1, "too few outcomes")
    assert listed == [lead["lead_id"] for lead in answers[1]["leads"]]


async def bought(app: ServedApp, query_id: str, lead_id: str) -> None:
    await app.log.flush()
    at = AS_OF
    event = {"query_id": query_id, "lead_id": lead_id, "event": "conversion", "occurred_at": at}
    response = await app.client.post("/outcomes", json=[event])
    assert response.is_success, response.text


async def test_without_a_share_nothing_is_held(served_world: ServedWorld) -> None:
    ((found, _),) = await asked(served_world, PROMPTS[:1])
    shadow = Shadow(ShadowArgs(), InForce, backwards, Kept(), lambda: 0.0)
    await shadow.look()
    shadow.offer(found)
    assert len(shadow) == 0


async def test_only_the_share_is_drawn_and_only_answers_of_a_booster(served_world: ServedWorld) -> None:
    ((found, _),) = await asked(served_world, PROMPTS[:1])
    draws = iter([0.4, 0.5, 0.6, 0.0])
    shadow = Shadow(ShadowArgs(), lambda: BOTH, backwards, Kept(), lambda: next(draws))
    await shadow.look()
    for _ in range(3):
        shadow.offer(found)
    shadow.offer(replace(found, booster=""))
    assert len(shadow) == 1


async def test_a_full_queue_drops_and_counts(served_world: ServedWorld) -> None:
    ((found, _),) = await asked(served_world, PROMPTS[:1])
    shadow = Shadow(ShadowArgs(waiting=2), lambda: BOTH, backwards, Kept(), lambda: 0.0)
    await shadow.look()
    before = count("leads_shadow_dropped_total", reason="full")
    for _ in range(5):
        shadow.offer(found)
    assert len(shadow) == 2
    assert count("leads_shadow_dropped_total", reason="full") == before + 3


async def test_a_leaf_that_does_not_answer_costs_the_list_and_no_more(served_world: ServedWorld) -> None:
    ((found, _),) = await asked(served_world, PROMPTS[:1])
    kept, before = Kept(), count("leads_shadow_dropped_total", reason="leaf")
    shadow = Shadow(ShadowArgs(linger_s=0.0), lambda: BOTH, failing, kept, lambda: 0.0)
    await shadow.look()
    shadow.start()
    for number in range(1, 3):
        shadow.offer(found)
        dropped = before + number
        await eventually(lambda: count("leads_shadow_dropped_total", reason="leaf") == dropped)  # noqa: B023
    await shadow.close()
    assert kept.rows == []


async def test_a_candidate_that_serves_meanwhile_is_held_against_nobody(served_world: ServedWorld) -> None:
    ((found, _),) = await asked(served_world, PROMPTS[:1])
    kept = Kept()
    shadow = Shadow(ShadowArgs(linger_s=0.0), lambda: BOTH, backwards, kept, lambda: 0.0)
    await shadow.look()
    shadow.start()
    shadow.offer(replace(found, booster="new"))
    shadow.offer(found)
    await eventually(lambda: len(kept.rows) == 1)
    await shadow.close()
    assert (kept.rows[0].production, kept.rows[0].candidate) == ("old", "new")


@pytest.mark.parametrize("at_once", [2, 100])
async def test_lists_are_kept_for_so_many_days_whoever_deletes_the_older(
    database: str, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("deployments.shadow_log._PART", at_once)
    async with await open_pool(database) as pool:
        await pool.execute(DAILY)
        replicas = [ShadowLog(pool, 10, 3600.0) for _ in range(2)]
        await asyncio.gather(*(each.thin(5) for each in replicas))
        kept = await pool.fetch("SELECT query_id FROM shadow_lists ORDER BY 1")
        assert [row["query_id"] for row in kept] == ["0", "1", "2", "3", "4", "5"]


async def test_a_long_backlog_is_deleted_over_several_rounds(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.shadow_log._PART", 1)
    monkeypatch.setattr("deployments.shadow_log._MOST_PARTS", 2)
    async with await open_pool(database) as pool:
        await pool.execute(DAILY)
        left = []
        for _ in range(3):
            await ShadowLog(pool, 10, 3600.0).thin(5)
            left.append(await pool.fetchval("SELECT count(*) FROM shadow_lists"))
    assert left == [7, 6, 6]
