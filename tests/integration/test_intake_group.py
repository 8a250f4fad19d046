"""Members that come and go, and a broker that dies on storage that survives: each message is one row."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.embedded import EmbeddedBroker
from ingest.streams.intake import Intake
from ingest.streams.topics import make_topics
from tests.fixtures.streaming import (
    QUICK,
    add_companies,
    connection_to,
    publish,
    publish_until_taken,
    snippet,
    taken_in,
    taking_in,
    until,
)

COMPANIES = tuple(f"c{number}" for number in range(16))


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[str]:
    with EmbeddedBroker(tmp_path) as address:
        await make_topics(connection_to(address), QUICK)
        yield address


def messages(first: int, last: int) -> list[tuple[bytes | None, object]]:
    return [
        (COMPANIES[number % 16].encode(), snippet(number, COMPANIES[number % 16]))
        for number in range(first, last)
    ]


def stored(member: Intake) -> int:
    return member.counts.messages["miner.snippets", "stored"]


async def assert_one_row_each(dsn: str, count: int) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT snippet_id, revision FROM intent_snippets")
        counted = await connection.fetchval("SELECT sum(snippets) FROM miners")
    finally:
        await connection.close()
    assert sorted(row["snippet_id"] for row in rows) == sorted(f"s{number}" for number in range(count))
    assert {row["revision"] for row in rows} == {1}
    assert counted == count


async def test_a_broker_killed_on_storage_that_survives_loses_nothing(
    surviving: EmbeddedBroker, database: str
) -> None:
    await add_companies(database, *COMPANIES)
    address = surviving.address()
    await make_topics(connection_to(address), QUICK)
    async with taking_in(database, address) as intake:
        await publish(address, *messages(0, 1_000))
        await until(lambda: intake.counts.messages.total() > 0)
        assert surviving.pid is not None
        os.kill(surviving.pid, signal.SIGKILL)
        surviving.stop()
        assert surviving.start() == address
        await publish_until_taken(address, *messages(1_000, 1_500))
        await until(lambda: stored(intake) == 1_500)
    await assert_one_row_each(database, 1_500)


async def test_two_members_share_the_work_and_either_may_leave(broker: str, database: str) -> None:
    await add_companies(database, *COMPANIES)
    sent = 0
    async with taking_in(database, broker) as first:
        async with taking_in(database, broker) as second:
            members = (first, second)
            while not all(stored(each) for each in members):  # messages come until both have stored some
                await publish(broker, *messages(sent, sent + 100))
                sent += 100
                await until(lambda wanted=sent: sum(map(stored, members)) == wanted)  # type: ignore[misc]
        await publish(broker, *messages(sent, sent + 100))
        await until(lambda: sum(map(stored, members)) == sent + 100)
    await assert_one_row_each(database, sent + 100)


async def test_a_member_told_to_stop_commits_what_it_has_stored(broker: str, database: str) -> None:
    await add_companies(database, *COMPANIES)
    await publish(broker, *messages(0, 2_000))
    async with taking_in(database, broker) as stopped:
        await until(lambda: stopped.counts.messages.total() > 0)
    before = stopped.counts.messages.total()
    rest = await taken_in(database, broker)
    assert 0 < before < 2_000
    assert rest.messages == {("miner.snippets", "stored"): 2_000 - before, ("miner.snippets", "unchanged"): 0}
    await assert_one_row_each(database, 2_000)
