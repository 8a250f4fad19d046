"""The language model in the cascade: judged leads, receipts, and answers that never wait, pay or fail because of it."""

import time
from collections import Counter

import pytest

from deployments.standin.behaviour import Behaviour, Latency
from tests.fixtures.advised import advised, prompts_in_doubt

pytestmark = pytest.mark.alone

SLOW = Behaviour(latency=Latency(median_s=0.3))
SURE = {"asking": {"least_gain": 0.0}}


@pytest.fixture(scope="module")
def prompts(served_world):
    return prompts_in_doubt(served_world)


def notes(answer):
    return [each["reason"] for each in answer["metadata"]["degradations"] if each["stage"] == "llm"]


def sources(answer):
    return Counter(lead["intent_source"] for lead in answer["leads"])


async def test_a_waiting_query_gets_judged_leads_and_a_receipt_that_the_ledger_confirms(
    served_world, database, prompts
):
    async with advised(served_world, database, **SURE) as system:
        answer = await system.query(prompt=prompts[0], limit=200)
        entries = await system.booked(answer["query_id"])
    cost, routes = answer["metadata"]["cost"], answer["metadata"]["routes"]
    assert routes["llm"] >= sources(answer)["llm"] > 0
    assert notes(answer) == []
    assert (len(entries), sum(each["is_late"] for each in entries)) == (cost["llm_calls"], 0)
    assert cost["total_usd"] > 0.0
    assert float(sum(each["amount_usd"] for each in entries)) == pytest.approx(cost["total_usd"])
    assert sum(each["tokens_in"] for each in entries) == cost["tokens_in"]
    assert cost["per_lead_usd"] == pytest.approx(cost["total_usd"] / len(answer["leads"]), abs=1e-9)
    assert (cost["pending_usd"], cost["llm_ratio"]) == (0.0, routes["llm"] / answer["metadata"]["pool"])
    for lead in answer["leads"]:
        parts = sum(part["points"] for part in lead["waterfall"])
        assert parts == pytest.approx(lead["score"], abs=1e-6)


async def test_who_does_not_wait_is_answered_at_once_and_the_next_query_has_the_judgement_for_nothing(
    served_world, database, prompts
):
    async with advised(served_world, database, SLOW, **SURE) as system:
        await system.query(prompt=prompts[1])  # the first query of a tenant brings the money
        started_s = time.perf_counter()
        first = await system.query(prompt=prompts[0], options={"llm": "auto"})
        took_s = time.perf_counter() - started_s
        entries = await system.booked(first["query_id"])
        second = await system.query(prompt=prompts[0], options={"llm": "auto"})
    assert took_s < 0.3
    assert notes(first) == ["not_waited"]
    assert first["metadata"]["routes"]["llm"] == 0
    cost = first["metadata"]["cost"]
    assert (
        cost["total_usd"] == 0.0 < float(sum(each["amount_usd"] for each in entries)) <= cost["pending_usd"]
    )
    assert all(each["is_late"] for each in entries)
    assert second["metadata"]["routes"]["llm"] > 0
    assert second["metadata"]["cost"]["total_usd"] == 0.0
    assert second["metadata"]["cost"]["llm_ratio"] < cost["llm_ratio"]


async def test_auto_waits_when_recent_answers_came_fast_enough(served_world, database, prompts):
    fast = Behaviour(latency=Latency(median_s=0.02))
    async with advised(served_world, database, fast, advising={"least_recent": 2}, **SURE) as system:
        for prompt in prompts[:4]:
            await system.query(prompt=prompt)
        answer = await system.query(prompt=prompts[4], options={"llm": "auto", "deadline_ms": 350})
    assert notes(answer) == []
    assert answer["metadata"]["routes"]["llm"] > 0


async def test_never_asks_nobody_and_says_nothing(served_world, database, prompts):
    async with advised(served_world, database) as system:
        answer = await system.query(prompt=prompts[0], options={"llm": "never"})
        assert system.standin.seen.total() == 0
    assert notes(answer) == []
    assert answer["metadata"]["cost"]["llm_ratio"] == 0.0


