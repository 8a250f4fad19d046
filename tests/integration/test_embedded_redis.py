"""The embedded Redis: a bounded cache on a private socket that goes with its starter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import redis

from db.embedded import EmbeddedRedis, Servers, servers
from db.settings import Settings
from ranking.errors import Unavailable
from tests.fixtures.processes import child, wait_until, wait_until_gone

_HOLD = """
import sys
from pathlib import Path
from db.embedded import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[redis.Redis]:
    with EmbeddedRedis(tmp_path, max_memory_bytes=2 << 20) as url, redis.Redis.from_url(url) as client:
        yield client


def test_memory_is_bounded_and_old_keys_make_room(cache: redis.Redis) -> None:
    for number in range(64):
        cache.set(f"key:{number}", b"x" * (64 << 10))  # 64 x 64 KiB is twice the bound
    assert cache.info("memory")["maxmemory_policy"] == "allkeys-lru"
    assert 0 < cache.dbsize() < 64


def test_nothing_is_written_to_disk(cache: redis.Redis, tmp_path: Path) -> None:
    cache.set("a", 1)
    assert cache.config_get("save") == {"save": ""}
    assert list((tmp_path / "redis").iterdir()) == []


def test_a_second_server_on_the_same_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.embedded.redis._LOCK_TIMEOUT_S", 0.05)
    with EmbeddedRedis(tmp_path), pytest.raises(Unavailable, match="in use by another running system"):
        EmbeddedRedis(tmp_path).start()


@pytest.mark.alone
def test_the_server_ends_with_a_killed_starter(tmp_path: Path) -> None:
    with child(_HOLD, str(tmp_path)) as starter:
        server = psutil.Process(int(starter.readline().split()[1]))
        starter.kill()
    with EmbeddedRedis(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.ping()
        wait_until_gone([server], timeout_s=1.0)


def test_outside_servers_are_used_where_they_are_named(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql://db.example/leads", redis_url="redis://cache.example:6379/0"
    )
    with servers(tmp_path, settings) as addresses:
        assert addresses == ("postgresql://db.example/leads", "redis://cache.example:6379/0")
    assert list(tmp_path.iterdir()) == []


def test_embedded_servers_run_where_none_are_named(server_folder: Path) -> None:
    with servers(server_folder, Settings(database_url=None, redis_url=None)) as (database_url, redis_url):
        assert database_url.startswith("postgresql://")
        with redis.Redis.from_url(redis_url) as client:
            assert client.ping()


def test_an_ended_server_is_started_again_but_not_for_ever(tmp_path: Path) -> None:
    outside = Settings(database_url="postgresql://db.example/leads", redis_url=None)
    with Servers(tmp_path, outside) as running:
        assert running.revive() == ()
        (server,) = running.embedded
        for _ in range(5):
            psutil.Process(server.pid).kill()
            wait_until(lambda: not server.running)
            assert running.revive() == (server,)
        with redis.Redis.from_url(running.redis_url) as client:
            assert client.ping()
        psutil.Process(server.pid).kill()
        wait_until(lambda: not server.running)
        with pytest.raises(Unavailable, match="ended 5 times within a minute"):
            running.revive()


def test_a_server_may_not_be_started_from_a_passing_thread(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(RuntimeError, match="main thread"):
        executor.submit(EmbeddedRedis(tmp_path).start).result()
