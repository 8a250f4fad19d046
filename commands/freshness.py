"""Follows the database and brings what changes into the served snapshot, until told to stop: beside a running local system.

Once a day it drops evidence that is too old.

Run as `python -m commands.freshness DATA` with DATABASE_URL set: what `leads up` starts. One is enough for all replicas; a
second one waits in case the first ends.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from commands import first_snapshot
from commands.first_snapshot import snapshots_of
from commands.priority import give_way
from db.pool import PoolLimits, open_pool
from ingest.freshness.following import Follower
from ingest.freshness.retention import keep_time
from ranking.errors import LeadError, Unavailable
from ranking.taxonomy import load_taxonomy

_STATEMENT_TIMEOUT_S = 60.0


async def follow(database_url: str, folder: Path) -> None:
    """Follow until SIGINT or SIGTERM.

    Raises:
        Unavailable: Postgres cannot be reached at the start.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    limits = PoolLimits(max_size=3, statement_timeout_s=_STATEMENT_TIMEOUT_S)
    async with await open_pool(database_url, limits, application_name="leads freshness") as pool:
        follower = Follower(
            pool, snapshots_of(folder), load_taxonomy(), lambda: rebuild(folder), clock=time.time
        )
        await asyncio.gather(follower.run(stop), keep_time(pool, stop, time.time))


async def rebuild(folder: Path) -> None:
    """Build and publish a generation in a process of its own, which gives way to others.

    Raises:
        Unavailable: the build failed; carries its last line.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "commands.freshness", "--build", str(folder), stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise Unavailable("snapshot", said.decode(errors="replace").strip().rpartition("\n")[2])


def main(arguments: list[str]) -> int:
    """Follow until SIGTERM, or build once; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    give_way()
    if arguments[0] == "--build":
        return first_snapshot.main(arguments[1:])
    try:
        asyncio.run(follow(os.environ["DATABASE_URL"], Path(arguments[0])))
    except (LeadError, OSError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
