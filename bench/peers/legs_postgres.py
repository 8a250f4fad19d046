"""The retrieval leg in Postgres: full text and pgvector, fused by reciprocal ranks in one statement."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import asyncpg
import psutil

from bench.peers.legs import LegQuery
from db.statements import parse

_WORDS = re.compile(r"\w+")


class PostgresLeg:
    """One connection; statements run in its backend alone, so that all their CPU can be counted."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._backend = psutil.Process(connection.get_server_pid())
        self._size_bytes = 0

    async def build(self) -> None:
        """Words of all snippets and their GIN index; the vectors' HNSW index is there."""
        await self._connection.execute(statements()["build"])
        await self._connection.execute(
            "SET max_parallel_workers_per_gather = 0; SET hnsw.iterative_scan = relaxed_order"
        )
        self._size_bytes = await self._connection.fetchval(statements()["size"])

    async def drop(self) -> None:
        """Take the schema away."""
        await self._connection.execute(statements()["drop"])

    def size_mib(self) -> float:
        """Of what `build` made and the vectors' index."""
        return round(self._size_bytes / 2**20, 1)

    async def search(self, asked: LegQuery) -> Sequence[str]:
        """One statement."""
        words = " | ".join(dict.fromkeys(_WORDS.findall(asked.text.lower())))
        rows = await self._connection.fetch(
            statements()["search"], words, asked.vector, *asked.asked.conditions()
        )
        return [row["company_id"] for row in rows]

    def outside_cpu_s(self) -> float:
        """Of the backend."""
        times = self._backend.cpu_times()
        return float(times.user + times.system)


@cache
def statements() -> Mapping[str, str]:
    """The statements of `legs.sql` by name."""
    return parse((Path(__file__).parent / "legs.sql").read_text("utf-8"))
