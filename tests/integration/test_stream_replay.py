"""A file through the broker leaves the database that an import of it leaves."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from db.embedded import EmbeddedBroker
from db.pool import open_pool
from ingest.importers import import_files
from ingest.streams.producing import publish_file, sending
from ingest.streams.topics import make_topics
from ingest.synthetic import WorldSpec, generate
from tests.fixtures.streaming import QUICK, RELAY, connection_to, now, taken_in

_TABLES = {
    "intent_snippets": "seen_at, txid",
    "snippet_keys": "seen_at, latest_seen_at",
    "snippet_repeats": "found_at",
    "outcomes": "created_at",
    "miners": "created_at, updated_at, txid",
    "unmapped_values": "last_seen_at",
}
MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


async def contents(pool: asyncpg.Pool) -> dict[str, list[Any]]:
    """Every row of the tables that snippets and outcomes fill, without the times of storing."""
    found = {}
    for table, times in _TABLES.items():
        without = " - ".join(["to_jsonb(stored)", *(f"'{name.strip()}'" for name in times.split(","))])
        rows = await pool.fetch(f"SELECT ({without})::text AS row FROM {table} AS stored ORDER BY 1")
        found[table] = [row["row"] for row in rows]
    return found


async def test_a_world_through_the_broker_is_the_world_imported(tmp_path: Path, database: str) -> None:
    generate(WorldSpec(companies=300, snippets=2_000, products=12), tmp_path / "world")
    base = [tmp_path / "world" / f"{name}.jsonl" for name in ("companies", "leads")]
    streamed = [tmp_path / "world" / f"{name}.jsonl" for name in ("snippets", "outcomes")]
    pool = await open_pool(database)
    try:
        await import_files(pool, [*base, *streamed])
        wanted = await contents(pool)
        await pool.execute("TRUNCATE intent_snippets, snippet_keys, outcomes, miners CASCADE")
        await pool.execute(
            "DELETE FROM unmapped_values WHERE field LIKE ANY (ARRAY['snippets.%', 'outcomes.%'])"
        )
        with EmbeddedBroker(tmp_path) as address:
            await make_topics(connection_to(address), QUICK)
            async with sending(connection_to(address)) as producer:
                sent = [await publish_file(producer, path, None, now, RELAY) for path in streamed]
            # All at one moment, as an import sees them: who was first is then decided by name, in whatever order they come.
            counts = await taken_in(database, address, clock=lambda: MOMENT)
        assert [each.topic for each in sent] == ["miner.snippets", "outcome.events"]
        assert counts.messages.total() == sum(each.sent for each in sent)
        assert await contents(pool) == wanted
        assert len(wanted["intent_snippets"]) > 1_900
        assert len(wanted["snippet_repeats"]) > 20
    finally:
        await pool.close()
