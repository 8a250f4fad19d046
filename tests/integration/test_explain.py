"""Why a lead is, or is not, in a list: every way a company or contact can go."""

import time

import asyncpg
import pytest

from ranking.deadline import Deadline
from tests.fixtures.served_app import AS_OF, ServedApp, serving
from tests.fixtures.served_world import ServedWorld

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def explain(served: ServedApp, query_id: str, **identity: str) -> dict:
    return await served.post("/explain", {"query_id": query_id, **identity})


async def test_a_lead_in_the_list_has_its_rank_and_score(served: ServedApp) -> None:
    answer = await served.query(limit=30)
    for lead in answer["leads"][::7]:
        for identity in ({"lead_id": lead["lead_id"]}, {"company_id": lead["company_id"]}):
            told = await explain(served, answer["query_id"], **identity)
            assert (told["in_list"], told["stage"], told["rank"]) == (True, "list", lead["rank"])
            assert told["score"] == lead["score"]
            assert (told["lead_id"], told["company_id"]) == (lead["lead_id"], lead["company_id"])
            assert (told["step"], told["intent_source"]) == (lead["step"], lead["intent_source"])
            assert told["same_snapshot"] is True


async def test_a_lead_below_the_cut_has_the_rank_it_would_have(served: ServedApp) -> None:
    """Equal scores too: the rank counts ties as the list breaks them."""
    wide, short = await served.query(limit=50), await served.query(limit=3)
    for lead in wide["leads"][3:50:9]:
        told = await explain(served, short["query_id"], lead_id=lead["lead_id"])
        assert (told["in_list"], told["stage"], told["rank"]) == (False, "limit", lead["rank"])
        assert told["reason"] == f"rank {lead['rank']}, below the 3 that were asked for"


async def test_a_lead_below_min_score_is_told_so(served: ServedApp) -> None:
    wide = await served.query(limit=100)
    lead = wide["leads"][-1]
    bar = wide["leads"][0]["score"]
    assert lead["score"] < bar
    strict = await served.query(limit=100, options={"min_score": bar})
    told = await explain(served, strict["query_id"], lead_id=lead["lead_id"])
    assert (told["in_list"], told["stage"]) == (False, "min_score")


async def test_a_company_that_was_trimmed_is_told_so(served: ServedApp) -> None:
    answer = await served.query("CRM software", limit=5)
    assert answer["metadata"]["available"] > answer["metadata"]["pool"] == 200
    everybody = (await served.query("CRM software", limit=2000))["leads"]
    last = everybody[-1]
    told = await explain(served, answer["query_id"], company_id=last["company_id"])
    assert (told["in_list"], told["stage"], told["score"]) == (False, "trim", None)
    assert "not among the best 200" in told["reason"]


async def test_a_filtered_company_is_told_by_which_filter(served: ServedApp) -> None:
    answer = await served.query("CRM for companies in Europe")
    lead = next(each for each in answer["leads"] if each["country"])
    barred = await served.query(
        "CRM for companies in Europe", filters={"exclude": {"countries": [lead["country"]]}}
    )
    told = await explain(served, barred["query_id"], company_id=lead["company_id"])
    assert (told["in_list"], told["stage"], told["reason"]) == (False, "filters", "exclude.location")


async def test_the_other_contacts_of_a_company_are_merged_into_the_chosen_one(served: ServedApp) -> None:
    answer = await served.query(limit=200)
    lead = next(each for each in answer["leads"] if each["merged"])
    told = await explain(served, answer["query_id"], lead_id=lead["merged"][0])
    assert (told["in_list"], told["stage"], told["merged_into"]) == (False, "merged", lead["lead_id"])
    assert told["rank"] == lead["rank"]


async def test_a_contact_with_an_excluded_role_is_told_so(served: ServedApp) -> None:
    answer = await served.query(limit=200)
    role = "sales"
    lead = next(
        each for each in answer["leads"] if each["merged"] and "Sales" in (each["contact"]["title"] or "")
    )
    without = await served.query(limit=200, filters={"exclude": {"roles": [role]}})
    told = await explain(served, without["query_id"], lead_id=lead["lead_id"])
    assert told["in_list"] is False
    assert told["stage"] in ("contact", "filters")


async def test_a_duplicate_record_is_merged_into_the_company_that_is_ranked(
    served: ServedApp, served_world: ServedWorld
) -> None:
    connection = await asyncpg.connect(served_world.dsn)
    try:
        pairs = await connection.fetch(
            "SELECT company_id, cluster_id FROM companies WHERE cluster_id <> company_id ORDER BY company_id"
        )
    finally:
        await connection.close()
    assert pairs
    merged = []
    answer = await served.query("software", limit=2000)
    for pair in pairs:
        told = await explain(served, answer["query_id"], company_id=pair["company_id"])
        if told["stage"] == "merged":
            merged.append(told)
            assert told["merged_into"] == told["company_id"] != pair["company_id"]
    assert merged


async def test_an_unlisted_company_of_a_listed_query_is_told_so(served: ServedApp) -> None:
    leads = (await served.query())["leads"]
    listed = await served.query(candidates=[leads[0]["lead_id"], "nobody"])
    told = await explain(served, listed["query_id"], company_id=leads[1]["company_id"])
    assert (told["stage"], told["reason"]) == ("filters", "not among the candidates of the request")


async def test_an_unknown_id_is_not_found(served: ServedApp) -> None:
    answer = await served.query()
    for identity in ({"lead_id": "nobody"}, {"company_id": "nobody"}):
        response = await served.client.post("/explain", json={"query_id": answer["query_id"], **identity})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_explanations_and_downloads_count_against_the_limit_of_work(served_world: ServedWorld) -> None:
    async with serving(served_world, max_in_flight=1) as app:
        answer = await app.query(options={"as_of": AS_OF})
        async with app.flow.gate.turn(Deadline.after_ms(60_000, time.monotonic)):
            for path, body in (
                ("/query", {"query": "CRM"}),
                ("/explain", {"query_id": answer["query_id"], "lead_id": answer["leads"][0]["lead_id"]}),
                ("/rerank", {"query_id": answer["query_id"], "weights": {}}),
            ):
                response = await app.client.post(path, json=body)
                assert (response.status_code, response.json()["code"]) == (503, "overloaded")
                assert int(response.headers["Retry-After"]) >= 1
        assert (await app.client.post("/query", json={"query": "CRM"})).status_code == 200
