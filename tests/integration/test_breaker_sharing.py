"""Two replicas' breakers through a real Redis, and through none."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from configs.llm import BreakerConfig
from db.embedded import EmbeddedRedis
from deployments.llm.breaker import Breaker
from deployments.llm.sharing import SharedBreaker
from tests.fixtures.judging import until

CONFIG = BreakerConfig(least_calls=5, open_s=10.0, probes=1)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Replica:
    """A breaker on a clock of its own, as replicas share none."""

    def __init__(self, redis: Redis, name: str) -> None:
        self.clock, self.looks = Clock(), []
        self.breaker = Breaker("llm", CONFIG, self.clock, lambda *_: None)
        self.shared = SharedBreaker(self.breaker, redis, name, self.looks.append)

    def calls(self, count: int, *, failed: bool) -> None:
        for _ in range(count):
            self.breaker.permit().settle(failed=failed)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("redis")
    with EmbeddedRedis(folder) as address:
        yield address


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def pair(redis: Redis) -> tuple[Replica, Replica]:
    return Replica(redis, "a"), Replica(redis, "b")


async def sync(*replicas: Replica) -> list[str]:
    for replica in replicas:
        await replica.shared.sync()
    return [replica.breaker.state for replica in replicas]


async def test_what_one_replica_finds_the_others_take_over_for_as_long(pair):
    a, b = pair
    a.calls(5, failed=True)
    assert await sync(a, b) == ["open", "open"]
    assert 9.0 < b.breaker.open_for_s() <= 10.0
    assert a.looks == b.looks == ["ok"]


async def test_a_good_probe_of_the_finder_lets_the_others_probe(pair):
    a, b = pair
    a.calls(5, failed=True)
    await sync(a, b)
    a.clock.now_s += 10.0
    a.calls(1, failed=False)
    assert await sync(a, b) == ["closed", "half-open"]
    b.calls(1, failed=False)
    assert await sync(a, b) == ["closed", "closed"]


async def test_what_was_taken_over_is_not_told_as_ones_own(pair, redis):
    a, b = pair
    a.calls(5, failed=True)
    await sync(a, b, b, b)
    assert await redis.get("breaker:llm") == b"a"
    await redis.delete("breaker:llm")  # its time is over
    assert await sync(b) == ["half-open"]
    assert await redis.get("breaker:llm") is None


async def test_two_that_find_it_themselves_do_not_keep_each_other_open(pair):
    a, b = pair
    a.calls(5, failed=True)
    b.calls(5, failed=True)
    await sync(a, b)
    a.clock.now_s += 10.0
    a.calls(1, failed=False)
    assert await sync(a, b, a) == ["closed", "open", "closed"]
    b.clock.now_s += 10.0
    b.calls(1, failed=False)
    assert await sync(b, a) == ["closed", "closed"]


async def test_a_bad_probe_opens_all_anew(pair):
    a, b = pair
    a.calls(5, failed=True)
    await sync(a, b)
    for replica in pair:
        replica.clock.now_s += 10.0
    a.calls(1, failed=True)
    assert await sync(a) == ["open"]
    assert b.breaker.state == "half-open"
    b.calls(1, failed=False)
    assert await sync(b) == ["open"]


async def test_the_key_goes_by_itself_when_its_owner_is_gone(pair, redis):
    pair[0].calls(5, failed=True)
    await sync(pair[0])
    assert 9_000 < await redis.pttl("breaker:llm") <= 10_000


async def test_without_redis_each_knows_only_its_own(tmp_path):
    lonely = Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    replica = Replica(lonely, "a")
    assert await sync(replica) == ["closed"]
    replica.calls(5, failed=True)
    assert await sync(replica) == ["open"]
    assert replica.looks == ["unreachable", "unreachable"]
    await lonely.aclose()


async def test_what_could_not_be_told_is_told_when_redis_is_back(pair, redis, tmp_path):
    a, _ = pair
    away = Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    a.shared._redis, back = away, a.shared._redis
    a.calls(5, failed=True)
    await sync(a)
    a.shared._redis = back
    a.clock.now_s += 4.0
    await sync(a)
    assert 5_000 < await redis.pttl("breaker:llm") <= 6_000
    await away.aclose()


async def test_it_runs_until_it_is_stopped_at_whatever_moment(redis):
    for turns in range(40):
        replica = Replica(redis, "a")
        running = asyncio.create_task(replica.shared.run(60.0))
        for _ in range(turns):
            await asyncio.sleep(0)
        replica.shared.stop()
        async with asyncio.timeout(5.0):
            await running
        assert set(replica.looks) <= {"ok"}


async def test_it_looks_again_and_again(pair):
    running = asyncio.create_task(pair[0].shared.run(0.001))
    await until(lambda: len(pair[0].looks) >= 3)
    pair[0].shared.stop()
    await running
