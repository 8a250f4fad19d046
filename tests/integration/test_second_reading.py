"""Prompts that the rules are unsure of, read by the language model over real HTTP, on the query's own bill."""

import asyncio
import time

import pytest

from deployments.standin.behaviour import Behaviour, Latency
from tests.fixtures.advised import advised
from tests.fixtures.served_app import serving

pytestmark = pytest.mark.alone

ODD = "anyone drowning in support tickets. ecommerce. nordics. had enough of agencies tho"
SLANG = "sell cyber stuff 2 town halls n school districts ohio"
OTHERS = (
    "looking 4 head honchos at solar outfits down under, we do installer scheduling",
    "kinda like Toast but for food trucks, looking at LA + Austin + Portland",
    "dentist groups w 5+ chairs, texas + florida, we chase insurance claims, not ortho",
)
SURE = "CRM software for banks in Germany with 50-500 employees"
NOBODY_ADVISED = {"advising": {"most_asked": 1}, "asked_share": {"share": 0.0}}
"""Nobody is judged: what is asked and paid for is the parse alone."""


class Shelf:
    """Shared parses in memory."""

    def __init__(self):
        self.held = {}

    async def get(self, prompt, _deadline):
        return self.held.get(prompt)

    def put(self, prompt, query):
        self.held[prompt] = query


def notes(answer):
    return [each["reason"] for each in answer["metadata"]["degradations"] if each["stage"] == "parse"]


def by(answer):
    return answer["metadata"]["parsed_by"], answer["metadata"]["cache"]["parse"]


async def test_who_waits_gets_the_better_parse_and_pays_for_it_on_one_bill(served_world, database):
    async with advised(served_world, database) as system:
        answer = await system.query(prompt=ODD)
        entries = await system.booked(answer["query_id"])
    parsed, cost = answer["parsed"], answer["metadata"]["cost"]
    assert parsed["product"]["concepts"] == ["customer_support_software"]
    assert parsed["include"]["industries"] == ["ecommerce"]
    assert parsed["exclude"]["industries"] == ["advertising"]
    assert (by(answer), notes(answer)) == (("llm", False), [])
    kinds = [entry["kind"] for entry in entries]
    assert kinds.count("parse") == 1
    assert cost["llm_calls"] == len(entries)
    assert cost["total_usd"] == pytest.approx(float(sum(entry["amount_usd"] for entry in entries)))
    assert cost["total_usd"] > 0.0


async def test_a_parse_is_on_the_receipt_though_nobody_is_judged(served_world, database):
    async with advised(served_world, database, **NOBODY_ADVISED) as system:
        answer = await system.query(prompt=ODD)
        entries = await system.booked(answer["query_id"])
        again = await system.query(prompt=ODD)
    cost = answer["metadata"]["cost"]
    assert [entry["kind"] for entry in entries] == ["parse"]
    assert (cost["llm_calls"], cost["total_usd"]) == (1, pytest.approx(float(entries[0]["amount_usd"])))
    assert cost["tokens_in"] == entries[0]["tokens_in"] > 500
    assert again["metadata"]["cost"]["total_usd"] == 0.0


async def test_who_does_not_wait_goes_on_with_the_rules_and_the_next_query_has_the_parse(
    served_world, database
):
    slow = Behaviour(latency=Latency(median_s=0.3))
    async with advised(served_world, database, slow, **NOBODY_ADVISED) as system:
        await system.query(prompt=OTHERS[0])  # the first query brings the money
        started_s = time.perf_counter()
        first = await system.query(prompt=ODD, options={"llm": "auto"})
        took_s = time.perf_counter() - started_s
        entries = await system.booked(first["query_id"])
        second = await system.query(prompt=ODD, options={"llm": "auto"})
    assert took_s < 0.3
    assert (by(first)[0], notes(first)) == ("rules", ["not_waited"])
    assert (by(second), notes(second)) == (("llm", True), [])
    assert second["parsed"]["exclude"]["industries"] == ["advertising"]
    cost = first["metadata"]["cost"]
    assert cost["total_usd"] == 0.0 < float(entries[0]["amount_usd"]) <= cost["pending_usd"]
    assert [(entry["kind"], entry["is_late"]) for entry in entries] == [("parse", True)]


async def test_auto_waits_when_recent_parses_came_fast_enough(served_world, database):
    told = {**NOBODY_ADVISED, "advising": {"most_asked": 1, "least_recent": 2}}
    async with advised(served_world, database, **told) as system:
        for prompt in OTHERS[:2]:
            await system.query(prompt=prompt)
        answer = await system.query(prompt=ODD, options={"llm": "auto", "deadline_ms": 2_000})
    assert (by(answer), notes(answer)) == (("llm", False), [])


@pytest.mark.parametrize(("prompt", "mode"), [(SURE, "wait"), (ODD, "never")])
async def test_nobody_is_asked_where_the_rules_are_sure_or_the_caller_wants_none(
    served_world, database, prompt, mode
):
    async with advised(served_world, database, **NOBODY_ADVISED) as system:
        answer = await system.query(prompt=prompt, options={"llm": mode})
        assert system.standin.seen.total() == 0
    assert (by(answer), notes(answer)) == (("rules", False), [])


@pytest.mark.parametrize(
    ("prompt", "mode", "told"), [(ODD, "auto", ["no_key"]), (ODD, "never", []), (SURE, "auto", [])]
)
async def test_without_a_language_model_an_unsure_parse_says_so(served_world, prompt, mode, told):
    async with serving(served_world, unsure_below=0.75) as app:
        answer = await app.query(prompt=prompt, options={"llm": mode})
    assert (by(answer), notes(answer)) == (("rules", False), told)


