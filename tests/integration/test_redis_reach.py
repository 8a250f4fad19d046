"""Redis that answers, is gone, hangs, and comes back: what a look-up gets, how long it waits, what is written later."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis

from configs.caches import ReachArgs
from deployments.caches.parses import SharedParses
from deployments.caches.scores import RedisScores
from deployments.caches.use import followed
from ranking.types import EmployeeRange, Exclusions, Product, Query, Targets
from tests.fixtures.caching import PATIENT, Counted, Stoppable, Way, client_of
from tests.fixtures.judging import until

HURRIED = ReachArgs(lookup_ms=30.0, rest_s=1.0)
HOUR_S = 3600


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


@pytest.fixture
async def patient(server: Stoppable):
    async with Redis.from_url(server.url, socket_timeout=60.0) as client:
        yield client


def scores_of(way: Way, counted: Counted | None = None) -> RedisScores:
    return RedisScores(way.reach, way.writing, HOUR_S, counted or Counted())


async def test_what_one_replica_has_written_another_finds(redis: Redis):
    one, other, counted = Way(redis), Way(redis), Counted()
    scores_of(one).put({"llm:p:c1:e": 55.5, "llm:p:c2:e": 1 / 3})
    await one.writing.flush()
    found = await scores_of(other, counted).get(["llm:p:c1:e", "llm:p:c3:e", "llm:p:c2:e"], other.deadline())
    assert found == [55.5, None, 1 / 3]
    assert (counted.hits, counted.misses) == (2, 1)
    assert 0 < await redis.ttl("llm:p:c1:e") <= HOUR_S


async def test_a_look_up_is_one_command(redis: Redis):
    way = Way(redis)
    await redis.ping()
    before = (await redis.info("commandstats")).get("cmdstat_mget", {"calls": 0})["calls"]
    await scores_of(way).get([f"llm:{each}" for each in range(20)], way.deadline())
    assert (await redis.info("commandstats"))["cmdstat_mget"]["calls"] == before + 1


async def test_what_waits_to_be_written_is_found_here_already(redis: Redis):
    way = Way(redis)
    scores_of(way).put({"llm:a": 7.0})
    assert await scores_of(way).get(["llm:a", "llm:b"], way.deadline()) == [7.0, None]
    assert await redis.get("llm:a") is None


@pytest.mark.parametrize("content", [b"", b"high", b"nan", b"inf", b"-1", b"101"])
async def test_what_is_no_score_is_a_miss(redis: Redis, content: bytes):
    await redis.set("llm:a", content)
    way = Way(redis)
    assert await scores_of(way).get(["llm:a"], way.deadline()) == [None]


async def test_without_redis_all_is_missed_and_it_is_left_alone_for_a_second(server: Stoppable, redis: Redis):
    way, counted = Way(redis), Counted()
    scores = scores_of(way, counted)
    await redis.set("llm:a", b"7.0")
    server.stop()
    with followed() as first:
        assert await scores.get(["llm:a"], way.deadline()) == [None]
    server.start()
    await redis.set("llm:a", b"8.0")
    way.clock.now_s += 0.99
    with followed() as second:
        assert await scores.get(["llm:a"], way.deadline()) == [None]
    way.clock.now_s += 0.01
    with followed() as third:
        assert await scores.get(["llm:a"], way.deadline()) == [8.0]
    assert [each.redis_away for each in (first, second, third)] == [True, True, False]
    assert (counted.hits, counted.misses) == (1, 2)


async def test_a_redis_that_hangs_is_waited_for_once_and_briefly(server: Stoppable, patient: Redis):
    way = Way(patient, HURRIED)
    await patient.ping()
    server.freeze()
    try:
        started_s = time.perf_counter()
        with followed() as use:
            assert await scores_of(way).get(["llm:a"], way.deadline()) == [None]
        took_s = time.perf_counter() - started_s
        assert way.reach.resting
        assert await scores_of(way).get(["llm:a"], way.deadline()) == [None]
    finally:
        server.thaw()
    assert use.redis_away
    assert 0.03 <= took_s < 5.0  # the client itself would wait for a minute
    await way.reach.close()
    way.clock.now_s += 1.0
    assert not way.reach.resting


async def test_look_ups_at_once_while_redis_hangs_are_bounded(server: Stoppable, redis: Redis):
    way = Way(redis, ReachArgs(lookup_ms=30.0, open=3))
    server.freeze()
    try:
        await asyncio.gather(*(way.reach.get([f"llm:{each}"], way.deadline()) for each in range(20)))
        assert len(way.reach._open) <= 3
    finally:
        server.thaw()
    await way.reach.close()


async def test_a_look_up_takes_its_share_of_the_deadline_and_does_not_blame_redis(
    server: Stoppable, patient: Redis
):
    way = Way(patient, ReachArgs(lookup_ms=1000.0, lookup_share=0.2))
    server.freeze()
    try:
        started_s = time.perf_counter()
        assert await way.reach.get(["llm:a"], way.deadline(100.0)) is None
        assert 0.02 <= time.perf_counter() - started_s < 5.0
        assert not way.reach.resting
        with followed() as use:
            assert await way.reach.get(["llm:a"], way.deadline(0.5)) is None
        assert not use.redis_away
    finally:
        server.thaw()
    await way.reach.close()


async def test_a_query_that_goes_away_leaves_the_connection_usable(redis: Redis):
    way = Way(redis)
    await redis.set("llm:a", b"7.0")
    for turns in range(12):
        asking = asyncio.create_task(way.reach.get(["llm:a"], way.deadline()))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    assert await way.reach.get(["llm:a"], way.deadline()) == [b"7.0"]


async def test_what_cannot_be_written_now_is_written_later(server: Stoppable, redis: Redis):
    way = Way(redis)
    server.stop()
    scores_of(way).put({"llm:a": 7.0})
    await way.writing.flush()
    server.start()
    await way.writing.flush()  # left alone for a second
    assert (len(way.writing), await redis.get("llm:a")) == (1, None)
    way.clock.now_s += 1.0
    await way.writing.flush()
    assert (len(way.writing), await redis.get("llm:a"), way.dropped) == (0, b"7.0", 0)


async def test_of_too_many_entries_the_oldest_are_dropped_and_counted(redis: Redis):
    way = Way(redis, waiting=3, per_pipeline=2)
    for at in range(5):
        way.writing.put(f"key:{at}", b"value", HOUR_S)
    way.writing.put("key:3", b"other", HOUR_S)
    await way.writing.flush()
    assert way.dropped == 2
    assert await redis.mget([f"key:{at}" for at in range(5)]) == [None, None, b"value", b"other", b"value"]


async def test_an_entry_that_redis_refuses_holds_up_no_other(redis: Redis):
    way = Way(redis)
    way.writing.put("key:bad", b"value", -1)
    way.writing.put("key:good", b"value", HOUR_S)
    await way.writing.flush()
    assert (len(way.writing), await redis.get("key:good"), way.dropped) == (0, b"value", 1)


async def test_the_writer_writes_by_itself_and_the_rest_when_it_is_closed(redis: Redis):
    way = Way(redis, flush_s=0.01)
    way.writing.start()
    way.writing.put("key:a", b"value", HOUR_S)
    await until(lambda: len(way.writing) == 0)
    way.writing.put("key:b", b"value", HOUR_S)
    await way.writing.close()
    assert await redis.mget(["key:a", "key:b"]) == [b"value", b"value"]


async def test_what_is_left_when_redis_is_gone_at_the_end_is_counted(server: Stoppable, redis: Redis):
    way = Way(redis)
    way.writing.start()
    server.stop()
    way.writing.put("key:a", b"value", HOUR_S)
    await way.writing.close()
    server.start()
    assert way.dropped == 1


READ = Query(
    product=Product(category="CRM software", keywords=("crm",)),
    include=Targets(countries=("DE",), employees=(EmployeeRange(11, 50),)),
    exclude=Exclusions(companies=("Ünlü",)),
    language="de",
    confidence=0.25,
)


async def test_a_parse_comes_back_as_it_was_and_only_to_its_own_version(redis: Redis):
    way, hits = Way(redis), []
    one = SharedParses(way.reach, way.writing, "gpt/1/taxonomy", HOUR_S, hits.append)
    other = SharedParses(way.reach, way.writing, "gpt/2/taxonomy", HOUR_S, hits.append)
    one.put("CRM für Ünlü", READ)
    assert await one.get("CRM für Ünlü", way.deadline()) == READ
    await way.writing.flush()
    assert await one.get("CRM für Ünlü", way.deadline()) == READ
    assert await one.get("CRM", way.deadline()) is None
    assert await other.get("CRM für Ünlü", way.deadline()) is None
    assert hits == [True, True, False, False]
    (key,) = await redis.keys("*")
    assert key.startswith(b"parse:")
    assert 0 < await redis.ttl(key) <= HOUR_S


@pytest.mark.parametrize("content", [b"", b"[]", b'{"products":{}}', b"\xff"])
async def test_what_is_no_parse_is_a_miss(redis: Redis, content: bytes):
    way = Way(redis)
    parses = SharedParses(way.reach, way.writing, "1", HOUR_S, lambda _hit: None)
    await redis.set(parses._key("CRM"), content)
    assert await parses.get("CRM", way.deadline()) is None


def test_the_bounds_of_a_patient_look_up_are_those_that_are_served():
    assert PATIENT.rest_s == ReachArgs().rest_s == 1.0
    assert ReachArgs().lookup_ms == 40.0
