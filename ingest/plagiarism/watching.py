"""The watch for near-duplicates: whatever is stored passes it before anything is spent on it (F-9).

Members of an intake judge one after the other, under one lock in Postgres, and each follows what the others stored. So two of them find
what one would, a transaction that fails leaves nothing behind, and a restart loses nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ingest.plagiarism.detection import Judging, Repeat
from ingest.plagiarism.fingerprint import Fingerprint, named, reference
from ingest.plagiarism.following import Follower
from ingest.plagiarism.statements import statements
from ingest.plagiarism.storing import (
    clear,
    erased_originals,
    fingerprint,
    repeats_of,
    ruled_apart,
    store,
    texts_of,
)
from ingest.plagiarism.verdict import says_the_same

CAPACITY: Final = 1_000_000
_SLICE: Final = 1_000
# Texts compared with lately, a kilobyte each: of 7,300 asked for 42 % are among the last 2,000, 47 % among all before.
_TEXTS_KEPT: Final = 2_000


class Worded(Protocol):
    """The columns of a snippet that are judged."""

    @property
    def company_id(self) -> str: ...  # noqa: D102
    @property
    def miner_id(self) -> str: ...  # noqa: D102
    @property
    def snippet_id(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def observed_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def technologies_added(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def technologies_removed(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def role_codes(self) -> tuple[str, ...]: ...  # noqa: D102


class Arrived(Protocol):
    """A snippet that the transaction under way has stored, new or with other content than before."""

    @property
    def row(self) -> Worded:
        """Its columns."""
        ...

    @property
    def first_seen_at(self) -> datetime:
        """When its first revision came."""
        ...

    @property
    def revision(self) -> int:
        """1 when it is new."""
        ...


class Watch:
    """One process's eye on what arrives: an index of the newest `capacity` originals, some 250 bytes each."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._follower = Follower(capacity)
        self._texts: dict[int, Fingerprint] = {}

    @property
    def originals(self) -> int:
        """How many texts are remembered."""
        return len(self._follower.index)

    @property
    def memory_bytes(self) -> int:
        """Bytes of the index."""
        return self._follower.index.memory_bytes

    async def catch_up(self, pool: asyncpg.Pool) -> None:
        """Take in what is judged already, so that the first that arrives need not wait for it: some seconds for a million texts."""
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(statements()["hold_judging"])
            await self._follower.follow(connection)

    async def judge(self, connection: PoolConnectionProxy, new: Sequence[Arrived], now: datetime) -> None:
        """Judge what the transaction of `connection` has stored for everybody; call it once, last, at READ COMMITTED."""
        texts = [_of_row(each.row, each.first_seen_at) for each in new]
        revised = [text for text, each in zip(texts, new, strict=True) if each.revision > 1]
        await self.judge_texts(connection, texts, now, revised=revised)

    async def judge_waiting(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> int:
        """Judge whatever is stored and was not judged yet, some at a time, so that others get their turn; how many there were.

        What an import stored waits, and what lost its original; in between all of it is found again.
        """
        judged = 0
        async with pool.acquire() as connection:
            await connection.execute(statements()["forget_waiting"])
            await connection.execute(statements()["list_waiting"])
            last = await connection.fetchval("SELECT count(*) FROM waiting_snippets")
            for start in range(1, last + 1, _SLICE):
                async with connection.transaction():
                    await connection.execute(statements()["hold_judging"])
                    rows = await connection.fetch(statements()["waiting_texts"], start, start + _SLICE - 1)
                    texts = [fingerprint(row, row["seen_at"]) for row in rows]
                    revised = [text for text, row in zip(texts, rows, strict=True) if row["revision"] > 1]
                    await self.judge_texts(connection, texts, clock(), revised=revised)
                    judged += len(rows)
            await connection.execute(statements()["forget_waiting"])
        return judged

    async def judge_texts(
        self,
        connection: PoolConnectionProxy,
        texts: Sequence[Fingerprint],
        now: datetime,
        *,
        revised: Sequence[Fingerprint] = (),
        again: Sequence[Fingerprint] = (),
    ) -> list[Repeat]:
        """Judge and store the verdicts; the repeats that this brought to light.

        Args:
            connection: in the transaction that stored the texts.
            texts: each snippet once.
            now: when what is found was found, and since when revisions say something new.
            revised: those that had another content before.
            again: those that were judged before.
        """
        await connection.execute(statements()["hold_judging"])
        for ref in await self._follower.follow(connection):
            self._texts.pop(ref, None)
        if revised:
            credited = await _credited(connection, revised, now)
            texts = [credited.get(text.ref, text) for text in texts]
        await clear(connection, [*revised, *again])
        while True:
            judging, judged = await self._judged(connection, texts)
            erased = await erased_originals(connection, judging)
            if not erased:
                return await store(connection, judging, judged, now)
            self._forget(erased)

    async def _judged(
        self, connection: PoolConnectionProxy, texts: Sequence[Fingerprint]
    ) -> tuple[Judging, list[Fingerprint]]:
        """The verdicts, and all texts that were judged: those given and those that lost their original by that."""
        judging = Judging(self._follower.index)
        judged, batch = list(texts), list(texts)
        while batch:
            judging.apart |= await ruled_apart(connection, batch)
            stored = await self._known(connection, judging.wanted(batch))
            displaced = judging.judge(batch, stored)
            batch = await self._orphans(connection, judging, displaced)
            await clear(connection, batch)
            judged += batch
        return judging, judged

    def _forget(self, erased: Sequence[int]) -> None:
        self._follower.index.forget(erased)
        for ref in erased:
            self._texts.pop(ref, None)

    async def _known(self, connection: PoolConnectionProxy, refs: set[int]) -> dict[int, Fingerprint]:
        self._texts |= await texts_of(connection, refs - self._texts.keys())
        found = {ref: self._texts[ref] for ref in refs if ref in self._texts}
        for oldest in list(islice(self._texts, max(0, len(self._texts) - _TEXTS_KEPT))):
            del self._texts[oldest]
        return found

    async def _orphans(
        self, connection: PoolConnectionProxy, judging: Judging, displaced: Sequence[Fingerprint]
    ) -> list[Fingerprint]:
        """What repeated an original that is none any more."""
        if not displaced:
            return []
        orphans = {text.ref: text for text in judging.orphans(displaced)}
        refs = await repeats_of(connection, displaced) - judging.known.keys()
        return [*orphans.values(), *(await texts_of(connection, refs)).values()]


def _of_row(row: Worded, seen_at: datetime) -> Fingerprint:
    return Fingerprint.of(
        row.text,
        company_id=row.company_id,
        miner_id=row.miner_id,
        snippet_id=row.snippet_id,
        seen_at=seen_at,
        observed_at=row.observed_at,
        names=named(row.technologies_added, row.technologies_removed, row.role_codes),
    )


async def _credited(
    connection: PoolConnectionProxy, revised: Sequence[Fingerprint], now: datetime
) -> dict[int, Fingerprint]:
    """The revised texts by reference, with the time since when they say so: now, unless they said much the same before.

    Else whoever had registered a snippet early could take another's text over by a revision of it.
    """
    miners, snippets = [text.miner_id for text in revised], [text.snippet_id for text in revised]
    rows = await connection.fetch(statements()["revised_snippets"], miners, snippets)
    before = {row["ref"]: row for row in rows}
    credited: dict[int, Fingerprint] = {}
    for text in revised:
        known = before.get(reference(text.miner_id, text.snippet_id))
        same = known is not None and says_the_same(text, known["text"])
        credited[text.ref] = text.seen_since(known["credited_at"] if known is not None and same else now)
    return credited
