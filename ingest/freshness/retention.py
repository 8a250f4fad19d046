"""Evidence that is older than it may be kept goes once a day, and partitions are made for what will come (F-9).

Where Timescale is, its own policies do the same; the functions have the same names there.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg

from db.pool import UNREACHABLE
from ingest.freshness.feed import feed_statements
from ranking.errors import LeadError

_DAY_S = 86_400.0
_RETRY_S = 600.0
_log = logging.getLogger(__name__)


async def keep_time(pool: asyncpg.Pool, stop: asyncio.Event, clock: Callable[[], float]) -> None:
    """Do so at once and each day until `stop` is set; what fails is logged and tried again after ten minutes.

    Args:
        clock: seconds since the epoch, UTC.
    """
    while not stop.is_set():
        rest_s = _DAY_S
        try:
            await drop_old(pool, clock())
        except (LeadError, *UNREACHABLE) as err:
            _log.warning("old evidence stays for a while: %s: %s", type(err).__name__, err)
            rest_s = _RETRY_S
        try:
            async with asyncio.timeout(rest_s):
                await stop.wait()
        except TimeoutError:
            continue


async def drop_old(pool: asyncpg.Pool, now_s: float) -> bool:
    """Drop what was seen more than 730 days before `now_s`, and make partitions for a year; False while another process does.

    Raises:
        asyncpg.PostgresError: Postgres failed, and nothing is changed; so with whatever else a connection raises.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '10min'")
        moment = datetime.fromtimestamp(now_s, UTC)
        return await connection.fetchval(feed_statements()["drop_old"], moment) is not None
