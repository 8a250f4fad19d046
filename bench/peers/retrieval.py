"""The retrieval leg alone, one query at a time: filters and BM25, from a parsed query to its best companies.

- `ours`: the retrieval and bm25 leaves in this process, the whole ladder and the whole pool;
- `postgres`: full text (tsvector, GIN, `ts_rank_cd`) and pgvector (HNSW), filters in WHERE, fused by reciprocal ranks in SQL;
- `tantivy`: snippets with their company's columns, filters as terms and ranges, BM25, the best thousand grouped by company.

The other two take the strict filters only: no ladder, no fit, no decay, no boosts. What they build lies in a schema and a folder of
their own, is made anew each time, as its time is a figure too (`ready_s`), and is removed after. Ours opens the snapshot that is
published, kernels compiled where no cache of them is; building that one is the record `snapshot-build`.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
from pgvector.asyncpg import register_vector

from bench import record
from bench.peers import ratios
from bench.peers.legs import Leg, LegQuery, OurLeg, leg_queries
from bench.peers.legs_postgres import PostgresLeg
from bench.peers.legs_tantivy import TantivyLeg
from commands import first_snapshot
from db import migrate
from db.embedded import EmbeddedPostgres
from ranking.taxonomy import load_taxonomy

PROMPTS = 150
_BUILD_TIMEOUT_S = 600.0
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Timed:
    """One leg's figures per query: milliseconds that passed, and of CPU in all processes together; `found` its answers."""

    latency_ms: list[float]
    cpu_ms: list[float]
    found: list[set[str]]


def compare(data: Path, prompts: Sequence[str], seed: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Build all legs on the rows of `data` and ask each the same; what the record says of them."""
    with EmbeddedPostgres(data) as dsn:
        migrate.upgrade(dsn)
        first_snapshot.ensure(dsn, data)
        return asyncio.run(_compare(dsn, data, prompts, seed, report))


async def _compare(
    dsn: str, data: Path, prompts: Sequence[str], seed: int, report: Callable[[str], None]
) -> dict[str, Any]:
    taxonomy = load_taxonomy()
    queries = leg_queries(prompts, taxonomy)
    connection: asyncpg.Connection = await asyncpg.connect(
        dsn,
        command_timeout=_BUILD_TIMEOUT_S,
        server_settings={"jit": "off", "plan_cache_mode": "force_custom_plan"},
    )
    await register_vector(connection)
    try:
        with tempfile.TemporaryDirectory() as folder:
            postgres = PostgresLeg(connection)
            legs: Mapping[str, Leg] = {
                "ours": OurLeg(data / "snapshots", taxonomy, time.time() // _HOUR_S * _HOUR_S),
                "postgres": postgres,
                "tantivy": TantivyLeg(connection, Path(folder)),
            }
            built = {name: await _built(leg) for name, leg in legs.items()}
            report(f"  retrieval legs built in {built} s")
            timed = await _timed(legs, queries)
            sizes = {name: leg.size_mib() for name, leg in legs.items()}
            await postgres.drop()
    finally:
        await connection.close()
    return summary(timed, built, sizes, seed)


async def _built(leg: Leg) -> float:
    started_s = time.perf_counter()
    await leg.build()
    return round(time.perf_counter() - started_s, 1)


async def _timed(legs: Mapping[str, Leg], queries: Sequence[LegQuery]) -> dict[str, Timed]:
    """Every leg on every query, in turn per query, after one round that warms caches and is not counted."""
    timed = {name: Timed([], [], []) for name in legs}
    for query in queries[: len(queries) // 5]:
        for leg in legs.values():
            await leg.search(query)
    for query in queries:
        for name, leg in legs.items():
            outside_s, own_s, started_s = leg.outside_cpu_s(), time.process_time(), time.perf_counter()
            found = await leg.search(query)
            passed_s, own_s = time.perf_counter() - started_s, time.process_time() - own_s
            timed[name].latency_ms.append(1000.0 * passed_s)
            timed[name].cpu_ms.append(1000.0 * (own_s + leg.outside_cpu_s() - outside_s))
            timed[name].found.append(set(found))
    return timed


def summary(
    timed: Mapping[str, Timed], ready_s: Mapping[str, float], size_mib: Mapping[str, float], seed: int
) -> dict[str, Any]:
    """Figures by leg, and theirs over ours with intervals over the queries."""
    ours = timed["ours"]
    legs = {
        name: {
            "latency_ms": record.quantiles(each.latency_ms),
            "cpu_ms_per_query": round(sum(each.cpu_ms) / len(each.cpu_ms), 3),
            "ready_s": ready_s[name], "size_mib": size_mib[name],
            "of_our_best_25": round(
                sum(len(own & other) / len(own) for own, other in zip(ours.found, each.found, strict=True) if own)
                / max(1, sum(bool(own) for own in ours.found)), 3,
            ),
        }
        for name, each in timed.items()
    }  # fmt: skip
    return {
        "queries": len(ours.latency_ms),
        "legs": legs,
        "ratios": {
            f"{name}/ours": {
                "latency": asdict(ratios.mean_ratio(each.latency_ms, ours.latency_ms, seed)),
                "cpu": asdict(ratios.mean_ratio(each.cpu_ms, ours.cpu_ms, seed)),
            }
            for name, each in timed.items()
            if name != "ours"
        },
    }
