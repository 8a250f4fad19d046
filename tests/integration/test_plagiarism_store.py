"""Verdicts about near-duplicates and the index they come from survive restarts, failures, revisions and company."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.pool import open_pool
from ingest.plagiarism.appeals import NotFlagged, rule
from ingest.plagiarism.listing import flagged
from ingest.plagiarism.watching import Watch
from tests.fixtures.watching import NOW, arrive, found, marked, posted, put, revised
from tests.unit.ingest.reposting import posting

CAPACITY = 1_000


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database)
    try:
        yield pool
    finally:
        await pool.close()


async def test_a_repost_is_recognised_after_a_restart(pool: asyncpg.Pool) -> None:
    await arrive(pool, Watch(CAPACITY), posted(1, "first"), posted(2, "second"))
    await arrive(pool, Watch(CAPACITY), posted(1, "copy", "copier", 5))
    rows = await pool.fetch("SELECT * FROM snippet_repeats")
    assert [(row["snippet_id"], row["original_snippet_id"]) for row in rows] == [("copy", "first")]
    assert [(row["distance"], row["contained"], row["is_renewal"]) for row in rows] == [(0, 1.0, False)]
    assert await marked(pool) == ["copy"]
    assert (
        await pool.fetchval("SELECT duplicate_of FROM intent_snippets WHERE snippet_id = 'copy'")
        == "finder\x1ffirst"
    )


async def test_what_is_judged_already_is_known_before_anything_arrives(pool: asyncpg.Pool) -> None:
    await arrive(pool, Watch(CAPACITY), posted(1, "first"), posted(2, "second"))
    late = Watch(CAPACITY)
    assert late.originals == 0
    await late.catch_up(pool)
    assert late.originals == 2
    await arrive(pool, late, posted(1, "copy", "copier", 5))
    assert (await found(pool), late.originals) == ([("copy", "first")], 2)


async def test_renewals_are_kept_on_record_and_stay_evidence(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "first"))
    await arrive(pool, watch, posted(1, "again", minutes=900))
    assert await found(pool) == [("again", "first")]
    assert await pool.fetchval("SELECT is_renewal FROM snippet_repeats")
    assert await marked(pool) == []


async def test_an_original_that_comes_late_takes_the_place_of_its_copies(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "copy", "copier", 5))
    await arrive(pool, watch, posted(1, "other", "third", 9))
    await arrive(pool, watch, posted(1, "first", "finder", 0))
    assert await found(pool) == [("copy", "first"), ("other", "first")]
    assert await marked(pool) == ["copy", "other"]


async def test_what_repeated_a_fallen_original_only_is_an_original_again(pool: asyncpg.Pool) -> None:
    words = posting(1, 24).split()
    whole, begins, ends = " ".join(words), " ".join(words[:130]), " ".join(words[-130:])
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "whole", "a", 5, text=whole))
    await arrive(pool, watch, posted(1, "ends", "b", 9, text=ends))
    assert await found(pool) == [("ends", "whole")]
    await arrive(pool, watch, posted(1, "begins", "c", 0, text=begins))
    assert await found(pool) == [("whole", "begins")]
    assert await marked(pool) == ["whole"]


async def test_what_is_erased_frees_its_copies_to_be_judged_again(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "first"))
    await arrive(pool, watch, posted(1, "copy", "copier", 5), posted(1, "other", "third", 9))
    await pool.execute("DELETE FROM intent_snippets WHERE snippet_id = 'first'")
    await pool.execute("DELETE FROM snippet_keys WHERE snippet_id = 'first'")
    assert await marked(pool) == []
    assert await watch.judge_waiting(pool, lambda: NOW) == 2
    assert await found(pool) == [("other", "copy")]
    await arrive(pool, watch, posted(1, "late", "fourth", 20))
    assert await found(pool) == [("late", "copy"), ("other", "copy")]


async def test_a_transaction_that_fails_leaves_nothing_behind(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "late", "copier", 5))
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        first = posted(1, "first")
        await put(connection, first)
        await watch.judge(connection, [first], NOW)
        await transaction.rollback()
    await arrive(pool, watch, posted(1, "copy", "third", 9))
    assert await found(pool) == [("copy", "late")]


async def test_two_members_judge_as_one(pool: asyncpg.Pool) -> None:
    members = Watch(CAPACITY), Watch(CAPACITY)
    batches = [
        [posted(number, f"{member}-{number}", f"miner {member}", 10 * number + member)]
        for number in range(20)
        for member in (0, 1)
    ]
    await asyncio.gather(*(arrive(pool, members[number % 2], *batch) for number, batch in enumerate(batches)))
    assert await found(pool) == sorted((f"1-{number}", f"0-{number}") for number in range(20))


async def test_what_waits_is_judged_as_if_it_had_come_one_by_one(pool: asyncpg.Pool) -> None:
    batch = [posted(number % 7, f"s{number:02}", f"miner {number}", number) for number in range(30)]
    async with pool.acquire() as connection:
        for each in reversed(batch):
            await put(connection, each)
    watch = Watch(CAPACITY)
    assert await watch.judge_waiting(pool, lambda: NOW) == 30
    assert await watch.judge_waiting(pool, lambda: NOW) == 0
    assert await found(pool) == [(f"s{number:02}", f"s{number % 7:02}") for number in range(7, 30)]


async def test_a_revision_that_takes_over_anothers_text_is_not_credited_with_its_age(
    pool: asyncpg.Pool,
) -> None:
    watch = Watch(CAPACITY)
    early = posted(2, "early", "thief", 0)
    await arrive(pool, watch, early)
    await arrive(pool, watch, posted(1, "honest", "finder", 5))
    await arrive(pool, watch, revised(early, posting(1), 10))
    assert await found(pool) == [("early", "honest")]


async def test_a_corrected_original_keeps_its_place(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    first = posted(1, "first")
    await arrive(pool, watch, first)
    await arrive(pool, watch, posted(1, "copy", "copier", 5))
    await arrive(pool, watch, revised(first, posting(1) + " Corrected: apply by May.", 10))
    assert await found(pool) == [("copy", "first")]


async def test_a_repeat_that_is_revised_to_say_something_new_counts_again(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    copy = posted(1, "copy", "copier", 5)
    await arrive(pool, watch, posted(1, "first"), copy)
    assert await marked(pool) == ["copy"]
    await arrive(pool, watch, revised(copy, posting(2), 10))
    assert await found(pool) == []
    assert await marked(pool) == []


async def test_an_original_that_was_the_copy_changes_places_on_appeal_and_stays_there(
    pool: asyncpg.Pool,
) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "quick", "thief", 0))
    await arrive(pool, watch, posted(1, "slow", "finder", 5), posted(1, "third", "other", 7))
    ruled = await rule(pool, Watch(CAPACITY), ("finder", "slow"), "first", "the page's own date", NOW)
    assert (ruled.original_miner_id, ruled.original_snippet_id) == ("thief", "quick")
    assert await found(pool) == [("quick", "slow"), ("third", "slow")]
    assert await marked(pool) == ["quick", "third"]
    await arrive(pool, watch, posted(1, "fourth", "more", 9))
    assert await found(pool) == [("fourth", "slow"), ("quick", "slow"), ("third", "slow")]


async def test_two_snippets_ruled_apart_are_not_flagged_again(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    copy = posted(1, "copy", "copier", 5)
    await arrive(pool, watch, posted(1, "first"), copy)
    assert (await rule(pool, watch, ("copier", "copy"), "apart", "two vacancies", NOW)).repeats == []
    assert await marked(pool) == []
    await arrive(pool, watch, revised(copy, posting(1) + " Corrected: apply by May.", 10))
    assert await found(pool) == []
    await arrive(pool, watch, posted(1, "third", "other", 20))
    assert await found(pool) == [("third", "first")]


async def test_what_is_not_flagged_cannot_be_appealed_against(pool: asyncpg.Pool) -> None:
    await arrive(pool, Watch(CAPACITY), posted(1, "first"))
    with pytest.raises(NotFlagged, match="not flagged"):
        await rule(pool, Watch(CAPACITY), ("finder", "first"), "first", "why not", NOW)


async def test_flagged_snippets_are_listed_with_their_originals_and_who_was_first(pool: asyncpg.Pool) -> None:
    watch = Watch(CAPACITY)
    await arrive(pool, watch, posted(1, "first"))
    await arrive(pool, watch, posted(1, "again", minutes=4), posted(1, "copy", "copier", 5))
    listed, total = await flagged(pool)
    assert total == 1
    (each,) = listed
    assert (each.repeat.snippet_id, each.original.snippet_id) == ("copy", "first")
    assert each.original.seen_at < each.repeat.seen_at
    assert (each.distance, each.contained, each.original.text) == (0, 1.0, posting(1)[:300])
    renewed, _ = await flagged(pool, renewals=True, miner_id="finder")
    assert [each.repeat.snippet_id for each in renewed] == ["again"]
    assert await flagged(pool, company_id="beta") == ([], 0)
