"""Lists that two rankings share, over HTTP: what the customer sees of it, what is logged, and that it can be told again."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ranking.config import RankingConfig
from ranking.interleaving import Challenger, Interleaving
from tests.fixtures.served_app import ServedApp, serving
from tests.fixtures.served_world import ServedWorld

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHALLENGER = {"final": {"fit": 0.1, "intent": 0.9}, "fit": {"industry": 0.1, "size": 0.8, "region": 0.1}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(served_world: ServedWorld) -> AsyncIterator[ServedApp]:
    async with serving(served_world) as app:
        trial = Interleaving(share=1.0, challenger=Challenger.model_validate(CHALLENGER))
        app.flow.config = RankingConfig(interleaving=trial)
        yield app


async def test_a_shared_list_says_who_picked_each_lead_and_its_scores_still_add_up(shared: ServedApp) -> None:
    answer = await shared.query(limit=20)
    leads = answer["leads"]
    assert {lead["picked_by"] for lead in leads} == {"standing", "challenger"}
    assert len({lead["company_id"] for lead in leads}) == 20
    assert answer["metadata"]["challenger"]["final"] == CHALLENGER["final"]
    assert "two rankings share this list" in answer["metadata"]["note"]
    assert [lead["rank"] for lead in leads] == list(range(1, 21))
    for lead in leads:
        assert sum(part["points"] for part in lead["waterfall"]) == pytest.approx(lead["score"], abs=1e-6)


async def test_each_side_picks_in_its_own_order(shared: ServedApp) -> None:
    answer = await shared.query(limit=20)
    own = await shared.query(
        limit=200, options={"weights": {**_standing(), "final": {"fit": 0.6, "intent": 0.4}}}
    )
    other = await shared.query(limit=200, options={"weights": CHALLENGER})
    for side, alone in (("standing", own), ("challenger", other)):
        order = [lead["lead_id"] for lead in alone["leads"]]
        picked = [order.index(each["lead_id"]) for each in answer["leads"] if each["picked_by"] == side]
        assert picked == sorted(picked)


async def test_own_weights_are_never_shared(shared: ServedApp) -> None:
    answer = await shared.query(limit=5, options={"weights": CHALLENGER})
    assert "challenger" not in answer["metadata"]
    assert all("picked_by" not in lead for lead in answer["leads"])


async def test_the_log_has_the_side_of_each_lead_beside_it(shared: ServedApp) -> None:
    answer = await shared.query(limit=7)
    await shared.log.flush()
    row = await shared.pool.fetchrow(
        "SELECT lead_ids, options FROM queries WHERE query_id = $1", answer["query_id"]
    )
    options = json.loads(row["options"])
    assert row["lead_ids"] == [lead["lead_id"] for lead in answer["leads"]]
    assert options["picked_by"] == [lead["picked_by"] for lead in answer["leads"]]
    assert options["challenger"]["final"] == CHALLENGER["final"]


async def test_the_same_list_is_told_again_after_the_trial_has_ended(shared: ServedApp) -> None:
    answer = await shared.query(limit=20)
    trial, shared.flow.config = shared.flow.config, RankingConfig()
    try:
        again = await shared.client.get(f"/query/{answer['query_id']}.json")
        explained = {
            lead["lead_id"]: await shared.post(
                "/explain", {"query_id": answer["query_id"], "lead_id": lead["lead_id"]}
            )
            for lead in answer["leads"]
        }
    finally:
        shared.flow.config = trial
    assert [lead["lead_id"] for lead in again.json()["leads"]] == [
        each["lead_id"] for each in answer["leads"]
    ]
    for lead in answer["leads"]:
        told = explained[lead["lead_id"]]
        assert (told["in_list"], told["draft"]["place"]) == (True, lead["rank"])
        assert told["draft"]["picked_by"] == lead["picked_by"]
        assert told["score"] == lead["score"]
        assert f"at place {lead['rank']} of a list that two rankings share" in told["reason"]


async def test_who_neither_side_had_room_for_is_told_both_ranks(shared: ServedApp) -> None:
    wide = await shared.query(limit=60, options={"weights": CHALLENGER})
    answer = await shared.query(limit=2)
    there = {lead["lead_id"] for lead in answer["leads"]}
    out = next(lead["lead_id"] for lead in reversed(wide["leads"]) if lead["lead_id"] not in there)
    told = await shared.post("/explain", {"query_id": answer["query_id"], "lead_id": out})
    assert (told["in_list"], told["stage"], told["draft"]["place"]) == (False, "limit", None)
    assert told["draft"]["challenger_rank"] > 1 < told["rank"]
    assert told["reason"].startswith("two rankings share this list and neither had room for it: rank")


async def test_min_score_holds_for_the_challengers_picks(shared: ServedApp) -> None:
    scores = sorted(lead["score"] for lead in (await shared.query(limit=100))["leads"])
    bar = scores[len(scores) // 2]
    strict = await shared.query(limit=100, options={"min_score": bar})
    assert strict["leads"]
    assert min(lead["score"] for lead in strict["leads"]) >= bar


async def test_a_threshold_above_the_standing_one_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be above"):
        RankingConfig(interleaving=Interleaving(challenger=Challenger(bm25_threshold=9.0)))


def _standing() -> dict[str, object]:
    return {"fit": {"industry": 0.4, "size": 0.3, "region": 0.3}}
