"""What the preparation of a row needs beside the row, and what it counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ingest.importers.canonical import Canonicaliser


@dataclass(frozen=True, slots=True)
class RowContext:
    """One file's circumstances.

    Attributes:
        now: time of the import.
        miner_id: the producer of snippets that name none.
        date_orders: field to "MDY" or "DMY" where the file's N/N/YYYY dates tell.
        unmapped: (field, wording) counted when the taxonomy does not know it.
        notes: what was read otherwise than written, counted.
    """

    now: datetime
    canonical: Canonicaliser
    miner_id: str
    date_orders: Mapping[str, str | None]
    unmapped: Counter[tuple[str, str]]
    notes: Counter[str]
