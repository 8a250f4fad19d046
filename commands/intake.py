"""Reads the topics into the database until told to stop: behind `leads ingest`, and beside a running local system.

Run as `python -m commands.intake` with DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS set: what `leads up` starts.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from commands.allocation import return_large_blocks
from commands.priority import give_way
from commands.signers import register_local
from configs.streams import StreamArgs, StreamSettings
from db.pool import PoolLimits, open_pool
from ingest.importers.canonical import Canonicaliser
from ingest.plagiarism.watching import Watch
from ingest.streams import metrics
from ingest.streams.connecting import Connection
from ingest.streams.intake import Intake, IntakeCounts
from ingest.streams.messages import Reader
from ingest.streams.storing import Judge, NewSnippet, Store
from ingest.suppliers.orders import flag_orders
from ranking.errors import LeadError
from ranking.taxonomy import load_taxonomy

_STATEMENT_TIMEOUT_S = 60.0


async def take_in(
    dsn: str, connection: Connection, folder: Path | None, *, until_empty: bool, announce: Callable[[], None]
) -> IntakeCounts:
    """Store what the topics bring until SIGINT or SIGTERM, with `until_empty` until they hold nothing more.

    `folder` is the one whose own broker this is, None for a broker that others use; its key is made and registered.
    """
    return_large_blocks()
    args = StreamArgs()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    limits = PoolLimits(max_size=2, statement_timeout_s=_STATEMENT_TIMEOUT_S)
    pool = await open_pool(dsn, limits, application_name="leads ingest")
    try:
        if folder is not None:
            await register_local(pool, folder)
        watch = Watch(args.originals)
        await watch.judge_waiting(pool, lambda: datetime.now(UTC))
        await watch.catch_up(pool)
        intake = make_intake(pool, connection, args, judge_of(watch))
        announce()
        await intake.run(stop, until_empty=until_empty)
    finally:
        await pool.close()
    return intake.counts


def judge_of(watch: Watch) -> Judge:
    """What sees each new snippet in the transaction that stores it: who gives orders to a model, then who repeats another."""

    async def judge(connection: PoolConnectionProxy, new: Sequence[NewSnippet], now: datetime) -> None:
        await flag_orders(connection, [each.row for each in new], now)
        await watch.judge(connection, new, now)
        metrics.index_bytes(watch.memory_bytes)

    return judge


def make_intake(
    pool: asyncpg.Pool, connection: Connection, args: StreamArgs, judge: Judge | None = None
) -> Intake:
    """A member of the consumer group that stores into the database of `pool`, on the clock of this machine."""

    def clock() -> datetime:
        return datetime.now(UTC)

    reader = Reader(
        Canonicaliser(load_taxonomy()), clock, args.message_bytes, timedelta(seconds=args.clock_skew_s),
        timedelta(days=args.oldest_days),
    )  # fmt: skip
    return Intake(connection, args, Store(pool, clock, judge), reader, clock)


def main() -> int:
    """Read until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    give_way()
    settings = StreamSettings()
    try:
        connection = Connection(settings.kafka_bootstrap_servers or "", settings)
        asyncio.run(
            take_in(os.environ["DATABASE_URL"], connection, None, until_empty=False, announce=lambda: None)
        )
    except (LeadError, OSError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