async def test_an_endpoint_that_hangs_holds_nobody_and_bounds_hold(served_world, database, prompts):
    hangs = Behaviour(faults={"hang": 1.0})
    bounds = {"advising": {"in_flight": 2}, "calls": {"timeout_s": 5.0}, **SURE}
    async with advised(served_world, database, hangs, **bounds) as system:
        first = await system.query(prompt=prompts[0], options={"llm": "wait", "deadline_ms": 400})
        others = [await system.query(prompt=each, options={"llm": "auto"}) for each in prompts[1:6]]
        assert system.standin.open_calls <= 2
    assert notes(first) == ["deadline"]
    assert len(first["leads"]) == 25
    assert notes(others[-1]) == ["overloaded"]
    assert max(each["metadata"]["timings_ms"]["llm"] for each in others) < 100.0


async def test_one_that_fails_is_noted_and_costs_nothing(served_world, database, prompts):
    async with advised(served_world, database, Behaviour(faults={"server_error": 1.0}), **SURE) as system:
        answer = await system.query(prompt=prompts[0])
    assert notes(answer) == ["server_error"]
    assert answer["metadata"]["cost"]["total_usd"] == 0.0
    assert answer["metadata"]["cost"]["pending_usd"] == 0.0
    assert len(answer["leads"]) == 25


async def test_while_the_breaker_is_open_nothing_is_computed_or_asked(served_world, database, prompts):
    breaker = {"calls": {"breaker": {"least_calls": 2, "open_s": 60.0}, "retry": {"attempts": 1}}}
    failing = Behaviour(faults={"server_error": 1.0})
    async with advised(served_world, database, failing, **breaker, **SURE) as system:
        for prompt in prompts[:4]:
            await system.query(prompt=prompt)
        seen = system.standin.seen.total()
        answer = await system.query(prompt=prompts[4], options={"llm": "auto"})
        assert system.standin.seen.total() == seen
    assert notes(answer) == ["breaker_open"]
    assert answer["metadata"]["cost"]["total_usd"] == 0.0
    assert len(answer["leads"]) == 25


@pytest.mark.parametrize(
    ("options", "spending", "note"),
    [
        ({"max_cost_usd": 0.0}, {}, "query_budget"),
        ({}, {"tenant_daily_usd": 0.00001}, "tenant_budget"),
        ({}, {"global_daily_usd": 0.00001}, "global_budget"),
    ],
)
async def test_without_money_the_answer_is_whole_and_names_the_budget(
    served_world, database, prompts, options, spending, note
):
    async with advised(served_world, database, spending=spending, **SURE) as system:
        answer = await system.query(prompt=prompts[0], options=options)
        assert system.standin.seen.total() == 0
    assert notes(answer) == [note]
    assert len(answer["leads"]) == 25


async def test_without_the_ledger_nobody_is_asked(served_world, database, prompts):
    async with advised(served_world, database, **SURE) as system:
        await system.ledger.execute("DROP TABLE cost_leases CASCADE")
        await system.query(prompt=prompts[0])
        answer = await system.query(prompt=prompts[0])
        assert system.standin.seen.total() == 0
    assert notes(answer)[0] in {"ledger", "no_lease"}
    assert len(answer["leads"]) == 25


async def test_of_a_thousand_in_the_pools_at_most_three_hundred_are_asked(served_world, database, prompts):
    share = {"asked_share": {"share": 0.02}, **SURE}
    async with advised(served_world, database, **share) as system:
        answers = [await system.query(prompt=each) for each in prompts]
    asked = sum(round(each["metadata"]["cost"]["llm_ratio"] * each["metadata"]["pool"]) for each in answers)
    pools = sum(each["metadata"]["pool"] for each in answers)
    assert 0 < asked <= 0.02 * pools
    assert any("share" in notes(each) for each in answers)


async def test_computing_a_list_again_uses_what_is_known_and_asks_nobody(served_world, database, prompts):
    async with advised(served_world, database, **SURE) as system:
        answer = await system.query(prompt=prompts[0], limit=50)
        seen = system.standin.seen.total()
        again = await system.app.client.get(f"/query/{answer['query_id']}.json")
        lead = answer["leads"][0]
        told = await system.app.post("/explain", {"query_id": answer["query_id"], "lead_id": lead["lead_id"]})
        assert system.standin.seen.total() == seen
    same = [(each["lead_id"], each["score"], each["intent_source"]) for each in again.json()["leads"]]
    assert same == [(each["lead_id"], each["score"], each["intent_source"]) for each in answer["leads"]]
    assert told["rank"] == 1
