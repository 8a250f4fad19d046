"""`leads miners judge|report`: what suppliers are worth, why some of their snippets do not count, and who earns what."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import asyncpg
import orjson
import typer
from rich.console import Console

from commands.database import database_of
from commands.failure import USAGE, CommandError
from commands.supplier_watch import LIMITS, PASSING, watch_suppliers
from commands.target import DataOption, choose
from commands.terminal import harmless, plain_console, whole_table
from configs.suppliers import SupplierArgs
from db.pool import open_pool
from db.suppliers import emission_report, supplier_quality
from ingest.suppliers.judging import Judged, judge
from ranking.taxonomy import load_taxonomy


def judge_command(
    as_of: Annotated[
        datetime | None, typer.Option(help="Judge on what was known then (UTC).", show_default="now")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            help="Judge again after so many seconds and read new texts every two, until Ctrl-C; `leads up` does that, every hour.",
            min=1.0,
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Screen new snippets, work out every supplier's quality and emissions, and write them down."""
    if as_of is not None and every is not None:
        raise CommandError("--as-of and --every exclude each other", USAGE)
    with database_of(choose(data, None, os.environ)) as dsn:
        asyncio.run(_judge(dsn, as_of.replace(tzinfo=UTC) if as_of else None, every))


def report_command(
    miner: Annotated[
        str | None,
        typer.Argument(help="One supplier, with its snippets that do not count.", show_default="all"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As the HTTP interface tells it.")] = False,
    data: DataOption = None,
) -> None:
    """Show the newest judgement."""
    with database_of(choose(data, None, os.environ)) as dsn:
        told = asyncio.run(_told(dsn, miner))
    if told is None:
        raise CommandError(f"no supplier {miner!r}")
    if miner is None and told["as_of"] is None:
        raise CommandError("nobody was judged yet; run `leads miners judge`")
    console = plain_console(soft_wrap=as_json)
    if as_json:
        console.out(orjson.dumps(told).decode())
    elif miner is None:
        _show_emissions(console, told)
    else:
        _show_quality(console, told)


async def _judge(dsn: str, as_of: datetime | None, every_s: float | None) -> None:
    taxonomy, args = load_taxonomy(), SupplierArgs()
    pool = await open_pool(dsn, LIMITS, application_name="leads miners judge")
    try:
        if every_s is None:
            now = datetime.now(UTC)
            try:
                _show_run(await judge(pool, taxonomy, args, as_of or now, now))
            except PASSING as err:
                raise CommandError(f"postgres: {type(err).__name__}; nothing was judged, try again") from err
        else:
            await watch_suppliers(pool, taxonomy, args, every_s, _show_run, _show_waiting)
    finally:
        await pool.close()


async def _told(dsn: str, miner: str | None) -> dict[str, Any] | None:
    pool: asyncpg.Pool = await open_pool(dsn, LIMITS, application_name="leads miners report")
    try:
        return await (emission_report(pool) if miner is None else supplier_quality(pool, miner))
    finally:
        await pool.close()


def _show_run(judged: Judged) -> None:
    read = judged.screened
    console = plain_console()
    console.print(f"{read.texts:,} texts read, {read.flagged:,} do not count")
    rest = " All goes to the treasury." if judged.treasury else ""
    console.print(
        f"{judged.suppliers:,} suppliers judged, {judged.flagged:,} flagged, {judged.throttled:,} throttled.{rest}"
    )
    if judged.changed:
        console.print(f"Counts otherwise from now on: {harmless(', '.join(judged.changed))}")


def _show_waiting(error: Exception) -> None:
    Console(highlight=False).print(f"postgres: {type(error).__name__}, trying again")


def _show_emissions(console: Console, told: dict[str, Any]) -> None:
    table = whole_table("supplier", "share", "sourcing", "curating", "quality", "state")
    for each in told["miners"]:
        state = "flagged" if each["is_flagged"] else each["throttle_reason"] or ""
        numbers = [f"{each[name]:.4f}" for name in ("share", "sourcing", "curating")]
        table.add_row(harmless(each["miner_id"]), *numbers, f"{each['mqf']['score']:.3f}", state)
    console.print(table)
    console.print(f"treasury {told['treasury']:.4f}, as of {told['as_of']}")


def _show_quality(console: Console, told: dict[str, Any]) -> None:
    console.print(_standing(told))
    table = whole_table("snippet", "why", "found", "evidence")
    for each in told["flagged_snippets"]:
        evidence = harmless(str(each["detail"]))
        table.add_row(harmless(each["snippet_id"]), each["reason"], each["found_at"], evidence)
    for each in told["repeated_snippets"]:
        original = each["original"]
        what = f"of {original['miner_id']}/{original['snippet_id']}, {each['distance']} bits, {each['contained']:.2f} contained"
        table.add_row(harmless(each["snippet_id"]), "repeat", each["found_at"], harmless(what))
    if table.row_count:
        console.print(table)


def _standing(told: dict[str, Any]) -> str:
    """Some lines on one supplier."""
    name, judged = harmless(told["miner_id"]), told["judgement"]
    if judged is None:
        return f"{name} was not judged yet; run `leads miners judge`"
    mqf, sent, ends = judged["mqf"], judged["snippets"], told["throttled_until"]
    state = "is flagged" if told["is_flagged"] else "is not flagged"
    throttled = f", throttled until {ends} ({judged['throttle_reason']})" if ends else ""
    lifts = (
        f"{what} {mqf[what]['observed']:,} of {mqf[what]['expected']:.1f} expected"
        for what in ("clicks", "conversions")
    )
    return "\n".join(
        (
            f"{name} {state}{throttled}; share of the emissions {judged['share']:.4f}, as of {judged['as_of']}",
            f"quality {mqf['score']:.3f}, {mqf['low']:.3f} to {mqf['high']:.3f} (flagged where that ends below {mqf['flagged_below']})",
            f"{mqf['impressions']:,} impressions: {', '.join(lifts)}",
            f"{sent['sent']:,} snippets: {sent['flagged']:,} break rules, {sent['repeats']:,} repeat others, "
            f"{sent['template_share']:.0%} after templates",
        )
    )
