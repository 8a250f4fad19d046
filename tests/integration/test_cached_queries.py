"""Queries over the shared caches: judged once for all replicas, whole when Redis is away, true about what was cached."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
import pytest
from redis.asyncio import Redis

from configs.caches import CachesArgs
from db.suppressions import Suppression
from deployments.caches.shelf import CacheShelf, cached_embedder
from deployments.redis_client import open_redis
from deployments.standin.behaviour import Behaviour, Latency
from deployments.suppressing import SuppressionFeed
from deployments.telemetry import Telemetry
from ranking.deadline import Deadline
from ranking.errors import Unavailable
from ranking.types import Float32Array
from tests.fixtures.advised import advised, prompts_in_doubt
from tests.fixtures.caching import Stoppable
from tests.fixtures.served_app import serving, with_ports

pytestmark = pytest.mark.alone

SURE = {"asking": {"least_gain": 0.0}}
QUICK = {"reach": {"lookup_ms": 500.0, "rest_s": 0.0}, "writing": {"flush_s": 0.02}, "values": {"every": 1}}
UNSURE = "anyone drowning in support tickets. ecommerce. nordics. had enough of agencies tho"
NOBODY = {"advising": {"most_asked": 1}, "asked_share": {"share": 0.0}}
"""Nobody is judged: what is asked is the parse alone."""
SLOW = Behaviour(latency=Latency(median_s=0.3))


@pytest.fixture(scope="module")
def prompts(served_world) -> list[str]:
    return prompts_in_doubt(served_world)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stoppable]:
    running = Stoppable(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
async def shelves(server: Stoppable, served_world):
    """Makes the shelf of one more ingress."""
    flushing = open_redis(server.url)
    await flushing.flushall()
    await flushing.aclose()

    @asynccontextmanager
    async def make(
        suppressions: Callable[[], tuple[Suppression, ...]] = tuple, client: Redis | None = None, **args: Any
    ) -> AsyncIterator[CacheShelf]:
        redis = client or open_redis(server.url)
        told = CachesArgs.model_validate({**QUICK, **args})
        shelf = CacheShelf(redis, told, Telemetry(), suppressions, lambda: served_world.system.snapshot)
        async with shelf:
            yield shelf
        await redis.aclose()

    return make


def notes(answer, stage):
    return [each["reason"] for each in answer["metadata"]["degradations"] if each["stage"] == stage]


def asked(answer) -> int:
    return round(answer["metadata"]["cost"]["llm_ratio"] * answer["metadata"]["pool"])


async def test_another_ingress_finds_what_one_has_paid_for(served_world, database, prompts, shelves):
    async with shelves() as shelf, advised(served_world, database, shelf=shelf, **SURE) as one:
        first = await one.query(prompt=prompts[0])
    async with shelves() as shelf, advised(served_world, database, shelf=shelf, **SURE) as other:
        second = await other.query(prompt=prompts[0], options={"llm": "auto"})
        assert other.standin.seen.total() == 0
    assert asked(first) > 0
    assert asked(second) == 0
    assert second["metadata"]["cost"]["total_usd"] == 0.0
    same = [(each["lead_id"], each["score"], each["intent_source"]) for each in first["leads"]]
    assert [(each["lead_id"], each["score"], each["intent_source"]) for each in second["leads"]] == same
    assert notes(first, "cache") == notes(second, "cache") == []


async def test_a_list_computed_again_elsewhere_is_the_one_that_was_answered(
    served_world, database, prompts, shelves
):
    async with shelves() as shelf, advised(served_world, database, shelf=shelf, **SURE) as one:
        answer = await one.query(prompt=prompts[0], limit=50)
        assert asked(answer) > 0
    async with shelves() as shelf, advised(served_world, database, shelf=shelf, **SURE) as other:
        again = (await other.app.client.get(f"/query/{answer['query_id']}.json")).json()
        assert other.standin.seen.total() == 0
    assert [(each["lead_id"], each["score"], each["intent_source"]) for each in again["leads"]] == [
        (each["lead_id"], each["score"], each["intent_source"]) for each in answer["leads"]
    ]


async def test_another_ingress_finds_the_parse_that_one_has_paid_for(served_world, database, shelves, server):
    async with (
        shelves() as shelf,
        advised(served_world, database, shared_parses=shelf.parses("m/1/t"), **NOBODY) as one,
    ):
        first = await one.query(prompt=UNSURE)
    async with (
        shelves() as shelf,
        advised(served_world, database, shared_parses=shelf.parses("m/1/t"), **NOBODY) as other,
    ):
        second = await other.query(prompt=UNSURE)
        assert other.standin.seen.total() == 0
        server.stop()
        lonely = await other.query(prompt=f"{UNSURE}, pls")
        server.start()
    assert (first["metadata"]["parsed_by"], second["metadata"]["parsed_by"]) == ("llm", "llm")
    assert second["parsed"] == first["parsed"]
    assert (notes(second, "cache"), notes(lonely, "cache")) == ([], ["redis"])


@pytest.mark.parametrize("with_shelf", [False, True])
async def test_identical_queries_at_once_ask_once_and_all_have_the_judgement(
    served_world, database, prompts, shelves, with_shelf
):
    async with (
        shelves() as shelf,
        advised(served_world, database, SLOW, shelf=shelf if with_shelf else None, **SURE) as system,
    ):
        await system.query(prompt=prompts[1])  # the first query of a tenant brings the money
        before = system.standin.seen.total()
        answers = await asyncio.gather(*(system.query(prompt=prompts[0]) for _ in range(6)))
        calls = system.standin.seen.total() - before
    paying = [answer for answer in answers if asked(answer)]
    assert len(paying) == 1
    assert calls == paying[0]["metadata"]["cost"]["llm_calls"]
    judged = [each["metadata"]["routes"]["llm"] for each in answers]
    assert judged == [asked(paying[0])] * 6
    assert len({json.dumps([lead["score"] for lead in each["leads"]]) for each in answers}) == 1
    assert [notes(each, "llm") for each in answers] == [[]] * 6


async def test_who_rides_along_and_does_not_wait_says_so(served_world, database, prompts):
    async with advised(served_world, database, SLOW, **SURE) as system:
        await system.query(prompt=prompts[1])
        answers = await asyncio.gather(
            *(system.query(prompt=prompts[0], options={"llm": "auto"}) for _ in range(3))
        )
    assert [notes(each, "llm") for each in answers] == [["not_waited"]] * 3
    assert sum(asked(each) > 0 for each in answers) == 1


async def test_who_rides_along_shares_the_failure(served_world, database, prompts):
    async with advised(served_world, database, **SURE) as system:
        await system.query(prompt=prompts[1])
        system.standin.behaviour = Behaviour(latency=Latency(median_s=0.2), faults={"server_error": 1.0})
        answers = await asyncio.gather(*(system.query(prompt=prompts[0]) for _ in range(3)))
    assert len({tuple(notes(each, "llm")) for each in answers}) == 1
    assert notes(answers[0], "llm")
    assert [len(each["leads"]) for each in answers] == [25] * 3


async def test_queries_go_on_while_redis_is_killed_and_come_back_to_it(
    server, served_world, database, prompts, shelves
):
    async with shelves() as shelf, advised(served_world, database, shelf=shelf, **SURE) as system:

        async def pass_over(some: Sequence[str]) -> list[dict[str, Any]]:
            return list(await asyncio.gather(*(system.query(prompt=each) for each in some)))

        before = await pass_over(prompts[:2])
        server.stop()
        during = await pass_over(prompts[2:5])
        server.start()
        after = await pass_over(prompts[5:7])
    assert [notes(each, "cache") for each in before] == [[]] * len(before)
    assert [notes(each, "cache") for each in during] == [["redis"]] * len(during)
    assert [notes(each, "cache") for each in after] == [[]] * len(after)
    for answer in (*before, *during, *after):
        assert len(answer["leads"]) == 25
        assert asked(answer) > 0
    redis = open_redis(server.url)
    held = await redis.keys("llm:*")
    await redis.aclose()
    assert len(held) >= sum(map(asked, (*during, *after)))  # what was judged while it was away is there too


async def test_queries_hardly_wait_for_a_redis_that_hangs(server, served_world, database, prompts, shelves):
    hurried = {"reach": {"lookup_ms": 40.0, "rest_s": 60.0}}
    auto = {"llm": "auto", "deadline_ms": 5_000}
    patient = Redis.from_url(server.url, socket_timeout=60.0)
    async with (
        shelves(client=patient, **hurried) as shelf,
        advised(served_world, database, SLOW, shelf=shelf, **SURE) as system,
    ):
        await system.query(prompt=prompts[1])
        server.freeze()
        try:
            at_once = await asyncio.gather(
                *(system.query(prompt=each, options=auto) for each in prompts[2:5])
            )
            asking = len(shelf._reach._open)
            later = [await system.query(prompt=each, options=auto) for each in prompts[5:8]]
            assert len(shelf._reach._open) == asking  # left alone by then
        finally:
            server.thaw()
    assert [notes(each, "cache") for each in (*at_once, *later)] == [["redis"]] * 6
    spent_ms = [each["metadata"]["timings_ms"]["llm"] for each in (*at_once, *later)]
    assert max(spent_ms) < 5_000.0  # the client itself would wait for a minute


async def test_a_suppression_in_postgres_reaches_redis(server, served_world, database, shelves):
    lead = served_world.system.snapshot.leads.ids.take([0])[0]
    redis = open_redis(server.url)
    for key in (f"fit:{lead}", f"intent:{lead}", "fit:other"):
        await redis.hset(key, "field", "value")
    feed = await asyncio.to_thread(SuppressionFeed, database, 0.02)
    try:
        async with shelves(lambda: feed.current), asyncio.timeout(5.0):
            connection = await asyncpg.connect(database)
            await connection.execute(
                "INSERT INTO suppressions (kind, value, reason) VALUES ('lead', $1, 'erasure')", lead
            )
            await connection.close()
            while await redis.exists(f"fit:{lead}", f"intent:{lead}"):  # noqa: ASYNC110 - no event comes from Redis
                await asyncio.sleep(0)
        assert await redis.keys("*") == [b"fit:other"]
    finally:
        await asyncio.to_thread(feed.close)
        await redis.aclose()


@dataclass
class Vectors:
    """An embedder that counts what it is asked."""

    asked: list[str] = field(default_factory=list)
    fails: bool = False

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Float32Array:
        self.asked += texts
        await asyncio.sleep(0)
        if self.fails:
            raise Unavailable("embedder", "gone")
        rows = [np.random.default_rng(len(text)).normal(size=384) for text in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def soon() -> Deadline:
    return Deadline.after_ms(10_000, asyncio.get_running_loop().time)


async def test_a_vector_is_made_once_and_is_the_same_to_the_bit_elsewhere(shelves):
    one, other = Vectors(), Vectors()
    texts = ["a maker of robots", "a bakery", "a maker of robots"]
    args = CachesArgs()
    async with shelves() as shelf:
        embedder = cached_embedder(one, lambda: "m@1", args, shelf, Telemetry())
        made = await embedder.embed(texts, soon())
        again = await embedder.embed(texts[1:], soon())
    async with shelves() as shelf:
        read = await cached_embedder(other, lambda: "m@1", args, shelf, Telemetry()).embed(texts, soon())
        assert other.asked == []
        await cached_embedder(other, lambda: "m@2", args, shelf, Telemetry()).embed(texts[:1], soon())
    assert one.asked == ["a maker of robots", "a bakery"]
    assert other.asked == ["a maker of robots"]
    assert made.tobytes() == read.tobytes()
    assert again.tobytes() == made[1:].tobytes()


async def test_a_text_under_way_is_not_sent_again_and_failures_are_not_kept():
    vectors = Vectors(fails=True)
    embedder = cached_embedder(vectors, lambda: "m@1", CachesArgs(), None, Telemetry())
    outcomes = await asyncio.gather(
        *(embedder.embed(["x"], soon()) for _ in range(5)), return_exceptions=True
    )
    assert [type(each) for each in outcomes] == [Unavailable] * 5
    assert vectors.asked == ["x"]
    vectors.fails = False
    assert (await embedder.embed(["x"], soon())).shape == (1, 384)


async def test_the_least_recently_used_vector_goes_first_and_without_a_version_none_is_kept():
    vectors = Vectors()
    embedder = cached_embedder(vectors, lambda: "m@1", CachesArgs(embeddings=2), None, Telemetry())
    for text in ("a", "b", "a", "c", "a", "b"):
        await embedder.embed([text], soon())
    assert vectors.asked == ["a", "b", "c", "b"]
    unknown = cached_embedder(vectors, lambda: None, CachesArgs(), None, Telemetry())
    for _ in range(2):
        await unknown.embed(["z"], soon())
    assert vectors.asked[4:] == ["z", "z"]


async def test_the_answer_says_whether_its_vectors_were_held(served_world, shelves):
    prompt = "CRM for companies like Zyxqorp Unheard Of"
    async with shelves() as shelf:
        embedder = cached_embedder(Vectors(), lambda: "m@1", CachesArgs(), shelf, Telemetry())
        async with serving(served_world, with_ports(served_world, embedder=embedder)) as app:
            told = [(await app.query(prompt))["metadata"] for _ in range(2)]
            plain = (await app.query())["metadata"]
    assert told[0]["unresolved_exemplars"] == [] or told[0]["cache"]["embedding"] is False
    assert [each["cache"]["embedding"] for each in told] == [False, True]
    assert plain["cache"]["embedding"] is False
