"""Resolution in the database: the companies just staged and all that may be one with them."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from db.statements import load
from ingest.resolution import CompanyRecord, Duplicate, Pair, compared_pairs, duplicates, find_matches
from ranking.simhash import HashArray, containment, shingle_hashes


async def resolve_staged(connection: PoolConnectionProxy, now: datetime) -> int:
    """Recompute the clusters of all companies that share a key with a staged one; returns how many are merged.

    The scope is closed: a match needs a shared key, and whole clusters are taken in, so those outside stay.
    """
    records = [_record(row) for row in await connection.fetch(load()["resolution_scope"])]
    contained = await _contained(connection, records, compared_pairs(records))
    merged = duplicates(records, find_matches(records, contained))
    await _store(connection, records, merged, now)
    return len(merged)


def _record(row: Record) -> CompanyRecord:
    return CompanyRecord(**{**row, "former_name_keys": tuple(row["former_name_keys"])})


async def _contained(
    connection: PoolConnectionProxy, records: Sequence[CompanyRecord], pairs: Sequence[Pair]
) -> dict[Pair, float]:
    wanted = sorted({records[index].company_id for pair in pairs for index in pair})
    shingles: dict[str, HashArray] = {
        row["company_id"]: shingle_hashes(f"{row['name']}\n{row['description']}")
        for row in await connection.fetch(load()["describe_companies"], wanted)
    }
    return {
        (left, right): containment(shingles[records[left].company_id], shingles[records[right].company_id])
        for left, right in pairs
    }


async def _store(
    connection: PoolConnectionProxy,
    records: Sequence[CompanyRecord],
    merged: Sequence[Duplicate],
    now: datetime,
) -> None:
    ids = [record.company_id for record in records]
    home = {duplicate.company_id: duplicate.representative_id for duplicate in merged}
    await connection.execute(load()["set_clusters"], ids, [home.get(one, one) for one in ids], now)
    await connection.execute(load()["forget_duplicates"], ids)
    await connection.execute(
        load()["keep_duplicates"],
        [duplicate.company_id for duplicate in merged],
        [duplicate.representative_id for duplicate in merged],
        [duplicate.reason for duplicate in merged],
        [duplicate.matched_id for duplicate in merged],
        [duplicate.distance for duplicate in merged],
        [duplicate.containment for duplicate in merged],
        [duplicate.evidence for duplicate in merged],
        now,
    )
