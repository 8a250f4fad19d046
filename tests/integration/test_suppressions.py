"""The do-not-contact list reaches a running replica, whoever is named by it."""

import asyncio
import time
from dataclasses import replace

import asyncpg
import pytest

from db.suppressions import Suppression
from deployments.suppressing import SuppressionFeed
from ranking.deadline import Deadline
from ranking.errors import Unavailable
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from tests.fixtures.served_world import AS_OF_S, PROMPT, ServedWorld

_PATIENCE_S = 20.0


async def execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def wait_for(condition) -> None:
    give_up_at = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at, "the list did not change"
        time.sleep(0.02)


def test_the_feed_follows_what_is_added_and_lifted(database: str) -> None:
    feed = SuppressionFeed(database, poll_s=0.05)
    try:
        assert feed.current == ()
        before = feed.current
        asyncio.run(
            execute(
                database,
                "INSERT INTO suppressions (kind, value, reason) VALUES ('company', 'c1', 'do_not_contact')",
            )
        )
        wait_for(lambda: feed.current == (Suppression(None, "company", "c1"),))
        held = feed.current
        time.sleep(0.2)
        assert feed.current is held, "unchanged entries stay the same object"
        asyncio.run(execute(database, "DELETE FROM suppressions"))
        wait_for(lambda: feed.current == ())
        assert before == ()
    finally:
        feed.close()


def test_a_replica_that_cannot_read_the_list_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.suppressing._START_TIMEOUT_S", 0.5)
    with pytest.raises(Unavailable, match="do-not-contact"):
        SuppressionFeed("postgresql://nobody@127.0.0.1:9/none")


def leads_of(world: ServedWorld, suppressions: tuple[Suppression, ...]):
    system, config = world.system, world.system.config
    catalogue = replace(system.catalogue, suppressed=lambda: suppressions)
    system.retrieval.suppress(suppressions)
    try:
        request = RankRequest(parse(PROMPT, world.taxonomy), 10, AS_OF_S, config.final, config.fit.weights)
        ports = replace(system.ports(), catalogue=lambda _generation: catalogue)
        return asyncio.run(
            rank_leads(request, ports, config, Deadline.after_ms(30_000, time.monotonic))
        ).leads
    finally:
        system.retrieval.suppress(())


def test_a_suppressed_company_is_not_returned_and_the_next_one_moves_up(served_world: ServedWorld) -> None:
    before = leads_of(served_world, ())
    after = leads_of(served_world, (Suppression(None, "company", before[0]["company_id"]),))
    assert before[0]["company_id"] not in {lead["company_id"] for lead in after}
    assert after[0]["company_id"] == before[1]["company_id"]


def test_a_suppressed_person_is_not_named_though_the_company_stays(served_world: ServedWorld) -> None:
    before = leads_of(served_world, ())
    lead = next(each for each in before if each["merged"])
    after = leads_of(served_world, (Suppression(None, "lead", lead["lead_id"]),))
    (same,) = [each for each in after if each["company_id"] == lead["company_id"]]
    assert same["lead_id"] != lead["lead_id"]
    assert lead["lead_id"] not in same["merged"]
