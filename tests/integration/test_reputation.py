"""Standings over the real application: who spams is refused and finds back, whoever asks in earnest never notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from prometheus_client import REGISTRY

from bench.prompts import unique_prompts
from configs.quality import QualityArgs, RateArgs
from db.submitters import standings
from db.submitters.keys import Scope
from deployments.access import Caller
from deployments.reputation import Reputation
from deployments.schemas import QueryBody
from deployments.telemetry import Telemetry
from ranking.errors import Throttled
from ranking.journey import RankRequest
from ranking.query_rules import RuleConfig
from ranking.types import Product, Query
from tests.fixtures.served_app import ServedApp
from tests.fixtures.served_world import AS_OF_S, ServedWorld
from tests.fixtures.submitting import (
    ADVERSARIAL,
    ORDINARY,
    Clock,
    bearing,
    key_of,
    submit,
    submitted_to,
    submitter_of,
)

DAY_S = 86_400.0
CUSTOMER = Caller("k1", None, frozenset())
SOLD = Query(product=Product(keywords=("crm",)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(served_world: ServedWorld, database: str, clock: Clock) -> AsyncIterator[ServedApp]:
    async with submitted_to(served_world, database, clock=clock) as opened:
        yield opened


async def keyed(app: ServedApp, tenant: str, *scopes: Scope) -> str:
    key = await key_of(app.pool, tenant, *scopes)
    await app.access.refresh(app.pool)
    return key


async def misbehave(app: ServedApp, key: str | None, times: int = 10) -> None:
    for _ in range(times):
        assert (await submit(app, key, ADVERSARIAL)).status_code == 200
    await app.reputation.round()


async def shown(app: ServedApp, key: str | None, what: str = "reputation") -> list[dict[str, Any]]:
    response = await app.client.get(f"/query-quality/{what}", headers=bearing(key))
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.json()["submitters" if what == "reputation" else "alerts"]
    return found


def refused(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 429, response.text
    document: dict[str, Any] = response.json()
    assert document["code"] == "throttled"
    return document


def allowance(response: httpx2.Response) -> tuple[int, ...]:
    return tuple(int(response.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))


async def test_ten_flagged_queries_throttle_and_the_refusal_tells_the_way_back(app: ServedApp) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key, 9)
    assert (await submit(app, key)).status_code == 200, "nobody is throttled before ten queries"
    await app.reputation.round()
    response = await submit(app, key)
    told = refused(response)
    assert response.headers["retry-after"] == "60"
    assert allowance(response) == (1, 0, 60)
    assert "24 h 0 min" in told["detail"]
    assert "one query is answered every 60 s" in told["detail"]
    assert "11 ordinary ones in a row lift the throttle" in told["detail"]
    assert (await app.client.post("/parse", json={"query": "CRM"}, headers=bearing(key))).status_code == 200


async def test_every_answer_to_a_caller_says_how_much_he_may_still_ask(app: ServedApp, clock: Clock) -> None:
    key = await keyed(app, "acme")
    assert allowance(await submit(app, key)) == (60_000, 59_999, 60)
    clock.now_s += 20.5
    assert allowance(await submit(app, key, limit=0)) == (60_000, 59_998, 40), "a refused one counts as well"
    told = await app.client.post("/parse", json={"query": "CRM"}, headers=bearing(key))
    assert allowance(told) == (60_000, 59_997, 40)
    clock.now_s += 40.0
    assert allowance(await submit(app, key)) == (60_000, 59_999, 60), "a window has ended"
    for unknown in (await app.client.get("/healthz"), await submit(app, None)):
        assert "RateLimit-Limit" not in unknown.headers


async def test_who_asks_more_than_he_may_is_refused_until_the_window_ends(
    served_world: ServedWorld, database: str, clock: Clock
) -> None:
    quality = QualityArgs(rate=RateArgs(requests=2, window_s=10.0))
    async with submitted_to(served_world, database, quality, clock) as app:
        eager, other, trusted = (
            await keyed(app, "acme"), await keyed(app, "acme"), await keyed(app, "acme", "trusted"),
        )  # fmt: skip
        statuses = [(await submit(app, key)).status_code for key in (eager, other, eager, trusted)]
        clock.now_s += 4.0
        response = await submit(app, eager)
        assert (statuses, response.status_code, response.json()["code"]) == ([200] * 4, 429, "rate_limited")
        assert (allowance(response), response.headers["Retry-After"]) == ((2, 0, 6), "6")
        refused_elsewhere = await app.client.post("/parse", json={"query": "CRM"}, headers=bearing(eager))
        assert (refused_elsewhere.status_code, allowance(refused_elsewhere)) == (429, (2, 0, 6))
        assert [(await submit(app, trusted)).status_code for _ in range(3)] == [200] * 3
        clock.now_s += 6.0
        assert (await submit(app, eager)).status_code == 200


async def test_others_are_not_refused(app: ServedApp) -> None:
    key, colleague, stranger = [await keyed(app, tenant) for tenant in ("acme", "acme", "umbra")]
    await misbehave(app, key)
    refused(await submit(app, key))
    for other in (colleague, stranger):
        assert (await submit(app, other)).status_code == 200


async def test_a_trial_a_minute_leads_back(app: ServedApp, clock: Clock) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key)
    trials = 0
    while (await shown(app, key))[0]["throttle"] is not None:
        refused(await submit(app, key))
        clock.now_s += 60.0
        assert (await submit(app, key)).status_code == 200
        trials += 1
    assert trials == 12  # 0.9^12 is the first below .3
    for _ in range(3):
        assert (await submit(app, key)).status_code == 200
    rows = await app.pool.fetch(
        "SELECT is_open, lifted_at < expires_at AS early FROM query_submitter_throttles"
    )
    assert [tuple(row) for row in rows] == [(False, True)]


async def test_a_throttle_ends_after_a_day_and_only_a_relapse_begins_another(
    app: ServedApp, clock: Clock
) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key)
    refused(await submit(app, key))
    await app.pool.execute(
        "UPDATE query_submitter_throttles SET throttled_at = throttled_at - interval '1 day', "
        "expires_at = expires_at - interval '1 day'"
    )
    await app.reputation.round()
    for _ in range(3):
        assert (await submit(app, key)).status_code == 200
        await app.reputation.round()
    await misbehave(app, key, 1)
    refused(await submit(app, key))
    assert await app.pool.fetchval("SELECT count(*) FROM query_submitter_throttles") == 2


async def test_a_replica_lets_in_when_the_day_is_over_even_if_postgres_is_away(
    app: ServedApp, clock: Clock
) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key)
    refused(await submit(app, key))
    clock.now_s += DAY_S
    assert (await submit(app, key)).status_code == 200


async def test_what_was_refused_never_counts(app: ServedApp) -> None:
    key = await keyed(app, "acme")
    await submit(app, key)
    for _ in range(20):
        assert (await submit(app, key, " ")).status_code == 422
        assert (await submit(app, key, limit=0)).status_code == 422
        assert (await app.client.get("/nowhere", headers=bearing(key))).status_code == 404
    (standing,) = await shown(app, key)
    assert (standing["queries"], standing["score"], standing["flag_rate"]) == (1, 1.0, 0.0)
    await misbehave(app, key)
    for _ in range(5):
        refused(await submit(app, key, ADVERSARIAL))
    assert (await shown(app, key))[0]["queries"] == 11


async def test_this_machine_and_trusted_keys_are_judged_and_never_throttled(app: ServedApp) -> None:
    await misbehave(app, None, 12)
    assert (await submit(app, None)).status_code == 200
    key, operator = await keyed(app, "acme", "trusted"), await keyed(app, "us", "operator")
    await misbehave(app, key, 12)
    assert (await submit(app, key)).status_code == 200
    for standing in await shown(app, operator):
        assert standing["is_trusted"]
        assert standing["throttle"] is None
        assert standing["flags"] == {"adversarial": 12}
    assert {each["submitter_id"] for each in await shown(app, operator, "alerts")} == {
        "local", submitter_of(key),
    }  # fmt: skip


async def test_who_is_trusted_owes_no_outcomes(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database, QualityArgs(rules=RuleConfig(unheard=10))) as app:
        for _ in range(20):
            await submit(app, None)
        (standing,) = await shown(app, None)
        assert (standing["flags"], standing["queries_since_outcome"]) == ({}, 20)


async def test_this_machine_may_be_treated_like_any_other(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database, QualityArgs(local_trusted=False)) as app:
        await misbehave(app, None)
        refused(await submit(app, None))


async def test_tenants_see_their_own_standings_and_operators_all(app: ServedApp) -> None:
    acme, umbra, operator = (
        await keyed(app, "acme"),
        await keyed(app, "umbra"),
        await keyed(app, "us", "operator"),
    )
    await misbehave(app, acme)
    await submit(app, umbra)
    (own,) = await shown(app, acme)
    assert (own["submitter_id"], own["tenant_id"]) == (submitter_of(acme), "acme")
    assert (own["queries"], own["flag_rate"], own["score"]) == (10, 1.0, 0.0)
    assert own["throttle"]["ordinary_queries_to_lift"] == 12
    assert [each["tenant_id"] for each in await shown(app, umbra)] == ["umbra"]
    assert [each["tenant_id"] for each in await shown(app, operator)] == ["acme", "umbra"]
    assert await shown(app, umbra, "alerts") == []
    (alert,) = await shown(app, acme, "alerts")
    assert alert["reasons"] == ["flag_rate", "score"]


async def test_standings_survive_a_restart(served_world: ServedWorld, database: str) -> None:
    async with submitted_to(served_world, database) as before:
        key = await keyed(before, "acme")
        await misbehave(before, key)
    async with submitted_to(served_world, database) as after:
        refused(await submit(after, key))
        assert (await shown(after, key))[0]["queries"] == 10


async def test_replicas_agree(served_world: ServedWorld, database: str) -> None:
    async with AsyncExitStack() as closing:
        replicas = [await closing.enter_async_context(submitted_to(served_world, database)) for _ in range(3)]
        key = await keyed(replicas[0], "acme")
        for replica in replicas:
            await replica.access.refresh(replica.pool)
            for _ in range(4):
                assert (await submit(replica, key, ADVERSARIAL)).status_code == 200
        await asyncio.gather(*(replica.reputation.round() for replica in replicas))
        for replica in replicas:
            await replica.reputation.round()
            refused(await submit(replica, key))
        found = [await shown(replica, key) for replica in replicas]
        assert found[0] == found[1] == found[2]
        assert found[0][0]["queries"] == 12
        assert await replicas[0].pool.fetchval("SELECT count(*) FROM query_submitter_throttles") == 1


async def test_a_clock_that_was_set_back_makes_no_throttle_longer_than_a_day(app: ServedApp) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key)
    await app.pool.execute(
        "UPDATE query_submitter_throttles SET throttled_at = throttled_at + interval '30 days', "
        "expires_at = expires_at + interval '30 days'"
    )
    await app.reputation.round()
    left = await app.pool.fetchval(
        "SELECT extract(epoch FROM expires_at - now()) FROM query_submitter_throttles"
    )
    assert DAY_S - 60.0 < left <= DAY_S
    refused(await submit(app, key))


async def test_a_clock_that_was_set_ahead_only_lifts(app: ServedApp) -> None:
    key = await keyed(app, "acme")
    await misbehave(app, key)
    await app.pool.execute(
        "UPDATE query_submitter_throttles SET throttled_at = throttled_at - interval '30 days', "
        "expires_at = expires_at - interval '30 days'"
    )
    await app.reputation.round()
    assert (await submit(app, key)).status_code == 200


async def test_judgements_wait_while_postgres_is_away(
    app: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await keyed(app, "acme")
    with monkeypatch.context() as away:
        away.setattr("deployments.reputation.fold_in", failing)
        for _ in range(3):
            await submit(app, key, ADVERSARIAL)
            with pytest.raises(OSError, match="away"):
                await app.reputation.round()
        response = await app.client.get("/query-quality/reputation", headers=bearing(key))
        assert response.status_code == 503
    await submit(app, key)
    (standing,) = await shown(app, key)
    assert (standing["queries"], standing["flag_rate"]) == (4, 0.75)


async def failing(*_: Any) -> dict[str, standings.Account]:
    raise OSError("away")


async def test_an_outcome_by_any_way_ends_the_silence(served_world: ServedWorld, database: str) -> None:
    rules = RuleConfig(unheard=10)
    async with submitted_to(served_world, database, QualityArgs(rules=rules, local_trusted=False)) as app:
        query_id = (await submit(app, None)).json()["query_id"]
        for _ in range(14):
            await submit(app, None)
        assert (await shown(app, None))[0]["flags"] == {"no_feedback": 1}
        event = {"query_id": query_id, "lead_id": "l-1", "event": "click", "occurred_at": "2025-01-01"}
        assert (await app.client.post("/outcomes", json=[event])).status_code == 200
        await submit(app, None)
        assert (await shown(app, None))[0]["queries_since_outcome"] == 1
        await submit(app, None)
        assert (await shown(app, None))[0]["queries_since_outcome"] == 2
        await app.pool.execute(
            "INSERT INTO outcomes (event_id, query_id, lead_id, event, occurred_at, content_hash) "
            "VALUES ('by-kafka', $1, 'l-1', 'reply', now(), '')",
            query_id,
        )
        await submit(app, None)
        assert (await shown(app, None))[0]["queries_since_outcome"] == 1
        body = {"query_id": query_id, "ctr": 0.0, "conversion_rate": 0.0}
        await app.client.post("/track/performance", json=body)
        await submit(app, None)
        assert (await shown(app, None))[0]["queries_since_outcome"] == 1


async def test_who_is_throttled_is_counted_and_quality_is_observed(app: ServedApp) -> None:
    before = REGISTRY.get_sample_value("leads_query_quality_score_count") or 0.0
    key = await keyed(app, "acme")
    await misbehave(app, key)
    told = (await app.client.get("/metrics")).text
    assert "leads_submitters_throttled 1.0" in told
    assert REGISTRY.get_sample_value("leads_query_quality_score_count") == before + 10
    assert REGISTRY.get_sample_value("leads_queries_flagged_total", {"rule": "adversarial"}) >= 10


def note(reputation: Reputation, prompt: str, limit: int = 25, query: Query = SOLD, **fields: Any) -> None:
    body = QueryBody.model_validate({"query": prompt, "limit": limit, **fields})
    request: Any = RankRequest(query, limit, AS_OF_S, None, None)  # type: ignore[arg-type]
    reputation.note(CUSTOMER, body, request, returned=limit)


async def test_a_load_test_of_unique_prompts_without_feedback_is_never_throttled(
    app: ServedApp, clock: Clock
) -> None:
    prompts = unique_prompts(60, seed=3)
    for number in range(6_000):
        clock.now_s += 0.004  # 250 a second
        word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        note(app.reputation, f"{prompts[number % 60]} {word}", limit=100)
        if number % 1_000 == 0:
            await app.reputation.round()
            app.reputation.admit(CUSTOMER)
    await app.reputation.round()
    app.reputation.admit(CUSTOMER)
    (standing,) = await standings.shown_standings(app.pool, None, everybody=True)
    assert standing.standing.queries == 6_000
    assert standing.flags.keys() == {"no_feedback"}
    assert standing.standing.flag_rate < 0.3


@pytest.mark.parametrize("rate_s", [3.0, 60.0])
async def test_asking_the_same_for_a_day_is_monitoring(app: ServedApp, clock: Clock, rate_s: float) -> None:
    args = QualityArgs(rules=RuleConfig(unheard=1_000_000))
    reputation = Reputation(app.pool, args, Telemetry(), clock)
    for _ in range(2_000):
        clock.now_s += rate_s
        note(reputation, ORDINARY)
    await reputation.round()
    (standing,) = await standings.shown_standings(app.pool, None, everybody=True)
    assert standing.flags == {}


async def test_walking_the_store_without_a_product_is_throttled(app: ServedApp, clock: Clock) -> None:
    for city in range(60):
        clock.now_s += 1.0
        note(app.reputation, f"companies in {chr(97 + city % 26)}{chr(97 + city // 26)}", 2_000, Query())
    await app.reputation.round()
    with pytest.raises(Throttled):
        app.reputation.admit(CUSTOMER)


async def test_lists_of_ones_own_and_large_lists_for_a_product_are_no_walk(
    app: ServedApp, clock: Clock
) -> None:
    for place in range(60):
        clock.now_s += 1.0
        name = f"{chr(97 + place % 26)}{chr(97 + place // 26)}"
        note(app.reputation, f"CRM for companies in {name}", 2_000)
        note(app.reputation, f"companies in {name}", 2_000, Query(), candidates=[name])
        note(app.reputation, f"companies in {name}", 2_000, Query(), filters={"countries": ["DE"]})
        note(app.reputation, f"companies in {name}", 25, Query())
    await app.reputation.round()
    app.reputation.admit(CUSTOMER)
    (standing,) = await standings.shown_standings(app.pool, None, everybody=True)
    assert standing.flags == {}