async def test_the_second_query_with_the_rules_parse_says_that_it_was_held(served_world, database):
    async with advised(served_world, database, **NOBODY_ADVISED) as system:
        first = await system.query(prompt=SURE)
        second = await system.query(prompt=SURE)
    assert (by(first)[1], by(second)[1]) == (False, True)


async def test_a_corrected_parse_is_the_callers(served_world, database):
    async with advised(served_world, database, **NOBODY_ADVISED) as system:
        told = await system.app.post("/parse", {"query": ODD})
        answer = await system.query(prompt=ODD, parsed=told)
        assert system.standin.seen.total() == 0
    assert by(answer) == ("caller", False)


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ("server_error", "server_error"),
        ("refusal", "refused"),
        ("invalid_json", "garbage"),
        ("truncated", "garbage"),
        ("wrong_ids", "garbage"),
        ("missing_id", "garbage"),
        ("not_a_completion", "garbage"),
        ("reset", "connection"),
    ],
)
async def test_a_call_that_fails_leaves_the_rules_parse(served_world, database, fault, note):
    async with advised(served_world, database, Behaviour(faults={fault: 1.0}), **NOBODY_ADVISED) as system:
        rules = await system.app.post("/parse", {"query": ODD})
        answer = await system.query(prompt=ODD)
    assert (answer["parsed"], notes(answer)) == (rules, [note])


async def test_a_reply_that_cannot_be_read_is_paid_for_once(served_world, database):
    async with advised(
        served_world, database, Behaviour(faults={"invalid_json": 1.0}), **NOBODY_ADVISED
    ) as system:
        first = await system.query(prompt=ODD)
        second = await system.query(prompt=ODD)
        assert system.standin.seen.total() == 1
    assert first["metadata"]["cost"]["total_usd"] > 0.0
    assert (second["metadata"]["cost"]["total_usd"], notes(second)) == (0.0, [])


async def test_values_in_the_wrong_places_are_not_believed(served_world, database):
    async with advised(
        served_world, database, Behaviour(faults={"out_of_range": 1.0}), **NOBODY_ADVISED
    ) as system:
        rules = await system.app.post("/parse", {"query": ODD})
        answer = await system.query(prompt=ODD)
    assert set(rules["include"]["regions"]) <= set(answer["parsed"]["include"]["regions"])
    assert notes(answer) == ["disagreed"]


async def test_an_endpoint_that_hangs_holds_nobody_and_bounds_hold(served_world, database):
    hangs = Behaviour(faults={"hang": 1.0})
    bounds = {**NOBODY_ADVISED, "parsing": {"in_flight": 2}, "calls": {"timeout_s": 5.0}}
    async with advised(served_world, database, hangs, **bounds) as system:
        first = await system.query(prompt=ODD, options={"llm": "wait", "deadline_ms": 400})
        others = [await system.query(prompt=each, options={"llm": "auto"}) for each in OTHERS]
        assert system.standin.open_calls <= 2
    assert notes(first) == ["deadline"]
    assert 150.0 < first["metadata"]["timings_ms"]["parse"] < 300.0
    assert notes(others[-1]) == ["overloaded"]
    assert max(each["metadata"]["timings_ms"]["parse"] for each in others) < 100.0


async def test_the_same_prompt_at_the_same_time_is_read_once(served_world, database):
    async with advised(
        served_world, database, Behaviour(latency=Latency(median_s=0.1)), **NOBODY_ADVISED
    ) as system:
        await system.query(prompt=OTHERS[0])
        answers = await asyncio.gather(*(system.query(prompt=ODD) for _ in range(5)))
        assert system.standin.seen.total() == 2
    assert {by(each)[0] for each in answers} == {"llm"}
    assert sorted(each["metadata"]["cost"]["llm_calls"] for each in answers) == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("options", "spending", "note"),
    [
        ({"max_cost_usd": 0.0}, {}, "query_budget"),
        ({}, {"tenant_daily_usd": 0.00001}, "tenant_budget"),
    ],
)
async def test_without_money_the_rules_decide(served_world, database, options, spending, note):
    async with advised(served_world, database, spending=spending, **NOBODY_ADVISED) as system:
        answer = await system.query(prompt=ODD, options=options)
        assert system.standin.seen.total() == 0
    assert (by(answer)[0], notes(answer)) == ("rules", [note])
    assert answer["metadata"]["cost"]["total_usd"] == 0.0


async def test_replicas_share_what_was_read_but_none_that_forgets_an_exclusion(served_world, database):
    shelf = Shelf()
    async with advised(served_world, database, shared_parses=shelf, **NOBODY_ADVISED) as system:
        await system.query(prompt=ODD)
    async with advised(served_world, database, shared_parses=shelf, **NOBODY_ADVISED) as system:
        answer = await system.query(prompt=ODD)
        shelf.held[OTHERS[2]] = shelf.held[ODD]
        forgetful = await system.query(prompt=OTHERS[2])
    assert (by(answer), system.standin.seen.total()) == (("llm", True), 1)
    assert forgetful["parsed"]["exclude"]["keywords"] == ["ortho"]


async def test_a_list_is_computed_again_with_the_parse_it_had(served_world, database):
    async with advised(served_world, database, **NOBODY_ADVISED) as system:
        answer = await system.query(prompt=SLANG)
        again = await system.app.client.get(f"/query/{answer['query_id']}.json")
    assert again.json()["parsed"] == answer["parsed"]
    assert answer["parsed"]["product"]["concepts"] == ["cybersecurity"]
