"""The serving snapshot: immutable, memory-mapped columns built out of Postgres.

`write_snapshot` builds and publishes a generation, `open_snapshot` maps one, `SnapshotStore` keeps the current and the
previous one for a process. `columns` says what is inside.
"""

from db.snapshot.catalogue import Catalogue, CompanyCard, ContactCard, SnippetCard
from db.snapshot.publishing import write_snapshot
from db.snapshot.reader import Snapshot, open_snapshot
from db.snapshot.store import SnapshotStore

__all__ = [
    "Catalogue",
    "CompanyCard",
    "ContactCard",
    "Snapshot",
    "SnapshotStore",
    "SnippetCard",
    "open_snapshot",
    "write_snapshot",
]
