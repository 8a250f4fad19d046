"""pgvector in the embedded Postgres, with the filter as a WHERE on an indexed column: HNSW, half precision, and an exact scan."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import psutil
import psycopg
from pgvector.psycopg import register_vector

from bench.ann.contestant import PLAIN, Built, Setting
from bench.ann.subsets import Orders, Subset
from db.embedded import LAPTOP_SETTINGS, EmbeddedPostgres
from ranking.types import Float32Array, IntArray

_ONE_THREAD = {
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "autovacuum": "off",
    "fsync": "off",
    "jit": "off",
}
_SCHEMA = """
DROP TABLE IF EXISTS vectors;
CREATE TABLE vectors (row integer, chance integer, near integer, embedding vector({width}));
"""
_PLANS: Mapping[str, str] = MappingProxyType(
    {
        "exact": "SET enable_indexscan = off; SET enable_sort = on; SET enable_bitmapscan = on; SET enable_seqscan = on",
        "graph": "SET enable_indexscan = on; SET enable_sort = off; SET enable_bitmapscan = off; SET enable_seqscan = off",
        "planner": "SET enable_indexscan = on; SET enable_sort = on; SET enable_bitmapscan = on; SET enable_seqscan = on",
    }
)


class Table:
    """The vectors in a table of their own server, shared by the contestants of this module."""

    def __init__(self, folder: Path, vectors: Float32Array, orders: Orders) -> None:
        buffers = max(512, 3 * vectors.nbytes // 2**20)
        memory = {"shared_buffers": f"{buffers}MB", "maintenance_work_mem": f"{buffers}MB"}
        self._server = EmbeddedPostgres(folder, {**LAPTOP_SETTINGS, **_ONE_THREAD, **memory})
        self.connection = psycopg.connect(self._server.start(), autocommit=True)
        self.connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(self.connection)
        self.indexes: dict[str, Built] = {}
        self._backend = psutil.Process(self.connection.info.backend_pid)
        self._schedule = Path(f"/proc/{self._backend.pid}/schedstat")
        self._fill(vectors, orders)

    def cpu_s(self) -> float:
        """CPU seconds of the server process that answers us."""
        if self._schedule.exists():  # nanoseconds; the usual counters have steps of 10 ms
            return int(self._schedule.read_text("ascii").split()[0]) / 1e9
        spent = self._backend.cpu_times()
        return float(spent.user + spent.system)

    def bytes_of(self, relation: str) -> int:
        """Size of a table or index."""
        found = self.connection.execute("SELECT pg_relation_size(%s::regclass)", (relation,)).fetchone()
        return int(found[0]) if found else 0

    def close(self) -> None:
        """Stop the server."""
        self.connection.close()
        self._server.stop()

    def _fill(self, vectors: Float32Array, orders: Orders) -> None:
        self.connection.execute(_SCHEMA.format(width=vectors.shape[1]))
        copy = "COPY vectors (row, chance, near, embedding) FROM STDIN WITH (FORMAT BINARY)"
        with self.connection.cursor() as cursor, cursor.copy(copy) as rows:
            rows.set_types(["int4", "int4", "int4", "vector"])
            places = zip(orders.chance.tolist(), orders.near.tolist(), vectors, strict=True)
            for row, (chance, near, vector) in enumerate(places):
                rows.write_row((row, chance, near, vector))
        for column in ("chance", "near"):
            self.connection.execute(f"CREATE INDEX vectors_{column} ON vectors ({column})")
        self.connection.execute("VACUUM ANALYZE vectors")


class PgExact:
    """The WHERE's rows by index, each compared."""

    name = "pgvector exact"
    settings = PLAIN
    plan = "exact"
    distance = "embedding <#> %s"

    def __init__(self, table: Table) -> None:
        self._table = table
        self._prepared: Setting | None = None
        self.built = Built(0.0, 0.0, table.bytes_of("vectors"))

    def search(self, one: Float32Array, subset: Subset, setting: Setting, k: int) -> IntArray:
        if setting != self._prepared:
            self._prepare(setting)
        where = "" if subset.share == 1.0 else f"WHERE {subset.kind} < {subset.limit}"
        query: Any = f"SELECT row FROM vectors {where} ORDER BY {self.distance} LIMIT {k}"
        with self._table.connection.cursor(binary=True) as cursor:
            found = cursor.execute(query, (self._asked(one),)).fetchall()
        return np.array([row for (row,) in found], dtype=np.int32)

    def search_many(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> None:
        for one in asked:
            self.search(one, subset, setting, k)

    def server_cpu_s(self) -> float:
        return self._table.cpu_s()

    def close(self) -> None:
        pass

    def _asked(self, one: Float32Array) -> Any:
        return one

    def _prepare(self, setting: Setting) -> None:
        self._table.connection.execute(_PLANS[self.plan])
        for name, value in setting.items():
            self._table.connection.execute("SELECT set_config(%s, %s, false)", (f"hnsw.{name}", str(value)))
        self._prepared = setting


class PgHnsw(PgExact):
    """A graph in the database, scanned on and on until enough rows pass the WHERE."""

    plan = "graph"
    column = "embedding vector_ip_ops"

    def __init__(self, table: Table, order: str, size: int) -> None:
        super().__init__(table)
        self.name = f"pgvector {self.kind}, {order.removesuffix('_order')}"
        self.settings = tuple(_settings(order, size))
        self.built = self._build(table)

    kind = "HNSW"

    def _build(self, table: Table) -> Built:
        """Make the index; the strict and the relaxed scan of a kind share one."""
        index = f"vectors_{self.kind.lower()}"
        if index in table.indexes:
            return table.indexes[index]
        for other in table.indexes:
            table.connection.execute(f"DROP INDEX IF EXISTS {other}")
        wall, cpu = time.perf_counter(), table.cpu_s()
        table.connection.execute(
            f"CREATE INDEX {index} ON vectors USING hnsw ({self.column}) WITH (m = 16, ef_construction = 100)"
        )
        held = table.bytes_of(index) + table.bytes_of("vectors")
        table.indexes[index] = Built(
            round(time.perf_counter() - wall, 2), round(table.cpu_s() - cpu, 2), held
        )
        return table.indexes[index]


class PgPlanned(PgHnsw):
    """The same graph where the planner chooses between walking it and comparing the WHERE's rows: what a user gets."""

    plan = "planner"

    def __init__(self, table: Table, size: int) -> None:
        super().__init__(table, "strict_order", size)
        self.name = "pgvector HNSW, planner's plan"


class PgHalf(PgHnsw):
    """The graph over half-precision vectors."""

    kind = "halfvec"

    def __init__(self, table: Table, order: str, size: int, width: int) -> None:
        self.column = f"(embedding::halfvec({width})) halfvec_ip_ops"
        self.distance = f"embedding::halfvec({width}) <#> %s::halfvec({width})"
        super().__init__(table, order, size)


def _settings(order: str, size: int) -> Iterator[Setting]:
    """Wider and wider beams; the last ones also scan on through a tenth and all of the rows."""
    for beam, most in (
        (100, 20_000),
        (200, 20_000),
        (400, 20_000),
        (800, 20_000),
        (1000, size // 10),
        (1000, size),
    ):
        yield {
            "iterative_scan": order,
            "ef_search": beam,
            "max_scan_tuples": max(most, 20_000),
            "scan_mem_multiplier": 32,
        }


@contextmanager
def table_of(folder: Path, vectors: Float32Array, orders: Orders) -> Iterator[Table]:
    """The table while it is needed."""
    table = Table(folder, vectors, orders)
    try:
        yield table
    finally:
        table.close()
