"""Reads texts that are new or changed, applies the rules, and lets snippets that break one no longer count (F-8, F-9).

Flags are kept with reason, evidence and time; one whose rule finds nothing any more is lifted, and the snippet counts again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import asyncpg
import orjson
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from configs.suppliers import RuleArgs
from ingest.suppliers.echoes import Asked, Echoes
from ingest.suppliers.rules import Breach, Rules, StoredText
from ingest.suppliers.statements import statements
from ranking.taxonomy import Taxonomy

_PAGE_ROWS: Final = 1_000


@dataclass(slots=True)
class Screened:
    """How many texts were read, and how many of them break a rule."""

    texts: int = 0
    flagged: int = 0


async def screen(
    pool: asyncpg.Pool, taxonomy: Taxonomy, args: RuleArgs, now: datetime, *, whole: bool = False
) -> Screened:
    """Screen what was stored since the last time, `whole` everything; one transaction.

    Raises:
        asyncpg.PostgresError: nothing is changed.
    """
    done = Screened()
    async with pool.acquire() as connection, connection.transaction():
        mark = await connection.fetchrow(statements()["screening_mark"])
        read_from = None if mark is None or whole else mark["read_from"]
        rules: Rules | None = None
        reading = await connection.cursor(statements()["unscreened"], read_from)
        while rows := await reading.fetch(_PAGE_ROWS):
            rules = rules or Rules(args, taxonomy.surfaces, await _echoes(connection, args, now))
            await _screen_page(connection, rows, rules, args, now, done)
        if mark is not None:
            await connection.execute(statements()["keep_screening_mark"], mark["next_from"])
    return done


async def _screen_page(
    connection: PoolConnectionProxy,
    rows: Sequence[Record],
    rules: Rules,
    args: RuleArgs,
    now: datetime,
    done: Screened,
) -> None:
    texts = await _texts(connection, rows, args)
    found = [breach for text in texts for breach in rules.breaches(text)]
    screened = [text.miner_id for text in texts], [text.snippet_id for text in texts]
    breached = [each.miner_id for each in found], [each.snippet_id for each in found]
    reasons = [each.reason for each in found]
    await connection.execute(statements()["lift_flags"], *screened, *breached, reasons, now)
    if found:
        details = [orjson.dumps(each.detail).decode() for each in found]
        await connection.execute(statements()["store_flags"], *breached, reasons, details, now)
    await connection.execute(statements()["mark_flagged"], *screened)
    done.texts += len(texts)
    done.flagged += len({_identity(each) for each in found})


def _identity(breach: Breach) -> tuple[str, str]:
    return (breach.miner_id, breach.snippet_id)


async def _texts(connection: PoolConnectionProxy, rows: Sequence[Record], args: RuleArgs) -> list[StoredText]:
    longer = await _longer_names(connection, rows)
    revised = [row for row in rows if row["revision"] > 1]
    dates: dict[tuple[str, str], datetime] = {}
    if revised:
        keys = [row["miner_id"] for row in revised], [row["snippet_id"] for row in revised]
        for row in await connection.fetch(statements()["earlier_dates"], *keys, args.redated_bits):
            dates[row["miner_id"], row["snippet_id"]] = row["first_dated"]
    return [
        StoredText(
            miner_id=row["miner_id"],
            snippet_id=row["snippet_id"],
            kind=row["kind"],
            text=row["text"],
            seen_at=row["seen_at"],
            observed_at=row["observed_at"],
            source_type=row["source_type"],
            source_url=row["source_url"],
            domain=row["domain_key"],
            name=tuple(row["name_key"].split()),
            longer=longer.get(row["company_id"], {}),
            first_dated=dates.get((row["miner_id"], row["snippet_id"])),
        )
        for row in rows
    ]


async def _longer_names(
    connection: PoolConnectionProxy, rows: Sequence[Record]
) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    companies = sorted({row["company_id"] for row in rows})
    found = await connection.fetch(statements()["longer_names"], companies)
    found.sort(key=lambda row: row["company_id"])
    return {
        company: {row["other_id"]: tuple(row["name_key"].split()) for row in group}
        for company, group in groupby(found, key=lambda row: row["company_id"])
    }


async def _echoes(connection: PoolConnectionProxy, args: RuleArgs, now: datetime) -> Echoes:
    since = now - timedelta(days=args.echo_days)
    rows = await connection.fetch(statements()["prompts_asked"], since, args.echo_prompts)
    return Echoes([Asked(row["query_id"], row["created_at"], row["prompt"]) for row in rows], args.echo_words)
