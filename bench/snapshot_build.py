"""How long a snapshot takes to build and to open, and how large it is: `python -m bench.snapshot_build NAME=FOLDER...`.

Each FOLDER holds companies.jsonl, snippets.jsonl and perhaps leads.jsonl in the import format. They are imported into an
embedded Postgres in a scratch folder, half of the companies get a random vector, and a generation is built, opened and
read; writes bench/records/snapshot-build.json. `--companies N` adds a synthetic world of N companies and 5 N snippets.
"""

import argparse
import asyncio
import hashlib
import platform
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import numpy as np
import orjson
import psutil

from db.embedded import EmbeddedPostgres
from db.migrate import upgrade
from db.pool import open_pool
from db.snapshot import Snapshot, open_snapshot, write_snapshot
from ingest.importers import import_files
from ingest.indexing import build_generation
from ingest.synthetic.spec import WorldSpec
from ingest.synthetic.world import generate
from ranking.taxonomy import load_taxonomy

RECORD = Path(__file__).parent / "records" / "snapshot-build.json"
FILES = ("companies.jsonl", "leads.jsonl", "snippets.jsonl")
Result = TypeVar("Result")


def timed(action: Callable[[], Result]) -> tuple[Result, float]:
    start = time.perf_counter()
    return action(), time.perf_counter() - start


async def fill(dsn: str, folder: Path) -> None:
    pool = await open_pool(dsn)
    await import_files(pool, [folder / name for name in FILES if (folder / name).exists()])
    ids = [
        row["company_id"] for row in await pool.fetch("SELECT company_id FROM companies ORDER BY company_id")
    ]
    rng = np.random.default_rng(7)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 0")
        # The vectors matter here for their bytes alone; keeping the graph over them up to date would take minutes.
        await connection.execute("DROP INDEX companies_embedding")
        await connection.execute(
            "CREATE TEMPORARY TABLE vectors (company_id text, embedding vector(384)) ON COMMIT DROP"
        )
        rows = ((company_id, rng.standard_normal(384, dtype=np.float32)) for company_id in ids[::2])
        await connection.copy_records_to_table("vectors", records=rows)
        await connection.execute(
            "UPDATE companies c SET embedding = v.embedding FROM vectors v WHERE v.company_id = c.company_id"
        )
    await pool.close()


async def build(dsn: str, root: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Wall and own CPU seconds of a build without and with the lexical index; Postgres works beside it."""
    taxonomy = load_taxonomy()
    pool: asyncpg.Pool = await open_pool(dsn)
    start, start_cpu = time.perf_counter(), time.process_time()
    async with pool.acquire() as connection:
        await write_snapshot(connection, root / "columns", taxonomy, clock=time.time)
    middle, middle_cpu = time.perf_counter(), time.process_time()
    await build_generation(pool, root / "whole", taxonomy, clock=time.time)
    end, end_cpu = time.perf_counter(), time.process_time()
    await pool.close()
    names = ("build_columns", "build_with_lexical_index")
    seconds = dict(zip(names, (round(middle - start, 2), round(end - middle, 2)), strict=True))
    cpu = dict(zip(names, (round(middle_cpu - start_cpu, 2), round(end_cpu - middle_cpu, 2)), strict=True))
    return seconds, cpu


def cards_us(snapshot: Snapshot, rounds: int = 200) -> float:
    """Microseconds to read 25 leads with their companies and 3 snippets each, rows at random."""
    rng = np.random.default_rng(7)
    counts = snapshot.manifest.counts
    leads = rng.integers(counts.leads, size=(rounds, 25)).tolist()
    snippets = rng.integers(counts.snippets, size=(rounds, 75)).tolist()

    def read() -> None:
        for lead_rows, snippet_rows in zip(leads, snippets, strict=True):
            snapshot.catalogue.leads(lead_rows)
            snapshot.catalogue.companies(snapshot.leads.company[lead_rows].tolist())
            snapshot.catalogue.snippets(snippet_rows)

    read()
    return round(timed(read)[1] / rounds * 1e6, 1)


def measure(name: str, folder: Path) -> dict[str, Any]:
    digest = hashlib.sha256(
        b"".join((folder / file).read_bytes() for file in FILES if (folder / file).exists())
    )
    with tempfile.TemporaryDirectory() as scratch, EmbeddedPostgres(Path(scratch) / "server") as dsn:
        upgrade(dsn)
        asyncio.run(fill(dsn, folder))
        root = Path(scratch) / "snapshots"
        seconds, cpu = asyncio.run(build(dsn, root))
        snapshot, checked = timed(lambda: open_snapshot(root / "whole"))
        _, mapped = timed(lambda: open_snapshot(root / "whole", verify=False))
        sizes = {file: record.size_bytes for file, record in snapshot.manifest.files.items()}
        counts = snapshot.manifest.counts
        return {
            "world": name,
            "data": {
                "companies": counts.companies, "leads": counts.leads, "snippets": counts.snippets,
                "vectors": counts.vectors, "sha256": digest.hexdigest(),
            },
            "seconds": {**seconds, "open_with_checksums": round(checked, 3), "open": round(mapped, 4)},
            "cpu_seconds": cpu,
            "size_mib": {
                "all": round(sum(sizes.values()) / 2**20, 1),
                "lexical": round(sum(size for file, size in sizes.items() if file.startswith("lexical/")) / 2**20, 1),
                "vectors": round(sizes["companies.vectors.npy"] / 2**20, 1),
            },
            "cards_of_25_leads_us": cards_us(snapshot),
            "load_average": psutil.getloadavg()[0],
            "peak_rss_mib": {"builder": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024},
        }  # fmt: skip


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


def record(started: datetime, worlds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "scenario": "snapshot-build", "started_at": started.isoformat(), "git_sha": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
        "machine": {
            "cpu": platform.processor() or platform.machine(), "cores": psutil.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30), "gpu": None,
        },
        "versions": {"python": platform.python_version(), "asyncpg": version("asyncpg"), "taxonomy": load_taxonomy().version},
        "load": {"kind": "batch"}, "offered": len(worlds), "completed": len(worlds), "errors": {},
        "load_average": psutil.getloadavg()[0], "worlds": worlds,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("worlds", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--companies", type=int)
    options = parser.parse_args()
    started = datetime.now(UTC)
    named = [(name, Path(folder)) for name, _, folder in (world.partition("=") for world in options.worlds)]
    with tempfile.TemporaryDirectory() as scratch:
        if options.companies:
            generate(WorldSpec(companies=options.companies, snippets=5 * options.companies), Path(scratch))
            named.append((f"synthetic-{options.companies}", Path(scratch)))
        worlds = [measure(name, folder) for name, folder in named]
    RECORD.write_bytes(orjson.dumps(record(started, worlds), option=orjson.OPT_INDENT_2) + b"\n")
    print(RECORD, [(world["world"], world["seconds"]) for world in worlds])


if __name__ == "__main__":
    main()
