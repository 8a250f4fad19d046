"""Features of a list that was shown are those of its time: evidence from afterwards changes none of them."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import asyncpg
import numpy as np
import pytest

from db.pool import open_pool
from ingest.freshness.following import Follower
from ingest.indexing import build_generation
from models.feedback_log import AnsweredQuery, FeedbackEvent, feedback_lists
from models.feedback_training import FeedbackRows, as_examples, with_places
from models.training_set import collect
from ranking.config import RankingConfig
from ranking.features import FEATURES
from ranking.prompt import parse
from tests.fixtures.changing_world import NOW, ChangingWorld
from tests.fixtures.followed import TAXONOMY, Leaves, Replica

PROMPT = "CRM software"
SHOWN = NOW - timedelta(days=100)
COMPANIES = ("c000", "c001", "c002", "c003")
ON_TOPIC, SNIPPETS = FEATURES.index("on_topic"), FEATURES.index("snippets")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(database) as opened:
        yield opened


async def rows_of(leaves: Leaves, later_by: timedelta) -> FeedbackRows:
    """What is learned from one list, of which the second company was clicked, had it been shown so much later."""
    at = SHOWN + later_by
    query = AnsweredQuery("q1", PROMPT, parse(PROMPT, TAXONOMY), at, "g1", COMPANIES)
    click = FeedbackEvent("q1", PROMPT, COMPANIES[1], "click", at + timedelta(hours=1), None, None)
    lists = feedback_lists([query], [click], lambda prompt: parse(prompt, TAXONOMY))
    rows = await collect(
        as_examples(lists, "click"), leaves.ports(), RankingConfig(), time.monotonic, unshown=0
    )
    return with_places(rows, lists)


async def never() -> None:
    raise AssertionError


async def test_evidence_from_after_a_list_changes_none_of_its_features(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    world = ChangingWorld(Random(7), companies=8)
    async with pool.acquire() as connection, connection.transaction():
        await world.begin(connection)
    await build_generation(pool, tmp_path, TAXONOMY, clock=NOW.timestamp)
    following, replica = (
        Follower(pool, tmp_path, TAXONOMY, rebuild=never, clock=NOW.timestamp),
        Replica(tmp_path),
    )
    then, now = timedelta(0), NOW - SHOWN
    before = {age: await rows_of(replica.look(), age) for age in (then, now)}
    for days in (2, 40):  # a date up to a day ahead is taken for a clock's error and counts as now (F-5)
        for company in COMPANIES:
            text = f"We at {company} are looking for a CRM, {days}"
            at = SHOWN + timedelta(days=days)
            await world.add_snippet(
                pool, company_id=company, kind="news", text=text, observed_at=at, source_type="rss"
            )
    async with pool.acquire() as connection:
        assert await following.step(connection)
    after = {age: await rows_of(replica.look(), age) for age in (then, now)}
    replica.close()
    assert before[then].rows.companies.tolist() == list(COMPANIES)
    np.testing.assert_array_equal(after[then].rows.features, before[then].rows.features)
    assert after[then].digest() == before[then].digest()
    today = [each[now].rows.features for each in (before, after)]
    assert (
        today[1][:, SNIPPETS] == today[0][:, SNIPPETS] + 2.0
    ).all()  # had it been shown today it would know them
    assert (today[1][:, ON_TOPIC] > today[0][:, ON_TOPIC]).any()
