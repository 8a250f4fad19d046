"""Judges suppliers and reads their new texts until told to stop: behind `leads miners judge --every`, and beside a running local system.

Run as `python -m commands.supplier_watch` with DATABASE_URL set: what `leads up` starts. One is enough for a database; a second one
waits for the first in every step and finds nothing left to do.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import asyncpg

from commands.priority import give_way
from configs.suppliers import SupplierArgs
from db.pool import PoolLimits, open_pool
from ingest.suppliers.judging import Judged, judge
from ingest.suppliers.screening import screen
from ranking.errors import LeadError
from ranking.taxonomy import Taxonomy, load_taxonomy

EVERY_S: Final = 3600.0
PASSING: Final = (
    OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError,
    asyncpg.DeadlockDetectedError,
)  # fmt: skip
LIMITS: Final = PoolLimits(max_size=2, statement_timeout_s=600.0)
_SCREEN_S = 2.0
_log = logging.getLogger(__name__)


async def watch_suppliers(
    pool: asyncpg.Pool,
    taxonomy: Taxonomy,
    args: SupplierArgs,
    every_s: float,
    told: Callable[[Judged], None],
    waiting: Callable[[Exception], None],
) -> None:
    """Judge at once and every `every_s`, and read new texts in between, until SIGINT or SIGTERM.

    `told` hears of each judgement, `waiting` of what the database refuses for a while: that is tried again.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    due_s = time.monotonic()
    while not stop.is_set():
        try:
            now = datetime.now(UTC)
            if time.monotonic() >= due_s:
                judged = await judge(pool, taxonomy, args, now, now)
                due_s = time.monotonic() + every_s
                told(judged)
            else:
                await screen(pool, taxonomy, args.rules, now)
        except PASSING as err:
            waiting(err)
        await _stopped_within(stop, min(_SCREEN_S, every_s))


async def _stopped_within(stop: asyncio.Event, seconds: float) -> None:
    """Return when told to stop, or after so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _watch(database_url: str) -> None:
    taxonomy = load_taxonomy()
    async with await open_pool(database_url, LIMITS, application_name="leads judging") as pool:
        await watch_suppliers(pool, taxonomy, SupplierArgs(), EVERY_S, _log_run, _log_waiting)


def _log_run(judged: Judged) -> None:
    _log.info(
        "%d texts read, %d do not count; %d suppliers judged, %d flagged, %d throttled",
        judged.screened.texts, judged.screened.flagged, judged.suppliers, judged.flagged, judged.throttled,
    )  # fmt: skip


def _log_waiting(error: Exception) -> None:
    _log.warning("postgres: %s, trying again", type(error).__name__)


def main() -> int:
    """Watch until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    give_way()
    try:
        asyncio.run(_watch(os.environ["DATABASE_URL"]))
    except (LeadError, OSError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
