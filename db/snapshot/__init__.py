"""The serving snapshot: immutable, memory-mapped columns built out of Postgres.

`write_snapshot` builds and publishes a generation, `open_snapshot` maps one, `SnapshotStore` keeps the current and the
previous one for a process. `columns` says what is inside.
"""

from db.snapshot.catalogue import Catalogue
from db.snapshot.publishing import write_snapshot
from db.snapshot.reader import Snapshot, open_snapshot
from db.snapshot.store import SnapshotStore

__all__ = [
    "Catalogue",
    "Snapshot",
    "SnapshotStore",
    "open_snapshot",
    "write_snapshot",
]
