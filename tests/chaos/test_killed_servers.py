"""The broker, Postgres and members of the group killed at random points of a long run: each message is one row.

The broker keeps its log in an object store over files, which outlives it; Postgres runs with its safeguards on.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db import migrate
from db.embedded import EmbeddedBroker, EmbeddedPostgres
from db.embedded.process import EmbeddedServer
from ingest.streams.topics import make_topics
from tests.fixtures.streaming import (
    QUICK,
    add_companies,
    connection_to,
    publish_until_taken,
    snippet,
    taken_in,
    taking_in,
)

pytestmark = pytest.mark.chaos
_MESSAGES = 20_000
_KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
_MOST_LIFE_S = 2.0
_COMPANIES = [f"c{number}" for number in range(100)]
ARGS = QUICK.model_copy(update={"batch_messages": 100})


@pytest.fixture
def durable(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(server_folder)
    migrate.upgrade(server.start())
    yield server
    server.stop()


def messages(chance: random.Random) -> list[tuple[bytes | None, object]]:
    found: list[tuple[bytes | None, object]] = []
    for number in range(_MESSAGES):
        company = chance.choice(_COMPANIES)
        found.append((company.encode(), snippet(number, company)))
    return found


def kill_and_start(server: EmbeddedServer) -> None:
    """As a crash and a supervisor would."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()


async def assert_one_row_each(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT snippet_id, revision FROM intent_snippets")
        counted = await connection.fetchval("SELECT sum(snippets) FROM miners")
    finally:
        await connection.close()
    assert sorted(row["snippet_id"] for row in rows) == sorted(f"s{number}" for number in range(_MESSAGES))
    assert {row["revision"] for row in rows} == {1}
    assert counted == _MESSAGES


@asynccontextmanager
async def sent_meanwhile(address: str, sent: Sequence[tuple[bytes | None, object]]) -> AsyncIterator[None]:
    """Messages go out in parts until the end, and again where they were not acknowledged."""

    async def send() -> None:
        for start in range(0, len(sent), 200):
            await publish_until_taken(address, *sent[start : start + 200])

    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        await sending


async def test_a_broker_killed_again_and_again_loses_nothing(
    surviving: EmbeddedBroker, durable: EmbeddedPostgres
) -> None:
    await _kill_meanwhile(surviving, durable, surviving)


async def test_postgres_killed_again_and_again_loses_nothing(
    surviving: EmbeddedBroker, durable: EmbeddedPostgres
) -> None:
    await _kill_meanwhile(surviving, durable, durable)


async def _kill_meanwhile(broker: EmbeddedBroker, postgres: EmbeddedPostgres, victim: EmbeddedServer) -> None:
    chance = random.Random(17)
    dsn, address = postgres.dsn(), broker.address()
    await add_companies(dsn, *_COMPANIES)
    await make_topics(connection_to(address), ARGS)
    async with taking_in(dsn, address, ARGS), sent_meanwhile(address, messages(chance)):
        for _ in range(_KILLS):
            await asyncio.sleep(chance.uniform(0.1, _MOST_LIFE_S))
            kill_and_start(victim)
    await taken_in(dsn, address, ARGS, within_s=600.0)
    await assert_one_row_each(dsn)


async def test_members_that_come_and_go_lose_nothing(
    surviving: EmbeddedBroker, durable: EmbeddedPostgres
) -> None:
    chance = random.Random(19)
    dsn, address = durable.dsn(), surviving.address()
    await add_companies(dsn, *_COMPANIES)
    await make_topics(connection_to(address), ARGS)
    done = asyncio.Event()

    async def come_and_go() -> Any:
        while not done.is_set():
            async with taking_in(dsn, address, ARGS):
                await asyncio.sleep(chance.uniform(0.5, 2 * _MOST_LIFE_S))

    members = [asyncio.create_task(come_and_go()) for _ in range(3)]
    async with sent_meanwhile(address, messages(chance)):
        pass
    await asyncio.sleep(5 * _MOST_LIFE_S)
    done.set()
    await asyncio.gather(*members)
    await taken_in(dsn, address, ARGS, within_s=600.0)
    await assert_one_row_each(dsn)
