"""What storing a batch of messages costs the database."""

from datetime import UTC, datetime

import asyncpg

from db.pool import open_pool
from ingest.streams.storing import Store
from tests.fixtures.streaming import KEYS, add_companies, now, reader, record, snippet

MANY_KEYS = """INSERT INTO snippet_keys (miner_id, snippet_id, company_id, seen_at, latest_seen_at, revision, content_hash)
    SELECT 'z' || number % 7, 's' || number, 'acme', $1, $1, 1, 'x' FROM generate_series(1, 20000) AS number"""
ENTRIES_READ = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'snippet_keys_pkey'"


async def entries_read(pool: asyncpg.Pool) -> int:
    """Entries of the index of identities that were read until now, by everybody."""
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        return int(await connection.fetchval(ENTRIES_READ))


async def test_the_first_batch_of_a_supplier_reads_no_other_suppliers_keys(database: str) -> None:
    await add_companies(database, "acme")
    setting_up = await asyncpg.connect(database)
    await setting_up.execute("ALTER TABLE snippet_keys SET (autovacuum_enabled = false)")
    await setting_up.execute(MANY_KEYS, datetime.now(UTC))
    await setting_up.execute("ANALYZE snippet_keys")
    await setting_up.close()
    pool = await open_pool(database)
    async with pool:
        before = await entries_read(pool)
        sent = [reader().read("snippets", record(snippet(each)), KEYS) for each in range(40)]
        stored = await Store(pool, now).store("snippets", sent)
    pool = await open_pool(database)  # a closed connection has told what it read
    async with pool:
        assert stored.stored == 40
        assert await entries_read(pool) - before < 1_000
