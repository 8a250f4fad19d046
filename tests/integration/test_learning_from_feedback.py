"""From queries and clicks over HTTP to lists to learn from: what stood where, who picked it, what came of it, nothing from afterwards."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import pytest
import pytest_asyncio

from commands.feedback import answered
from db.submitters.statements import statements
from models.feedback_log import FeedbackEvent, FeedbackList, feedback_lists
from models.feedback_training import as_examples, with_places
from models.training_set import collect
from ranking.config import RankingConfig
from ranking.interleaving import Challenger, Interleaving
from ranking.prompt import parse
from tests.fixtures.served_app import AS_OF, NOW, ServedApp, serving
from tests.fixtures.served_world import ServedWorld

pytestmark = pytest.mark.asyncio(loop_scope="module")
PROMPTS = ("CRM software for companies in Europe", "HR software", "payroll for companies in Germany")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(served_world: ServedWorld) -> AsyncIterator[tuple[ServedApp, list[dict]]]:
    """Three shared lists; the second lead of each was clicked, the fourth of the first list bought."""
    async with serving(served_world) as app:
        trial = Interleaving(share=1.0, challenger=Challenger(bm25_threshold=0.0))
        app.flow.config = RankingConfig(interleaving=trial)
        answers = [await app.query(prompt, limit=8) for prompt in PROMPTS]
        events = [_event(answer, 1, "click") for answer in answers] + [_event(answers[0], 3, "conversion")]
        counts = await app.post("/outcomes", events)  # type: ignore[arg-type]
        assert counts["stored"] == 4
        yield app, answers
        await app.pool.execute(
            "DELETE FROM outcomes WHERE query_id = ANY($1)", [each["query_id"] for each in answers]
        )


def _event(answer: dict, at: int, kind: str) -> dict[str, object]:
    return {
        "query_id": answer["query_id"],
        "lead_id": answer["leads"][at]["lead_id"],
        "event": kind,
        "occurred_at": NOW.isoformat(),
    }


async def lists_of(app: ServedApp, answers: list[dict]) -> list[FeedbackList]:
    queries = await app.pool.fetch(statements()["queries_with_feedback"])
    events = await app.pool.fetch(statements()["feedback_events"])
    asked = {each["query_id"] for each in answers}
    return feedback_lists(
        [answered(each) for each in queries if each["query_id"] in asked],
        [FeedbackEvent(**dict(each)) for each in events if each["query_id"] in asked],
        lambda prompt: parse(prompt, app.world.taxonomy),
    )


async def test_lists_come_back_as_they_were_shown(told: tuple[ServedApp, list[dict]]) -> None:
    app, answers = told
    found = {each.prompt: each for each in await lists_of(app, answers)}
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        each = found[prompt]
        assert each.companies == tuple(lead["company_id"] for lead in answer["leads"])
        assert each.picked_by == tuple(lead["picked_by"] for lead in answer["leads"])
        assert each.places.tolist() == list(range(1, len(answer["leads"]) + 1))
        assert each.as_of_s == datetime.fromisoformat(AS_OF).replace(tzinfo=UTC).timestamp()
    assert np.flatnonzero(found[PROMPTS[0]].clicked).tolist() == [1, 3]
    assert np.flatnonzero(found[PROMPTS[0]].bought).tolist() == [3]
    assert np.flatnonzero(found[PROMPTS[1]].clicked).tolist() == [1]


async def test_rows_to_learn_from_have_the_place_and_the_reward_of_their_company(
    told: tuple[ServedApp, list[dict]],
) -> None:
    app, answers = told
    lists = await lists_of(app, answers)
    rows = await collect(
        as_examples(lists, "click"), app.world.system.ports(), RankingConfig(), time.monotonic, unshown=0
    )
    found = with_places(rows, lists)
    assert len(found.places) == sum(len(each.companies) for each in lists)
    for query, company, place, label in zip(
        found.rows.queries.tolist(), found.rows.companies.tolist(), found.places.tolist(), found.rows.labels.tolist(), strict=True
    ):  # fmt: skip
        at = lists[query].companies.index(company)
        assert (place, label) == (at + 1, bool(lists[query].clicked[at]))


async def test_what_is_shared_of_a_tenant_is_what_it_opted_for(told: tuple[ServedApp, list[dict]]) -> None:
    app, answers = told
    query_id = answers[0]["query_id"]
    await app.pool.execute(
        "INSERT INTO tenants (tenant_id, name) VALUES ('shy', 'shy') ON CONFLICT DO NOTHING"
    )
    await app.pool.execute("UPDATE queries SET tenant_id = 'shy' WHERE query_id = $1", query_id)
    assert PROMPTS[0] not in {each.prompt for each in await lists_of(app, answers)}
    await app.pool.execute("UPDATE tenants SET shares_outcomes = true WHERE tenant_id = 'shy'")
    assert PROMPTS[0] in {each.prompt for each in await lists_of(app, answers)}
    await app.pool.execute("UPDATE queries SET tenant_id = NULL WHERE query_id = $1", query_id)
    await app.pool.execute("DELETE FROM tenants WHERE tenant_id = 'shy'")


async def test_flagged_queries_teach_nothing(told: tuple[ServedApp, list[dict]]) -> None:
    app, answers = told
    query_id = answers[1]["query_id"]
    await app.pool.execute("UPDATE queries SET is_flagged = true WHERE query_id = $1", query_id)
    assert PROMPTS[1] not in {each.prompt for each in await lists_of(app, answers)}
    await app.pool.execute("UPDATE queries SET is_flagged = false WHERE query_id = $1", query_id)


async def test_the_log_keeps_no_side_where_nothing_was_shared(served_world: ServedWorld) -> None:
    async with serving(served_world) as app:
        answer = await app.query("ERP software", limit=3)
        await app.log.flush()
        options = json.loads(
            await app.pool.fetchval("SELECT options FROM queries WHERE query_id = $1", answer["query_id"])
        )
    assert "picked_by" not in options
    assert "challenger" not in options
