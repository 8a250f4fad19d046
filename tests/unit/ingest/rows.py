"""Import records and the circumstances they are read in."""

from collections import Counter
from datetime import UTC, datetime

from ingest.importers.canonical import Canonicaliser
from ingest.importers.context import RowContext
from ranking.taxonomy import load_taxonomy

NOW = datetime(2026, 4, 7, 12, 0, tzinfo=UTC)


def context(**date_orders: str | None) -> RowContext:
    return RowContext(NOW, Canonicaliser(load_taxonomy()), "import", date_orders, Counter(), Counter())
