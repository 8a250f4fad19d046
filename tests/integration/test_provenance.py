"""Nobody speaks in another's name: each attack ends in the dead letters with its reason, and changes nothing stored."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.embedded import EmbeddedBroker
from db.pool import open_pool
from ingest.streams.intake import Intake
from ingest.streams.producer_keys import Keys
from ingest.streams.records import Record
from ingest.streams.signing import HEADER, Signer
from ingest.streams.topics import make_topics
from tests.fixtures.streaming import (
    QUICK,
    RELAY,
    add_companies,
    connection_to,
    letters,
    now,
    publish,
    publish_as_is,
    record,
    signer,
    snippet,
    taking_in,
    until,
)

HONEST, FORGER, TRACKER, STRANGER = (signer(number) for number in (11, 12, 13, 14))
Row = tuple[str, str, int, str]


@dataclass(frozen=True)
class Ground:
    """A broker whose messages an intake reads, with keys of two miners and of a teller of outcomes."""

    broker: str
    database: str
    pool: asyncpg.Pool
    intake: Intake

    async def send(self, *records: Record) -> None:
        """Send, and return once all are stored or set aside."""
        before = self.intake.counts.messages.total()
        await publish_as_is(self.broker, *records)
        await until(lambda: self.intake.counts.messages.total() == before + len(records))

    async def stored(self) -> list[Row]:
        rows = await self.pool.fetch(
            "SELECT miner_id, snippet_id, revision, text FROM intent_snippets ORDER BY miner_id, snippet_id, revision"
        )
        return [tuple(row) for row in rows]

    async def refused(self, topic: str = "miner.snippets") -> list[str]:
        return [letter.fault.code for letter in await letters(self.broker, topic)]


@pytest.fixture
async def ground(tmp_path: Path, database: str) -> AsyncIterator[Ground]:
    await add_companies(database, "acme")
    pool = await open_pool(database)
    keys = Keys(pool)
    for own, role, miner in (
        (HONEST, "miner", "honest"), (FORGER, "miner", "forger"), (TRACKER, "outcomes", None),
    ):  # fmt: skip
        await keys.add(own.public_key, role, miner, "", now())  # type: ignore[arg-type]
    with EmbeddedBroker(tmp_path) as broker:
        await make_topics(connection_to(broker), QUICK)
        async with taking_in(database, broker) as intake:
            yield Ground(broker, database, pool, intake)
    await pool.close()


def said(number: int, miner: str | None, signed_by: Signer, **changes: Any) -> Record:
    return record(snippet(number, miner_id=miner, **changes), signed_by=signed_by)


HONEST_ROW = ("honest", "s1", 1, "Payroll clerk number 1")


async def test_each_attack_is_refused_with_its_reason_and_changes_nothing(ground: Ground) -> None:
    genuine = said(1, "honest", HONEST)
    other = said(1, "honest", FORGER, text="We hate our customers")
    bare = replace(genuine, headers=())
    body = json.dumps(snippet(1, miner_id="honest", text="Bought")).encode()
    attacks = {
        "wrong_miner": other,  # forged miner_id, signed by another miner
        "bad_signature": replace(
            other, headers=genuine.headers
        ),  # the honest one's signature over another body
        "unsigned": bare,
        "unknown_key": said(1, "honest", STRANGER, text="Hello"),
        "not_allowed": said(1, "honest", TRACKER, text="Clicked"),
        "stale": said(1, "honest", HONEST, produced_at=(now() - timedelta(days=91)).isoformat(), text="Old"),
    }
    variants = [
        replace(bare, value=body, headers=genuine.headers * 2),  # which of two would count?
        replace(genuine, value=body, headers=((HEADER, b"\x01" * 83),)),
        replace(genuine, key=b"other", headers=genuine.headers),
        said(1, " honest", FORGER),
        said(1, "forger\u200b", FORGER),
    ]
    await ground.send(genuine, *attacks.values(), *variants)
    assert await ground.stored() == [HONEST_ROW]
    assert sorted(await ground.refused()) == sorted(
        [*attacks, "unsigned", "unknown_key", "bad_signature", "wrong_miner", "wrong_miner"]
    )


async def test_a_message_sent_again_by_whoever_saw_it_brings_nothing_back(ground: Ground) -> None:
    first, second = said(1, "honest", HONEST), said(1, "honest", HONEST, text="Two clerks now")
    await ground.send(first, second)
    await ground.send(first)
    assert await ground.stored() == [HONEST_ROW, ("honest", "s1", 2, "Two clerks now")]
    current = await ground.pool.fetchval("SELECT text FROM intent_snippets WHERE is_current")
    assert current == "Two clerks now"
    assert await ground.refused() == []


async def test_what_a_revoked_key_signs_is_refused_and_what_it_signed_stays(ground: Ground) -> None:
    await ground.send(said(1, "honest", HONEST))
    assert [key.key_id for key in await Keys(ground.pool).revoke("honest", now())] == [HONEST.key_id]
    await ground.send(said(2, "honest", HONEST))
    assert await ground.stored() == [HONEST_ROW]
    assert await ground.refused() == ["revoked_key"]


async def test_the_same_snippet_id_of_two_miners_is_two_snippets(ground: Ground) -> None:
    await ground.send(said(1, "honest", HONEST), said(1, "forger", FORGER, text="Payroll? None"))
    assert await ground.stored() == [("forger", "s1", 1, "Payroll? None"), HONEST_ROW]


async def test_a_message_that_names_no_miner_is_its_signers(ground: Ground) -> None:
    await ground.send(said(1, None, HONEST), said(2, None, RELAY))
    assert [row[0] for row in await ground.stored()] == ["honest", "import"]


async def test_miners_tell_no_outcomes_and_a_teller_of_outcomes_no_snippets(ground: Ground) -> None:
    event = {
        "schema_version": 1, "produced_at": now().isoformat(), "query_id": "q", "company_id": "acme", "event": "click",
        "occurred_at": now().isoformat(),
    }  # fmt: skip
    told = [record(event, topic="outcome.events", signed_by=each) for each in (FORGER, TRACKER)]
    await ground.send(*told)
    assert await ground.refused("outcome.events") == ["not_allowed"]
    assert await ground.pool.fetchval("SELECT count(*) FROM outcomes") == 1


async def test_a_relay_speaks_for_those_whom_it_has_authenticated(ground: Ground) -> None:
    await publish(ground.broker, (b"acme", snippet(1, miner_id="honest")), signed_by=RELAY)
    await until(lambda: ground.intake.counts.messages["miner.snippets", "stored"] == 1)
    assert await ground.stored() == [HONEST_ROW]
