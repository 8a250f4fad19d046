"""`leads models shadow-report`: what a candidate booster would have changed, and whether for the better."""

import asyncio
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated

import asyncpg
import numpy as np
import orjson
import typer
from rich.console import Console

from commands.database import database_of
from commands.failure import CommandError
from commands.target import DataOption, choose
from db.pool import open_pool
from db.statements import load
from models.shadow_report import LEAST_PROMPTS, Mean, ShadowedQuery, ShadowReport, report

_SEED = 7
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CAVEAT = "Hits are of leads as production had ordered them: who stood first was looked at first, which favours production."


@dataclass(frozen=True, slots=True)
class Coverage:
    """From the first to the last query with a shadow list: answers that production has made, and the mean share to be drawn."""

    since: datetime
    until: datetime
    answered: int
    share: float


@dataclass(frozen=True, slots=True)
class Told:
    """The report of one pair of versions."""

    candidate: str
    production: str
    coverage: Coverage
    found: ShadowReport


def shadow_report_command(
    candidate: Annotated[
        str | None, typer.Argument(help="How its version begins.", show_default="the newest")
    ] = None,
    production: Annotated[
        str | None, typer.Option(help="The version it is held against.", show_default="the newest")
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="UTC.", show_default="all")] = None,
    k: Annotated[int, typer.Option(min=1, max=2000, help="Places that count for overlap and hits.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    data: DataOption = None,
) -> None:
    """Hold what a candidate would have answered against what was answered."""
    start = _EARLIEST if since is None else since.replace(tzinfo=UTC)
    with database_of(choose(data, None, os.environ)) as dsn:
        told = asyncio.run(_told(dsn, candidate, production, start, k))
    console = Console(highlight=False, soft_wrap=True)
    if as_json:
        console.out(orjson.dumps(asdict(told)).decode())
    else:
        for line in lines(told):
            console.print(line)


def lines(told: Told) -> list[str]:
    """The report for people."""
    found, seen = told.found, told.coverage
    drawn = found.queries / seen.answered if seen.answered else 1.0
    told_of = f"{seen.since:%Y-%m-%d %H:%M:%S} to {seen.until:%Y-%m-%d %H:%M:%S} UTC"
    return [
        f"candidate {told.candidate} beside {told.production}, {told_of}",
        f"  queries             {found.queries} of {seen.answered} answers ({drawn:.3f}, share set {seen.share:.3f});"
        f" {found.prompts} different prompts",
        f"  rank correlation    {_told_of(found.correlation)}",
        f"  overlap@{found.k:<11} {_told_of(found.overlap)}",
        f"  lists that change   {_told_of(found.changed)}; their first {found.k}: {_told_of(found.changed_head)}",
        f"  mean score shift    {_told_of(found.base_shift)} points of base intent, of those whom a booster decides",
        f"  hits@{found.k:<14} {_told_of(found.gain)}, more per query with a hit ({found.hits} queries of {found.hit_prompts} prompts)",
        f"  verdict             {_verdict(found)}",
    ]


def _verdict(found: ShadowReport) -> str:
    if found.verdict == "too few outcomes":
        needed = f"hits for {LEAST_PROMPTS} different prompts are needed, there are {found.hit_prompts}"
        return f"none: {needed}"
    return f"{found.verdict}. {_CAVEAT}"


def _told_of(mean: Mean) -> str:
    if mean.value is None:
        return "not defined"
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


async def _told(dsn: str, candidate: str | None, production: str | None, since: datetime, k: int) -> Told:
    pool = await open_pool(dsn)
    try:
        return await report_of(pool, candidate, production, since, k)
    finally:
        await pool.close()


async def report_of(
    pool: asyncpg.Pool, candidate: str | None, production: str | None, since: datetime, k: int
) -> Told:
    """The newest pair of versions that begin as wanted.

    Raises:
        CommandError: there is none, it has scored nothing since, or the log knows none of it.
    """
    statements = load()
    pairs = await pool.fetch(statements["shadowed_candidates"])
    chosen = _chosen(pairs, candidate, production)
    rows = await pool.fetch(statements["shadowed_queries"], *chosen, since)
    if not rows:
        raise CommandError(f"{chosen[0]} has scored no query beside {chosen[1]} since {since:%Y-%m-%d %H:%M}")
    moments = [row["answered_at"] for row in rows if row["answered_at"] is not None]
    if not moments:
        raise CommandError("the query log has none of the queries that were scored in the shadow")
    first, last = min(moments), max(moments)
    answered = await pool.fetchval(statements["answered_between"], chosen[1], first, last)
    share = float(np.mean([row["share"] for row in rows]))
    found = report([_query(row) for row in rows], k, _SEED)
    return Told(*chosen, Coverage(first, last, answered, share), found)


def _chosen(pairs: list[asyncpg.Record], candidate: str | None, production: str | None) -> tuple[str, str]:
    """The newest pair of versions that begin as wanted."""
    for pair in pairs:
        if pair["candidate"].startswith(candidate or "") and pair["production"].startswith(production or ""):
            return pair["candidate"], pair["production"]
    if pairs:
        raise CommandError("no such pair of versions was scored; see `leads models list`")
    raise CommandError("no query was scored in the shadow yet; see `leads models shadow --help`")


def _query(row: asyncpg.Record) -> ShadowedQuery:
    nothing = float("nan")
    return ShadowedQuery(
        prompt=row["prompt"],
        listed=row["lead_ids"],
        shown=row["shown_ids"],
        shown_scores=np.array(row["shown_scores"], dtype=np.float64),
        correlation=nothing if row["correlation"] is None else row["correlation"],
        base_shift=nothing if row["base_shift"] is None else row["base_shift"],
        hits=frozenset(place - 1 for place in row["hits"]),
    )
