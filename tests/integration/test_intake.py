"""Messages in, exactly one row out, whatever dies meanwhile; bad ones aside with their reason."""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db import migrate
from db.embedded import LAPTOP_SETTINGS, EmbeddedBroker, EmbeddedPostgres
from ingest.streams.topics import make_topics
from ingest.streams.waiting_letters import send_again
from tests.fixtures.processes import child
from tests.fixtures.streaming import (
    QUICK,
    add_companies,
    connection_to,
    letters,
    now,
    publish,
    snippet,
    taken_in,
    taking_in,
    until,
)

_MEMBER = """
import asyncio, os, signal, sys
from aiokafka import AIOKafkaConsumer
from tests.fixtures.streaming import taking_in

dsn, address, fatal = sys.argv[1], sys.argv[2], int(sys.argv[3])
commit, commits = AIOKafkaConsumer.commit, 0

async def counted(self, offsets):
    # The window that matters: rows are committed, offsets are not.
    global commits
    commits += 1
    if commits == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    await commit(self, offsets)
    print(commits, flush=True)

AIOKafkaConsumer.commit = counted

async def main():
    async with taking_in(dsn, address):
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def broker(tmp_path: Path) -> Any:
    with EmbeddedBroker(tmp_path) as address:
        await make_topics(connection_to(address), QUICK)
        yield address


@pytest.fixture
def restartable(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(server_folder, {**LAPTOP_SETTINGS, "fsync": "off", "shared_buffers": "64MB"})
    migrate.upgrade(server.start())
    yield server
    server.stop()


async def rows(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def assert_one_row_each(dsn: str, messages: int) -> None:
    stored = await rows(dsn, "SELECT snippet_id, revision FROM intent_snippets")
    assert sorted(row["snippet_id"] for row in stored) == sorted(f"s{number}" for number in range(messages))
    assert {row["revision"] for row in stored} == {1}
    assert [row["snippets"] for row in await rows(dsn, "SELECT snippets FROM miners")] == [messages]


_GOOD = (b"acme", snippet(1))
_BAD: dict[str, tuple[bytes | None, object]] = {
    "not_json": (b"acme", b"{nonsense"),
    "schema_version": (b"acme", snippet(10, schema_version=2)),
    "unknown_company": (b"nobody", snippet(11, company="nobody")),
    "too_large": (b"acme", snippet(12, text="x" * (10 << 20))),
    "future_date": (b"acme", snippet(13, observed_at="2031-01-01")),
    "invalid_date": (b"acme", snippet(14, observed_at="2024-02-31")),
    "nul": (b"acme", snippet(15, text="a\0b")),
    "wrong_type": (b"acme", snippet(16, text=["a"])),
    "missing_key": (None, snippet(17)),
    "wrong_key": (b"other", snippet(18)),
    "invalid_field": (b"acme", snippet(19, kind="rumour")),
    "stale": (b"acme", snippet(20, produced_at="2024-11-20")),
}


async def test_bad_messages_go_aside_each_with_its_reason_and_the_partition_moves_on(
    broker: str, database: str
) -> None:
    await add_companies(database, "acme")
    async with taking_in(database, broker) as intake:
        await publish(broker, *_BAD.values(), _GOOD)
        await until(lambda: intake.counts.messages.total() == len(_BAD) + 1)
    assert intake.counts.messages["miner.snippets", "stored"] == 1
    found = await letters(broker)
    assert sorted(letter.fault.code for letter in found) == sorted(_BAD)
    for letter in found:
        key, value = _BAD[letter.fault.code]
        assert letter.original.key == key
        assert letter.original.topic == "miner.snippets"
        assert letter.whole == (letter.fault.code != "too_large")
        assert not isinstance(value, bytes) or letter.original.value == value


async def test_a_replayed_letter_is_stored_once_its_company_is_known(broker: str, database: str) -> None:
    await add_companies(database, "acme")
    async with taking_in(database, broker) as intake:
        await publish(broker, (b"late", snippet(1, company="late")), (b"acme", snippet(2, kind="rumour")))
        await until(lambda: intake.counts.messages.total() == 2)
        await add_companies(database, "late")
        sent = await send_again(
            connection_to(broker), ["miner.snippets"], lambda letter: letter.fault.code == "unknown_company"
        )
        await until(lambda: intake.counts.messages["miner.snippets", "stored"] == 1)
    assert sent == (1, 0)
    assert [row["snippet_id"] for row in await rows(database, "SELECT snippet_id FROM intent_snippets")] == [
        "s1"
    ]


async def test_what_is_sent_again_is_unchanged_and_other_content_is_a_revision(
    broker: str, database: str
) -> None:
    await add_companies(database, "acme")
    again = [(b"acme", snippet(1)), (b"acme", snippet(1, text="Now hiring two")), (b"acme", snippet(1))]
    async with taking_in(database, broker) as intake:
        await publish(broker, *again, *again)
        await until(lambda: intake.counts.messages.total() == 6)
    assert intake.counts.messages == Counter(
        {("miner.snippets", "stored"): 2, ("miner.snippets", "unchanged"): 4}
    )
    stored = await rows(database, "SELECT revision, is_current, text FROM intent_snippets ORDER BY revision")
    assert [tuple(row) for row in stored] == [
        (1, False, "Payroll clerk number 1"), (2, True, "Now hiring two"),
    ]  # fmt: skip


async def test_outcomes_are_stored_and_unknown_leads_go_aside(broker: str, database: str) -> None:
    await add_companies(database, "acme")
    event = {
        "schema_version": 1, "produced_at": now().isoformat(), "query_id": "q", "company_id": "acme", "event": "click",
        "occurred_at": "2024-11-19T10:00:00Z",
    }  # fmt: skip
    async with taking_in(database, broker) as intake:
        stray = {**event, "company_id": None, "lead_id": "nobody"}
        await publish(broker, (b"acme", event), (b"acme", event), (b"nobody", stray), topic="outcome.events")
        await until(lambda: intake.counts.messages.total() == 3)
    assert intake.counts.messages == Counter(
        {
            ("outcome.events", "stored"): 1,
            ("outcome.events", "unchanged"): 1,
            ("outcome.events", "unknown_lead"): 1,
        }
    )


async def test_a_member_killed_anywhere_loses_nothing_and_doubles_nothing(broker: str, database: str) -> None:
    await add_companies(database, "acme", "beta", "gamma", "delta")
    companies = ("acme", "beta", "gamma", "delta")
    messages = [snippet(number, companies[number % 4]) for number in range(3_000)]
    await publish(broker, *((value["company_id"].encode(), value) for value in messages))
    chance = random.Random(5)
    with child(
        _MEMBER, database, broker, "3"
    ) as member:  # dies between its third batch and that one's offsets
        assert member.wait() == -signal.SIGKILL
    with child(_MEMBER, database, broker, "-1") as member:
        for _ in range(chance.randint(1, 4)):
            member.readline()
        os.kill(member.pid, signal.SIGKILL)  # wherever it is
        assert member.wait() == -signal.SIGKILL
    counts = await taken_in(database, broker)
    await assert_one_row_each(database, 3_000)
    assert counts.messages["miner.snippets", "stored"] < 3_000 - 2 * 200  # the killed had done their part


async def test_postgres_restarted_under_it_delays_and_loses_nothing(
    broker: str, restartable: EmbeddedPostgres
) -> None:
    await add_companies(restartable.dsn(), "acme")
    async with taking_in(restartable.dsn(), broker) as intake:
        await publish(broker, *((b"acme", snippet(number)) for number in range(1_000)))
        await until(lambda: intake.counts.messages.total() > 0)
        restartable.stop()
        await publish(broker, *((b"acme", snippet(number)) for number in range(1_000, 2_000)))
        restartable.start()
        await until(lambda: intake.counts.messages.total() == 2_000)
    await assert_one_row_each(restartable.dsn(), 2_000)
