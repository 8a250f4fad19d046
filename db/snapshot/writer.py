"""The columns of a snapshot, read from Postgres in one consistent transaction."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import asyncpg

from db.snapshot.company_rows import CompanyRows
from db.snapshot.lead_rows import LeadRows
from db.snapshot.manifest import Counts, Origin
from db.snapshot.snippet_rows import SnippetRows
from db.statements import parse
from ranking.errors import Unavailable
from ranking.taxonomy import Taxonomy

_BATCH_ROWS = 4_000


@cache
def statements() -> dict[str, str]:
    """The snapshot's SQL by name."""
    return dict(parse((Path(__file__).parent / "queries.sql").read_text(encoding="utf-8")))


async def write_columns(
    connection: asyncpg.Connection, folder: Path, taxonomy: Taxonomy, *, now_s: float
) -> tuple[Counts, Origin]:
    """Write every column file of a snapshot into `folder` and return what was read.

    All tables are seen as of one moment (REPEATABLE READ). Memory stays bounded by the numeric columns and
    the ids: texts, cards and vectors go straight to the disk.

    Args:
        connection: not inside a transaction.
        folder: exists and is empty.
        now_s: seconds since the epoch; suppliers throttled beyond it count as flagged.

    Raises:
        Unavailable: Postgres failed.
    """
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(statements()["reading_settings"])
            return await _write_tables(connection, folder, taxonomy, now_s)
    except (ConnectionError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
        raise Unavailable("postgres", f"the snapshot cannot be read: {type(err).__name__}") from err


async def _write_tables(
    connection: asyncpg.Connection, folder: Path, taxonomy: Taxonomy, now_s: float
) -> tuple[Counts, Origin]:
    origin = await connection.fetchrow(statements()["origin"])
    tenants = [record["tenant_id"] for record in await connection.fetch(statements()["tenants"])]
    with CompanyRows(folder, taxonomy, tenants) as companies:
        await _each_batch(connection, "companies", (None,), companies.extend)
    with LeadRows(folder, taxonomy, tenants) as leads:
        ranked = sorted(taxonomy.SENIORITIES, key=taxonomy.seniority_rank)
        await _each_batch(connection, "leads", (companies.ids, ranked), leads.extend)
    leads.save(len(companies))
    with SnippetRows(folder, taxonomy, tenants, companies.technologies) as snippets:
        moment = datetime.fromtimestamp(now_s, UTC)
        rows = companies.representatives().tolist()
        await _each_batch(connection, "snippets", (companies.ids, rows, moment, None), snippets.extend)
    snippets.save(len(companies))
    companies.save()
    counts = Counts(len(companies), len(leads), len(snippets), companies.vectors)
    return counts, Origin(origin["xmin"], origin["transactions"])


async def _each_batch(
    connection: asyncpg.Connection,
    statement: str,
    arguments: Sequence[object],
    take: Callable[[Sequence[asyncpg.Record]], None],
) -> None:
    cursor = await connection.cursor(statements()[statement], *arguments)
    while records := await cursor.fetch(_BATCH_ROWS):
        take(records)
