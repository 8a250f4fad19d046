"""Labels in Postgres: written behind, bounded, losses counted; the same judgement twice is one label (F-10)."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Final

import asyncpg
from prometheus_client import Counter

from configs.llm import LabelConfig
from db.copy_text import array_field, copy_row, text_field
from db.statements import load
from deployments.llm.labels import Label
from deployments.write_behind import Shelf, WriteBehind
from ranking.features import schema_hash
from ranking.money import decimal_usd

_STORED = Counter("leads_llm_labels_total", "Judgements of the language model stored to learn from")
_DROPPED = Counter(
    "leads_llm_labels_dropped_total",
    "Judgements that were not stored: the queue was full or Postgres refused",
)
_NULL: Final = rb"\N"
COLUMNS = (
    "product_key", "company_id", "evidence_hash", "model", "prompt_version", "tenant_id", "score", "feature_schema", "features",
    "as_of", "tokens_in", "tokens_out", "cost_usd", "query_id",
)  # fmt: skip
_KEY_COLUMNS: Final = 6


class LabelStore:
    """`deployments.llm.labels.Labels` over the table `llm_labels`."""

    def __init__(self, pool: asyncpg.Pool, config: LabelConfig) -> None:
        self._pool = pool
        self._rows = WriteBehind(
            Shelf("label store", self._copy, _DROPPED.inc), config.waiting, config.flush_s
        )
        self._statements = load()
        self._schema = schema_hash()

    def start(self) -> None:
        """Begin to write; call in the event loop."""
        self._rows.start()

    def put(self, label: Label) -> None:
        """Queue one; dropped and counted when the queue is full."""
        if self._rows.room():
            fields = _fields(label, self._schema)
            self._rows.put(b"\t".join(fields[:_KEY_COLUMNS]).decode(), copy_row(fields))

    async def flush(self) -> None:
        """Write what waits now; when Postgres cannot be reached the labels stay queued."""
        await self._rows.flush()

    async def close(self) -> None:
        """Write the rest and stop."""
        await self._rows.close()

    async def _copy(self, rows: bytes) -> None:
        """COPY knows no ON CONFLICT: the rows go through a table of the connection's own."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(self._statements["label_batch"])
            await connection.copy_to_table("label_batch", source=BytesIO(rows), columns=COLUMNS)
            stored = await connection.execute(self._statements["store_labels"])
        _STORED.inc(int(stored.rsplit(" ", 1)[1]))


def _fields(label: Label, schema: str) -> list[bytes]:
    """Fields in the order of `COLUMNS`; the first name the judgement, and NaN becomes NULL in the array."""
    as_of = datetime.fromtimestamp(label.as_of_s, UTC).isoformat()
    return [
        text_field(label.product_key), text_field(label.company_id), text_field(label.evidence_hash), text_field(label.model),
        text_field(label.prompt_version), _NULL if label.tenant is None else text_field(label.tenant),
        repr(float(label.score)).encode(), schema.encode(), array_field(label.features), as_of.encode(),
        b"%d" % label.tokens_in, b"%d" % label.tokens_out, f"{decimal_usd(label.cost):f}".encode(),
        text_field(label.query_id),
    ]  # fmt: skip
