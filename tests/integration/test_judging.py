"""What a judge of arriving snippets is shown, inside the transaction that stores them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import pytest

from db.pool import open_pool
from ingest.streams.records import Record
from ingest.streams.storing import NewSnippet, Store
from tests.fixtures.streaming import KEYS, add_companies, now, reader, record, snippet


class Watching:
    """Keeps what it is shown, and refuses what it is told to."""

    def __init__(self) -> None:
        self.shown: list[list[tuple[str, str, int]]] = []
        self.visible: list[int] = []
        self.refuses = False

    async def __call__(
        self, connection: asyncpg.Connection, stored: Sequence[NewSnippet], when: datetime
    ) -> None:
        if self.refuses:
            raise ConnectionError("the judge is away")
        self.shown.append([(each.row.snippet_id, each.row.text, each.revision) for each in stored])
        self.visible.append(await connection.fetchval("SELECT count(*) FROM intent_snippets"))
        assert all(each.first_seen_at <= when for each in stored)


def drafts(*records: Record) -> list[object]:
    return [reader().read("snippets", each, KEYS) for each in records]


async def test_a_judge_sees_new_and_changed_snippets_once_and_may_undo_the_batch(database: str) -> None:
    await add_companies(database, "acme")
    first, again, changed = (
        drafts(record(snippet(number, text=text)))[0]
        for number, text in ((1, "Hiring a clerk"), (2, "Hiring a cook"), (1, "Hiring two clerks"))
    )
    judge = Watching()
    pool = await open_pool(database)
    try:
        store = Store(pool, now, judge)
        await store.store("snippets", [first, first, again])
        await store.store("snippets", [again])  # nothing new: nobody is asked
        await store.store("snippets", [again, first, changed])
        judge.refuses = True
        with pytest.raises(ConnectionError):
            await store.store("snippets", drafts(record(snippet(3))))
        left = await pool.fetchval("SELECT count(*) FROM intent_snippets WHERE snippet_id = 's3'")
    finally:
        await pool.close()
    assert judge.shown == [
        [("s1", "Hiring a clerk", 1), ("s2", "Hiring a cook", 1)], [("s1", "Hiring two clerks", 2)],
    ]  # fmt: skip
    assert judge.visible == [2, 3]
    assert left == 0
