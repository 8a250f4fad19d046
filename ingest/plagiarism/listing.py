"""What was flagged as a repeat, with its original, for people to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from ingest.plagiarism.statements import statements


@dataclass(frozen=True, slots=True)
class Said:
    """A snippet by its identity, and since when it says so; `text` is its beginning."""

    miner_id: str
    snippet_id: str
    company_id: str
    seen_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Flagged:
    """A snippet that repeats another: differing simhash bits, and share of the smaller's shingles that both hold."""

    repeat: Said
    original: Said
    kind: str
    distance: int
    contained: float
    is_renewal: bool
    found_at: datetime


async def flagged(
    pool: asyncpg.Pool,
    *,
    miner_id: str | None = None,
    company_id: str | None = None,
    renewals: bool = False,
    limit: int = 50,
) -> tuple[Sequence[Flagged], int]:
    """The latest repeats found, at most `limit`, and how many there are; renewals are a supplier's of his own."""
    asked = (miner_id, company_id, renewals)
    rows = await pool.fetch(statements()["flagged_repeats"], *asked, limit)
    return [_flagged(row) for row in rows], await pool.fetchval(statements()["count_repeats"], *asked)


def _flagged(row: asyncpg.Record) -> Flagged:
    repeat, original = (
        Said(
            row[f"{whose}miner_id"],
            row[f"{whose}snippet_id"],
            row[f"{whose}company_id"],
            row[f"{whose}seen_at"],
            row[f"{whose}text"],
        )
        for whose in ("", "original_")
    )
    return Flagged(
        repeat, original, row["kind"], row["distance"], row["contained"], row["is_renewal"], row["found_at"]
    )
