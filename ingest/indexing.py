"""One index build: Postgres to a published generation with its columns and its lexical index."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from db.snapshot import write_snapshot
from db.snapshot.catalogue import Catalogue, DisplayColumns
from db.snapshot.layout import open_array, open_columns
from db.snapshot.publishing import BUILDER
from db.snapshot.tombstones import prune_tombstones
from models import lexical
from models.lexical.statistics import Statistics
from ranking.errors import Unavailable
from ranking.taxonomy import Taxonomy
from ranking.types import Generation


async def build_generation(
    pool: asyncpg.Pool,
    root: Path,
    taxonomy: Taxonomy,
    *,
    clock: Callable[[], float],
    statistics: Statistics | None = None,
) -> Generation:
    """Build, publish and return a generation; CURRENT moves only when columns and lexical index are complete.

    The work is CPU-bound and blocks the event loop for its whole length: run it in a process of its own, not in
    a server.

    Args:
        pool: one connection is used and holds the builder's lock.
        root: folder of the generations, made when missing.
        clock: seconds since the epoch, UTC.
        statistics: to score texts by instead of their own.

    Raises:
        Unavailable: Postgres failed, or another build is under way.
    """

    def add_lexical(columns: Path, out: Path) -> None:
        shown = Catalogue(open_columns(columns, "display", DisplayColumns))
        companies = open_array(columns / "snippets.company.npy")
        lexical.build(
            (shown.text(row) for row in range(len(companies))), companies, out, taxonomy, statistics
        )

    async with pool.acquire() as connection:
        generation = await write_snapshot(connection, root, taxonomy, clock=clock, extend=add_lexical)
        await prune_tombstones(connection, root, clock())
    return generation


async def build_when_free(
    pool: asyncpg.Pool,
    root: Path,
    taxonomy: Taxonomy,
    *,
    clock: Callable[[], float],
    patience_s: float = 1_800.0,
    pause_s: float = 1.0,
) -> Generation:
    """`build_generation`, once a build that is under way is done: the follower's may have begun before these rows.

    Raises:
        Unavailable: Postgres failed, or the other build is still under way after `patience_s`.
    """
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            return await build_generation(pool, root, taxonomy, clock=clock)
        except Unavailable as err:
            if err.dependency != BUILDER or time.monotonic() >= give_up_at:
                raise
        await asyncio.sleep(pause_s)
