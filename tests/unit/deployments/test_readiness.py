"""Readiness: what is missing is named; only what queries cannot do without makes it unready."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from db.embedded import EmbeddedRedis
from deployments.readiness import Readiness
from deployments.replicas import ReplicaWatch
from deployments.telemetry import Telemetry

ALL = {"retrieval": 1, "bm25": 2, "gbdt": 1, "embedder": 1}


class Pool:
    """A pool that answers, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def fetchval(self, _statement: str) -> int:
        if self._error is not None:
            raise self._error
        return 1


def readiness(
    pool: Any = None, redis: Redis | None = None, replicas: dict[str, int] | None = None
) -> Readiness:
    manifest = SimpleNamespace(created_at=time.time() - 60.0)
    snapshot = SimpleNamespace(generation="g1", manifest=manifest, additions=())
    return Readiness(
        lambda: pool,
        redis,
        lambda: snapshot,  # type: ignore[arg-type,return-value]
        lambda: ALL if replicas is None else replicas,
        lambda: {"booster": "b"},
        Telemetry(),
    )


async def test_everything_is_there() -> None:
    told = await readiness(Pool())()
    assert (told["status"], told["generation"], told["versions"]) == ("ready", "g1", {"booster": "b"})
    assert told["dependencies"]["bm25"] == {"status": "ready", "replicas": 2}
    assert told["dependencies"]["redis"] == {"status": "not configured"}
    assert 59.0 < told["dependencies"]["snapshot"]["age_s"] < 70.0


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), asyncpg.InterfaceError("closed")])
async def test_without_postgres_queries_go_on(error: Exception) -> None:
    told = await readiness(Pool(error))()
    assert told["status"] == "ready"
    assert told["dependencies"]["postgres"] == {"status": "unavailable", "reason": type(error).__name__}
    assert (await readiness(None)())["dependencies"]["postgres"]["reason"] == "Unavailable"


async def test_without_redis_queries_go_on(tmp_path: Path) -> None:
    absent = Redis.from_url(f"unix://{tmp_path}/none.sock", socket_timeout=0.5)
    told = await readiness(Pool(), absent)()
    await absent.aclose()
    assert told["status"] == "ready"
    assert told["dependencies"]["redis"]["status"] == "unavailable"


async def test_redis_is_asked(server_folder: Path) -> None:
    with EmbeddedRedis(server_folder) as url:
        client = Redis.from_url(url)
        told = await readiness(Pool(), client)()
        await client.aclose()
    assert told["dependencies"]["redis"] == {"status": "ready"}


@pytest.mark.parametrize(
    ("dead", "status"), [("retrieval", "unavailable"), ("bm25", "ready"), ("embedder", "ready")]
)
async def test_only_retrieval_is_indispensable(dead: str, status: str) -> None:
    told = await readiness(Pool(), replicas={**ALL, dead: 0})()
    assert told["status"] == status
    assert told["dependencies"][dead] == {"status": "unavailable", "replicas": 0}


async def test_before_the_first_count_nobody_is_called_dead() -> None:
    assert (await readiness(Pool(), replicas={})())["status"] == "ready"


async def test_counts_stand_while_serve_does_not_answer() -> None:
    answers: list[Any] = [{"bm25": 2}, OSError(), {"bm25": 3}]
    heard: list[Any] = []

    def count() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def after() -> None:
        heard.append("after")

    watch = ReplicaWatch(count, heard.append, after, 3600.0)
    seen: list[Any] = []
    for _ in range(3):
        await watch.look()
        seen.append(dict(watch.counts))
    assert seen == [{"bm25": 2}, {"bm25": 2}, {"bm25": 3}]
    assert heard == [{"bm25": 2}, "after", "after", {"bm25": 3}, "after"]


async def test_the_start_waits_for_every_node() -> None:
    answers = [{}, {"bm25": 1, "gbdt": 0}, {"bm25": 1, "gbdt": 1}]

    async def after() -> None: ...

    watch = ReplicaWatch(lambda: answers.pop(0), lambda _counts: None, after, 3600.0, 0.0)
    await watch.until_complete()
    assert (watch.counts, answers) == ({"bm25": 1, "gbdt": 1}, [])
