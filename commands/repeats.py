"""`leads repeats`: snippets that say what others had said, with their originals; and rulings on appeals against that."""

import asyncio
import os
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import orjson
import typer

from commands.database import database_of
from commands.target import DataOption, choose
from commands.terminal import harmless, plain_console, whole_table
from db.pool import PoolLimits, open_pool
from ingest.plagiarism.appeals import Ruled, Ruling, rule
from ingest.plagiarism.listing import Flagged, Said, flagged
from ingest.plagiarism.watching import Watch

_STATEMENT_TIMEOUT_S = 60.0
_SHOWN_CHARS = 60

repeats = typer.Typer(
    no_args_is_help=True, help="Snippets that say what others had said, with their originals."
)


class RulingName(StrEnum):
    """What can be ruled."""

    APART = "apart"
    FIRST = "first"


@repeats.command("list")
def list_repeats(
    miner: Annotated[str | None, typer.Option(help="Only of this supplier.", show_default="all")] = None,
    company: Annotated[str | None, typer.Option(help="Only about this company.", show_default="all")] = None,
    renewals: Annotated[bool, typer.Option(help="Also what suppliers repeat of their own.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The latest so many.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each, with both texts.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Show what was flagged and does not count, what it repeats, how alike they are and who was first."""
    with database_of(choose(data, None, os.environ)) as dsn:
        found, total = asyncio.run(_flagged(dsn, miner, company, renewals=renewals, limit=limit))
    if as_json:
        console = plain_console(soft_wrap=True)
        for each in found:
            console.out(orjson.dumps(asdict(each)).decode())
        return
    _show(found, total)


@repeats.command("rule")
def rule_on(
    miner: Annotated[str, typer.Argument(help="Supplier of the flagged snippet.", show_default=False)],
    snippet: Annotated[str, typer.Argument(help="Its id.", show_default=False)],
    ruling: Annotated[
        RulingName,
        typer.Argument(help="apart: no repeat at all; first: the original is the copy.", show_default=False),
    ],
    reason: Annotated[str, typer.Option(help="Why; kept with the ruling.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Rule on an appeal: the snippet counts again with the next snapshot, and whatever hangs on it is judged again."""
    with database_of(choose(data, None, os.environ)) as dsn:
        ruled = asyncio.run(_rule(dsn, (miner, snippet), ruling.value, reason))
    console = plain_console(soft_wrap=True)
    against = f"{ruled.original_snippet_id} of {ruled.original_miner_id}"
    console.print(harmless(f"{snippet} of {miner} against {against}: {ruling.value}"))
    for each in ruled.repeats:
        copy, original = each.snippet, each.original
        said = f"{copy.snippet_id} of {copy.miner_id} repeats {original.snippet_id} of {original.miner_id}"
        console.print(harmless(said))


async def _flagged(
    dsn: str, miner: str | None, company: str | None, *, renewals: bool, limit: int
) -> tuple[list[Flagged], int]:
    pool = await open_pool(dsn, PoolLimits(statement_timeout_s=_STATEMENT_TIMEOUT_S))
    try:
        found, total = await flagged(pool, miner_id=miner, company_id=company, renewals=renewals, limit=limit)
    finally:
        await pool.close()
    return list(found), total


async def _rule(dsn: str, identity: tuple[str, str], ruling: Ruling, reason: str) -> Ruled:
    pool = await open_pool(dsn, PoolLimits(statement_timeout_s=_STATEMENT_TIMEOUT_S))
    try:
        return await rule(pool, Watch(), identity, ruling, reason, datetime.now(UTC))
    finally:
        await pool.close()


def _show(found: list[Flagged], total: int) -> None:
    table = whole_table("flagged", "seen", "repeats", "seen", "bits", "contained", "text")
    for each in found:
        table.add_row(
            _named(each.repeat), _when(each.repeat), _named(each.original), _when(each.original),
            str(each.distance), f"{each.contained:.2f}", harmless(each.repeat.text[:_SHOWN_CHARS].replace("\n", " ")),
        )  # fmt: skip
    console = plain_console()
    console.print(table)
    console.print(f"{len(found):,} of {total:,} shown")


def _named(said: Said) -> str:
    return harmless(f"{said.snippet_id} of {said.miner_id}, {said.company_id}")


def _when(said: Said) -> str:
    return said.seen_at.strftime("%Y-%m-%d %H:%M:%S")
