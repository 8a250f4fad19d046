"""Fit and intent of returned leads in a real Redis: what is written, for how long, of whom not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from configs.caches import ValuesArgs
from db.suppressions import Suppression
from deployments.caches.forgetting import Forgetting, named_leads
from deployments.caches.values import LeadValues, targets_key
from deployments.llm.evidence import product_key
from ranking.answer import Cost, RankedList, Routes
from ranking.config import RankingConfig
from ranking.journey import RankRequest
from ranking.types import Generation, Product, Query, Targets
from tests.fixtures.caching import Stoppable, Way, client_of

CONFIG = RankingConfig()
QUERY = Query(product=Product(concepts=("crm",)), include=Targets(countries=("DE",)))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stoppable]:
    running = Stoppable(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
async def redis(server: Stoppable):
    async with client_of(server.url) as client:
        await client.flushall()
        yield client


class Dropped:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, entries: int) -> None:
        self.count += entries


def request(query: Query = QUERY, **fields: Any) -> RankRequest:
    return RankRequest(query, 25, 0.0, CONFIG.final, CONFIG.fit.weights, **fields)


def answer(*leads: tuple[str, float, float], generation: str = "g1") -> RankedList:
    rows = [{"lead_id": name, "fit_score": fit, "intent_score": intent} for name, fit, intent in leads]
    return RankedList(
        cast(Any, tuple(rows)), Generation(generation), len(rows), len(rows), None, (), Routes(0, 0, 0, 0), (), (), {}, (),
        Cost(),
    )  # fmt: skip


def values_on(way: Way, hidden: set[str] | None = None, **args: Any) -> LeadValues:
    told = ValuesArgs.model_validate({"every": 1, **args})
    values = LeadValues(told, lambda: hidden or set(), Dropped())
    way.writing.draw_from(values.commands)
    return values


async def fields(redis: Redis, key: str) -> dict[str, Any]:
    held = await redis.hgetall(key)
    return {name.decode(): json.loads(value) for name, value in held.items()}


async def test_each_lead_has_its_fit_and_intent_by_target_or_product_and_generation(redis: Redis):
    way = Way(redis)
    values = values_on(way)
    values.put(request(), answer(("l1", 0.75, 61.25), ("l2", 0.5, 0.0)), "v1/b1", 1234.9)
    await way.writing.flush()
    target, product = targets_key(QUERY), product_key(QUERY.product)
    assert await fields(redis, "fit:l1") == {f"{target}:g1": [0.75, "v1/b1", 1234]}
    assert await fields(redis, "intent:l1") == {f"{product}:g1": [61.25, "v1/b1", 1234]}
    assert await fields(redis, "intent:l2") == {f"{product}:g1": [0.0, "v1/b1", 1234]}
    assert 0 < await redis.ttl("fit:l2") <= ValuesArgs().keep_s


async def test_the_latest_value_of_a_field_stands_and_only_the_latest_fields_stay(redis: Redis):
    way = Way(redis)
    values = values_on(way, fields=3, per_script=2)
    for at in range(5):
        values.put(request(), answer(("l1", 0.1 * at, at), generation=f"g{at}"), "v1", 100.0 + at)
    values.put(request(), answer(("l1", 0.9, 90.0), generation="g3"), "v2", 200.0)
    await way.writing.flush()
    product = product_key(QUERY.product)
    assert await fields(redis, "intent:l1") == {
        f"{product}:g2": [2, "v1", 102],
        f"{product}:g3": [90, "v2", 200],
        f"{product}:g4": [4, "v1", 104],
    }


async def test_of_every_few_answers_one_is_kept_and_of_none_none(redis: Redis):
    way = Way(redis)
    some, none = values_on(way, every=3), values_on(way, every=0)
    for at in range(7):
        some.put(request(), answer((f"l{at}", 0.5, 5.0)), "v1", 1.0)
        none.put(request(), answer((f"n{at}", 0.5, 5.0)), "v1", 1.0)
    await way.writing.flush()
    assert sorted(await redis.keys("fit:*")) == [b"fit:l0", b"fit:l3", b"fit:l6"]


async def test_a_tenants_answers_are_not_kept(redis: Redis):
    way = Way(redis)
    values_on(way).put(request(tenant="t1"), answer(("l1", 0.5, 5.0)), "v1", 1.0)
    await way.writing.flush()
    assert await redis.keys("*") == []


async def test_too_many_answers_are_dropped_and_counted():
    dropped = Dropped()
    values = LeadValues(ValuesArgs(every=1, waiting=2), set, dropped)
    for at in range(5):
        values.put(request(), answer((f"l{at}", 0.5, 5.0)), "v1", 1.0)
    assert dropped.count == 3
    assert len(values.commands()) == 1


async def test_while_redis_is_away_values_are_lost_and_nothing_else(server: Stoppable, redis: Redis):
    way = Way(redis)
    values = values_on(way)
    values.put(request(), answer(("l1", 0.5, 5.0)), "v1", 1.0)
    way.writing.put("key", b"value", 60)
    server.stop()
    await way.writing.flush()
    server.start()
    way.clock.now_s += 1.0
    await way.writing.flush()
    assert way.dropped == 1
    assert await redis.keys("*") == [b"key"]


async def test_who_is_suppressed_is_taken_out_and_not_written_again(redis: Redis, served_world):
    way = Way(redis)
    snapshot = served_world.system.snapshot
    leads, companies = snapshot.leads.ids.all(), snapshot.companies.ids.all()
    of_company = snapshot.leads.ids.take(range(*snapshot.leads.company_offsets[[3, 4]].tolist()))
    person = next(each for each in leads if each not in of_company)
    other = next(each for each in reversed(leads) if each not in (person, *of_company))
    entries: list[tuple[Suppression, ...]] = [()]
    forgetting = Forgetting(lambda: entries[-1], lambda: snapshot, way.writing)
    values = LeadValues(ValuesArgs(every=1), forgetting.hidden, Dropped())
    way.writing.draw_from(values.commands)
    shown = answer(*((each, 0.5, 5.0) for each in (person, *of_company, other)))
    values.put(request(), shown, "v1", 1.0)
    await way.writing.flush()
    assert len(await redis.keys("*")) == 2 * (2 + len(of_company))

    values.put(request(), shown, "v1", 2.0)  # computed before this replica knows
    entries.append((Suppression(None, "lead", person), Suppression("t1", "company", companies[3])))
    await way.writing.flush()
    assert sorted(await redis.keys("*")) == sorted([f"fit:{other}".encode(), f"intent:{other}".encode()])
    assert (await fields(redis, f"fit:{other}")).popitem()[1] == [0.5, "v1", 2]


async def test_what_is_to_be_forgotten_while_redis_is_away_is_forgotten_when_it_is_back(
    server: Stoppable, redis: Redis, served_world
):
    way = Way(redis)
    snapshot = served_world.system.snapshot
    person = snapshot.leads.ids.take([0])[0]
    forgetting = Forgetting(lambda: suppressed, lambda: snapshot, way.writing)
    suppressed = (Suppression(None, "lead", person),)
    way.writing.draw_from(LeadValues(ValuesArgs(), forgetting.hidden, Dropped()).commands)
    server.stop()
    await way.writing.flush()
    server.start()
    await redis.hset(f"fit:{person}", "field", "value")
    way.clock.now_s += 1.0
    await way.writing.flush()
    assert await redis.keys("*") == []


def test_a_suppressed_domain_names_the_leads_of_its_company_and_of_its_duplicates(served_world):
    snapshot = served_world.system.snapshot
    companies, leads = snapshot.companies, snapshot.leads
    row = next(at for at in range(len(companies.active)) if snapshot.catalogue.companies([at])[0].domain)
    domain = snapshot.catalogue.companies([row])[0].domain
    cluster = companies.cluster[companies.domains.rows_of(domain)]
    expected = {
        lead for at, lead in enumerate(leads.ids.all()) if companies.cluster[leads.company[at]] in cluster
    }
    assert expected
    assert named_leads(snapshot, [Suppression(None, "domain", domain)]) == expected
    assert named_leads(snapshot, [Suppression(None, "company", "nobody")]) == set()


def test_queries_that_want_the_same_companies_have_one_key():
    same = replace(QUERY, product=Product(concepts=("erp",)), confidence=0.9, limit=7)
    other = replace(QUERY, include=Targets(countries=("FR",)))
    assert targets_key(QUERY) == targets_key(same) != targets_key(other)
