"""The index of near-duplicates and its verdicts in Postgres, which outlives it (F-9).

Call `judge_stored` in the transaction that stores the batch. Should that transaction fail, judging the batch again is safe.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from asyncpg import Pool, Record
from asyncpg.pool import PoolConnectionProxy

from db.statements import parse
from ingest.plagiarism.detection import Detector, Repeat
from ingest.plagiarism.fingerprint import Fingerprint, named
from ingest.plagiarism.index import Sketch, SketchIndex, sketch

_SEPARATOR: Final = "\x1f"
_PAGE_ROWS: Final = 5_000


async def load_index(pool: Pool, capacity: int) -> SketchIndex:
    """An index of the newest `capacity` stored originals."""
    index = SketchIndex(capacity)
    async with pool.acquire() as connection, connection.transaction():
        query = connection.cursor(_statements()["load_sketches"], capacity, prefetch=_PAGE_ROWS)
        async for row in query:
            keys = np.frombuffer(row["keys"], dtype="<u8").astype(np.uint64)
            index.add(Sketch(row["ref"], row["wording"], row["shingles"], keys))
    return index


async def judge_stored(
    connection: PoolConnectionProxy, detector: Detector, batch: Sequence[Fingerprint], now: datetime
) -> list[Repeat]:
    """Judge snippets stored by this transaction, and store sketches of originals and what the others repeat.

    Repeats lose their worth as evidence by `duplicate_of`, but for a supplier's renewals of his own, which the snapshot weighs.
    """
    rows = await connection.fetch(_statements()["sketched_texts"], sorted(detector.wanted(batch)))
    stored = {row["ref"]: _fingerprint(row) for row in rows}
    repeats = detector.judge(batch, stored)
    await _store_sketches(connection, batch, {repeat.snippet.ref for repeat in repeats})
    await _store_repeats(connection, batch, repeats, now)
    return repeats


def _fingerprint(row: Record) -> Fingerprint:
    return Fingerprint.of(
        row["text"],
        company_id=row["company_id"],
        miner_id=row["miner_id"],
        snippet_id=row["snippet_id"],
        seen_at=row["seen_at"],
        owner=row["tenant_id"],
        names=named(row["technologies_added"], row["technologies_removed"], row["role_codes"]),
    )


async def _store_sketches(
    connection: PoolConnectionProxy, batch: Sequence[Fingerprint], repeated: set[int]
) -> None:
    kept = sorted((text for text in batch if text.ref not in repeated), key=lambda text: text.ref)
    await connection.executemany(_statements()["store_sketches"], [_sketch_row(text) for text in kept])
    await connection.execute(_statements()["drop_sketches"], sorted(repeated))


def _sketch_row(text: Fingerprint) -> tuple[object, ...]:
    made = sketch(text)
    keys = made.keys.astype("<u8").tobytes()
    return (made.ref, text.miner_id, text.snippet_id, made.wording, made.shingles, keys, text.seen_at)


async def _store_repeats(
    connection: PoolConnectionProxy, batch: Sequence[Fingerprint], repeats: Sequence[Repeat], now: datetime
) -> None:
    judged = [text.miner_id for text in batch], [text.snippet_id for text in batch]
    await connection.execute(_statements()["clear_repeats"], *judged)
    if not repeats:
        return
    await connection.executemany(_statements()["store_repeats"], [_repeat_row(each, now) for each in repeats])
    counted_out = [each for each in repeats if not each.is_renewal]
    await connection.execute(
        _statements()["mark_repeats"],
        [each.snippet.miner_id for each in counted_out],
        [each.snippet.snippet_id for each in counted_out],
        [_SEPARATOR.join((each.original.miner_id, each.original.snippet_id)) for each in counted_out],
    )
    await connection.execute(
        _statements()["repoint_repeats"],
        [each.snippet.miner_id for each in repeats],
        [each.snippet.snippet_id for each in repeats],
        [each.original.miner_id for each in repeats],
        [each.original.snippet_id for each in repeats],
    )


def _repeat_row(each: Repeat, now: datetime) -> tuple[object, ...]:
    snippet, original, like = each.snippet, each.original, each.likeness
    return (
        snippet.miner_id, snippet.snippet_id, original.miner_id, original.snippet_id,
        like.distance, like.contained, each.is_renewal, now,
    )  # fmt: skip


@cache
def _statements() -> dict[str, str]:
    return dict(parse(files("ingest.plagiarism").joinpath("queries.sql").read_text("utf-8")))
