"""Marks of deleted rows, and for how long somebody may need them.

Who follows a generation asks for what transactions have deleted that it had not seen (`ingest.freshness.feed`). What every generation
that is kept had seen, nobody in this folder asks for again. Other folders of the same database cannot be asked, so all marks are kept for
`KEPT_DAYS` besides; whoever was not followed for longer is left behind and must be built anew.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from db.snapshot.additions import seconds_since_sign
from db.snapshot.layout import MANIFEST
from db.snapshot.manifest import Manifest, read_manifest
from db.snapshot.writer import statements
from ranking.errors import ArtifactError, Unavailable
from ranking.types import Generation

KEPT_DAYS: Final = 30.0
_AT_ONCE: Final = 20_000
_DAY_S: Final = 86_400.0
_CLOCKS_DIFFER: Final = timedelta(days=1)


async def prune_tombstones(connection: asyncpg.Connection, root: Path, now_s: float) -> int:
    """Remove the marks that nobody needs any more; how many they were.

    Args:
        connection: not inside a transaction.
        root: folder of the generations.
        now_s: seconds since the epoch, UTC.

    Raises:
        Unavailable: Postgres failed; some may be removed.
    """
    kept = _manifests(root)
    if not kept:
        return 0
    oldest = min(manifest.origin.xmin for manifest in kept)
    before = datetime.fromtimestamp(now_s, UTC) - timedelta(days=KEPT_DAYS) - _CLOCKS_DIFFER
    pruned, last = 0, _AT_ONCE
    try:
        while last == _AT_ONCE:
            done = await connection.execute(statements()["prune_tombstones"], str(oldest), before, _AT_ONCE)
            last = int(done.rpartition(" ")[2])
            pruned += last
    except (ConnectionError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
        raise Unavailable("postgres", f"marks of deleted rows stay: {type(err).__name__}") from err
    return pruned


def is_left_behind(root: Path, generation: Generation, now_s: float) -> bool:
    """Whether a generation was neither built nor followed for so long that marks it has not seen may be gone."""
    built_s = read_manifest(root / generation).created_at
    return min(now_s - built_s, seconds_since_sign(root / generation, now_s)) > KEPT_DAYS * _DAY_S


def _manifests(root: Path) -> list[Manifest]:
    """Of the generations that this code can follow."""
    found = []
    for path in root.glob(f"*/{MANIFEST}"):
        try:
            found.append(read_manifest(path.parent))
        except ArtifactError:
            continue  # of another schema: nobody follows it any more
    return found
