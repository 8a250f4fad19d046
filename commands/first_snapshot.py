"""A first snapshot for a database that has no usable one: the serving nodes need something to open.

Run as `python -m commands.first_snapshot DATA_DIR` with DATABASE_URL set: building takes much memory for a while, which a process
of its own gives back.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from db.embedded.process import ServerProcess
from db.pool import open_pool
from db.snapshot import open_snapshot
from db.snapshot.tombstones import is_left_behind
from ingest.indexing import build_generation
from ranking.errors import ArtifactError, LeadError, Unavailable
from ranking.taxonomy import load_taxonomy


def snapshots_of(data_dir: Path) -> Path:
    """Return the folder of a local system's snapshots."""
    return data_dir / "snapshots"


def ensure(database_url: str, data_dir: Path) -> None:
    """Build a snapshot in a child process unless a usable one is published.

    One that an older version of the code or of the taxonomy made is not usable; the rows it was made of are. Nor is one that was
    not followed for a month: what was deleted since is no longer known.

    Raises:
        Unavailable: the build failed; carries its last line.
    """
    if is_usable(snapshots_of(data_dir)):
        return
    build = ServerProcess(
        "snapshot",
        [sys.executable, "-m", "commands.first_snapshot", str(data_dir)],
        log=data_dir / "logs" / "snapshot.log",
        on_parent_death=signal.SIGKILL,
        environment={**os.environ, "DATABASE_URL": database_url},
    )
    try:
        code = build.wait()
    finally:
        build.stop(())
    if code != 0:
        raise Unavailable("snapshot", f"the first one could not be built: {build.last_words()}")


def is_usable(root: Path) -> bool:
    """Whether the published snapshot can be opened by this code with this taxonomy, and brought up to date."""
    try:
        snapshot = open_snapshot(root, taxonomy_version=load_taxonomy().version, verify=False)
        return not is_left_behind(root, snapshot.generation, time.time())
    except ArtifactError:
        return False


def main(arguments: list[str]) -> int:
    """Build and publish one generation; returns the exit code."""
    try:
        asyncio.run(_build(os.environ["DATABASE_URL"], snapshots_of(Path(arguments[0]))))
    except LeadError as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


async def _build(database_url: str, root: Path) -> None:
    async with await open_pool(database_url) as pool:
        await build_generation(pool, root, load_taxonomy(), clock=time.time)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
