"""Schema versions go up and down; snippets are partitioned natively or become a hypertable."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import psycopg
import pytest

from db import migrate
from db.embedded import EmbeddedPostgres
from db.migrate import current, downgrade, snippet_scripts, upgrade

TABLES = {
    "tenants", "api_keys", "suppressions", "companies", "company_duplicates", "leads", "snippet_keys", "intent_snippets",
    "queries", "outcomes", "miners", "query_quality_reputation", "query_submitter_throttles", "llm_labels", "cost_ledger",
    "cost_budgets", "cost_leases", "unmapped_values", "tombstones",
}  # fmt: skip
OURS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
FUNCTIONS = """SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"""


def names(dsn: str, statement: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        return {row[0] for row in connection.execute(statement)}


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> str:
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS migrations WITH (FORCE)")
        connection.execute("CREATE DATABASE migrations")
    return postgres.dsn("migrations")


def test_up_makes_every_table_down_leaves_none_and_up_works_again(empty_database: str) -> None:
    assert current(empty_database) is None
    upgrade(empty_database)
    first = current(empty_database)
    assert first is not None
    assert names(empty_database, OURS) >= TABLES
    downgrade(empty_database, "base")
    assert current(empty_database) is None
    assert names(empty_database, OURS) == {"alembic_version"}
    assert names(empty_database, FUNCTIONS) == set()
    upgrade(empty_database)
    upgrade(empty_database)
    assert current(empty_database) == first


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def store_snippet(connection: asyncpg.Connection, snippet_id: str, seen_at: datetime) -> None:
    await connection.execute(
        "INSERT INTO companies (company_id, name, name_key, cluster_id, content_hash) VALUES ('c', 'C', 'c', 'c', '') "
        "ON CONFLICT DO NOTHING"
    )
    await connection.execute(
        "INSERT INTO snippet_keys (miner_id, snippet_id, company_id, seen_at, latest_seen_at, content_hash) "
        "VALUES ('m', $1, 'c', $2, $2, '')",
        snippet_id,
        seen_at,
    )
    await connection.execute(
        "INSERT INTO intent_snippets (company_id, miner_id, snippet_id, seen_at, kind, text, content_hash) "
        "VALUES ('c', 'm', $1, $2, 'news', 't', '')",
        snippet_id,
        seen_at,
    )


async def partition_of(connection: asyncpg.Connection, snippet_id: str) -> str:
    return str(
        await connection.fetchval(
            "SELECT tableoid::regclass FROM intent_snippets WHERE snippet_id = $1", snippet_id
        )
    )


async def test_a_new_partition_takes_over_what_the_default_one_holds(connection: asyncpg.Connection) -> None:
    seen_at = datetime(2031, 5, 15, tzinfo=UTC)
    await store_snippet(connection, "s", seen_at)
    assert await partition_of(connection, "s") == "intent_snippets_default"
    assert await connection.fetchval("SELECT make_snippet_partitions($1, 2)", seen_at) == 1 + 2
    assert await partition_of(connection, "s") == "intent_snippets_2031q2"
    await store_snippet(connection, "t", datetime(2031, 6, 30, 23, 59, tzinfo=UTC))
    await store_snippet(connection, "u", datetime(2031, 7, 1, tzinfo=UTC))
    assert await partition_of(connection, "t") == "intent_snippets_2031q2"
    assert await partition_of(connection, "u") == "intent_snippets_2031q3"
    assert await connection.fetchval("SELECT make_snippet_partitions($1, 2)", seen_at) == 1 + 2


async def test_a_quarter_is_one_in_utc_whatever_the_zone_of_the_session(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("SET timezone = 'Pacific/Auckland'")
    await connection.execute(
        "SELECT make_snippet_partitions($1, 0)", datetime(2031, 3, 31, 23, 0, tzinfo=UTC)
    )
    await store_snippet(connection, "s", datetime(2031, 1, 1, tzinfo=UTC))
    await store_snippet(connection, "t", datetime(2031, 3, 31, 23, 59, tzinfo=UTC))
    assert await partition_of(connection, "s") == "intent_snippets_2031q1"
    assert await partition_of(connection, "t") == "intent_snippets_2031q1"


async def test_what_is_older_than_730_days_goes_by_whole_partitions_with_its_identity(
    connection: asyncpg.Connection,
) -> None:
    now = datetime(2033, 7, 1, tzinfo=UTC)
    kept_partly, gone = now - timedelta(days=720), datetime(2031, 3, 1, tzinfo=UTC)
    await connection.execute("SELECT make_snippet_partitions($1, 10)", gone)
    await store_snippet(connection, "kept", kept_partly)
    await store_snippet(connection, "gone", gone)
    await store_snippet(connection, "default", datetime(2020, 1, 1, tzinfo=UTC))
    # 2033-07-01 less 730 days is 2031-07-02: the first two quarters of 2031 are over by then.
    assert await connection.fetchval("SELECT drop_old_snippets($1)", now) >= 2
    oldest = "SELECT min(relname) FROM pg_class WHERE relname ~ '^intent_snippets_[0-9]{4}q[0-9]$'"
    assert await connection.fetchval(oldest) == "intent_snippets_2031q3"
    left = await connection.fetch("SELECT snippet_id FROM intent_snippets")
    keys = await connection.fetch("SELECT snippet_id FROM snippet_keys")
    assert [row["snippet_id"] for row in left] == [row["snippet_id"] for row in keys] == ["kept"]


async def test_every_change_carries_its_transaction_and_every_deletion_leaves_a_tombstone(
    connection: asyncpg.Connection,
) -> None:
    await store_snippet(connection, "s", datetime(2026, 11, 1, tzinfo=UTC))
    txid = "SELECT txid::text::bigint FROM companies"
    before = await connection.fetchval(txid)
    await connection.execute("UPDATE companies SET name = 'D'")
    assert await connection.fetchval(txid) > before
    await connection.execute("DELETE FROM companies")
    buried = await connection.fetch("SELECT entity, entity_id FROM tombstones ORDER BY entity")
    assert [tuple(row) for row in buried] == [("company", "c"), ("snippet", "m\x1fs")]
    assert await connection.fetchval("SELECT count(*) FROM intent_snippets") == 0


def test_the_hypertable_replaces_the_partitions_where_timescale_is_offered() -> None:
    table, hypertable = snippet_scripts(timescale=True)
    assert "PARTITION" not in table
    for call in (
        "create_hypertable",
        "timescaledb.compress",
        "add_compression_policy",
        "interval '730 days'",
    ):
        assert call in hypertable


def test_both_ways_offer_the_same_functions() -> None:
    native, timescale = (snippet_scripts(offered)[1] for offered in (False, True))
    callable_from_outside = {"make_snippet_partitions", "drop_old_snippets"}
    for script in (native, timescale):
        assert callable_from_outside <= set(re.findall(r"CREATE FUNCTION (\w+)", script))
    assert snippet_scripts(timescale=False)[0].count("PARTITION BY RANGE (seen_at)") == 1


def test_the_server_is_asked_whether_it_offers_timescale(database: str) -> None:
    with psycopg.connect(database) as connection:
        offered = connection.execute(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'"
        ).fetchone()
        kind = connection.execute("SELECT relkind FROM pg_class WHERE relname = 'intent_snippets'").fetchone()
    assert offered is not None
    assert kind == ("r" if offered[0] else "p",)


def test_two_migrations_of_one_database_wait_for_each_other(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK_KEY,))
        impatient = f"{empty_database}{'&' if '?' in empty_database else '?'}options=-clock_timeout%3D50"
        with pytest.raises(Exception, match="lock timeout"):
            upgrade(impatient)
    assert current(empty_database) is None


async def test_statistics_of_the_query_log_leave_out_documents_and_arrays(
    connection: asyncpg.Connection,
) -> None:
    """ANALYZE reads 300 rows for each point of the highest target: 3,000 instead of 30,000, and detoasts nothing."""
    rows = await connection.fetch(
        """SELECT attname, attstattarget FROM pg_attribute
        WHERE attrelid = 'queries'::regclass AND attnum > 0 AND NOT attisdropped"""
    )
    targets = {row["attname"]: row["attstattarget"] for row in rows}
    assert max(targets.values()) == 10
    assert {
        targets[wide] for wide in ("prompt", "parsed", "lead_ids", "scores", "signals", "timings_ms")
    } == {0}
    assert targets["created_at"] == 10
