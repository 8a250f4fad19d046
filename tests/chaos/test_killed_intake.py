"""Members killed at many random points of a long run, against a database with its safeguards on."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from db import migrate
from db.embedded import EmbeddedBroker, EmbeddedPostgres
from ingest.streams.topics import make_topics
from tests.fixtures.processes import child
from tests.fixtures.streaming import QUICK, add_companies, connection_to, publish, snippet, taken_in

_MESSAGES = 20_000
_KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
_MOST_LIFE_S = 3.0
# After its first batch a member has three more to store, some tens of milliseconds each.
_MOST_STORING_S = 0.2
_MEMBER = """
import asyncio, sys
from tests.fixtures.streaming import QUICK, taking_in

async def main():
    async with taking_in(sys.argv[1], sys.argv[2], QUICK.model_copy(update={"batch_messages": 100})) as intake:
        print("started", flush=True)
        while intake.counts.batches == 0:
            await asyncio.sleep(0.002)
        print("stored", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def durable(server_folder: Path) -> Iterator[str]:
    with EmbeddedPostgres(server_folder) as dsn:
        migrate.upgrade(dsn)
        yield dsn


@pytest.mark.chaos
async def test_fifty_kills_lose_nothing_and_double_nothing(durable: str, tmp_path: Path) -> None:
    chance = random.Random(11)
    companies = [f"c{number}" for number in range(100)]
    await add_companies(durable, *companies)
    messages = [snippet(number, chance.choice(companies)) for number in range(_MESSAGES)]
    with EmbeddedBroker(tmp_path) as broker:
        await make_topics(connection_to(broker), QUICK)
        per_life = _MESSAGES // _KILLS
        for kill in range(_KILLS):  # messages come while members die
            part = messages[kill * per_life :][: per_life if kill < _KILLS - 1 else None]
            await publish(broker, *((each["company_id"].encode(), each) for each in part))
            with child(_MEMBER, durable, broker) as member:
                member.readline()
                most_s = _MOST_LIFE_S
                if kill % 3:  # however slow the machine is, most die while they store and not while they join
                    member.readline()
                    most_s = _MOST_STORING_S
                threading.Event().wait(chance.uniform(0.0, most_s))
                os.kill(member.pid, signal.SIGKILL)
                assert member.wait() == -signal.SIGKILL
        counts = await taken_in(durable, broker, within_s=600.0)
    connection = await asyncpg.connect(durable)
    try:
        stored = await connection.fetch("SELECT snippet_id, revision FROM intent_snippets")
        counted = await connection.fetchval("SELECT snippets FROM miners")
    finally:
        await connection.close()
    assert sorted(row["snippet_id"] for row in stored) == sorted(each["snippet_id"] for each in messages)
    assert {row["revision"] for row in stored} == {1}
    assert counted == _MESSAGES
    assert counts.messages["miner.snippets", "stored"] < _MESSAGES  # the killed had done a part
