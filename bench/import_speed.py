"""How long an import of many companies takes, without embeddings: `python bench/import_speed.py [--companies N]`.

Makes the rows itself (seeded), starts an embedded Postgres in a scratch folder, imports the file twice (the second
import must find everything unchanged) and writes bench/records/import-<N>.json.
"""

import argparse
import asyncio
import hashlib
import platform
import random
import resource
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import orjson
import psutil

from db.embedded import EmbeddedPostgres
from db.migrate import upgrade
from db.pool import open_pool
from ingest.importers import ImportReport, import_files

RECORDS = Path(__file__).parent / "records"
NOUNS = (
    "billing", "payroll", "routing", "scheduling", "inventory", "invoice", "claims", "fleet", "patient",
    "tenant", "ledger", "catalogue", "shipment", "sensor", "loyalty", "warehouse", "dispatch",
    "tutoring", "grading", "clinic", "harvest", "welding", "leasing", "audit", "consent", "archive",
    "translation", "forecast", "pricing",
)  # fmt: skip
VERBS = (
    "automates", "simplifies", "monitors", "predicts", "unifies", "reconciles", "secures", "digitises",
    "orchestrates", "benchmarks",
)  # fmt: skip
BUYERS = (
    "hospitals", "retailers", "banks", "builders", "schools", "farms", "airlines", "insurers",
    "agencies", "factories", "shops", "carriers",
)  # fmt: skip
INDUSTRIES = [
    "Software",
    "Healthcare",
    "Financial Services",
    "Retail",
    "Logistics",
    "Education",
    "Construction",
    "Energy",
]
PLACES = [("US", "San Francisco"), ("DE", "Berlin"), ("GB", "London"), ("FR", "Paris"), ("IN", "Bengaluru")]
TECHNOLOGIES = [
    "Salesforce",
    "HubSpot",
    "PostgreSQL",
    "Kubernetes",
    "React",
    "Python",
    "AWS",
    "Snowflake",
    "Stripe",
    "Zendesk",
]


def company(index: int, rng: random.Random) -> dict[str, object]:
    """One company of the import format; names repeat their first words as real ones do."""
    country, city = rng.choice(PLACES)
    sentences = " ".join(
        f"It {rng.choice(VERBS)} {rng.choice(NOUNS)} and {rng.choice(NOUNS)} for {rng.choice(BUYERS)} of every size."
        for _ in range(rng.randint(3, 7))
    )
    return {
        "company_id": f"c-{index}", "name": f"{rng.choice(NOUNS).title()}{rng.choice(NOUNS)} {index} Inc.",
        "domain": f"www.company-{index}.com" if rng.random() < 0.1 else f"company-{index}.com",
        "description": sentences, "industry": rng.choice(INDUSTRIES), "tags": rng.sample(NOUNS, 4), "country": country,
        "city": city, "employee_count": rng.choice([None, "51-200", rng.randint(1, 20_000)]),
        "founded_year": rng.randint(1950, 2025), "technologies": rng.sample(TECHNOLOGIES, 3), "is_active": rng.random() < 0.9,
    }  # fmt: skip


def write_companies(path: Path, count: int, seed: int) -> str:
    """Write the file and return its SHA-256."""
    rng = random.Random(seed)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for index in range(count):
            line = orjson.dumps(company(index, rng)) + b"\n"
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


async def timed_imports(dsn: str, path: Path) -> tuple[list[float], list[ImportReport]]:
    pool = await open_pool(dsn)
    seconds, reports = [], []
    try:
        for _ in range(2):
            start = time.perf_counter()
            reports.append(await import_files(pool, [path], kind="companies"))
            seconds.append(time.perf_counter() - start)
    finally:
        await pool.close()
    return seconds, reports


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


def record(
    count: int, sha256: str, started: datetime, seconds: list[float], reports: list[ImportReport]
) -> dict[str, object]:
    first, second = reports
    assert (first.stored, second.unchanged) == (count, count)
    return {
        "scenario": "import", "started_at": started.isoformat(), "git_sha": git("rev-parse", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
        "machine": {
            "cpu": platform.processor() or platform.machine(), "cores": psutil.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30), "gpu": None,
        },
        "versions": {"python": platform.python_version(), "asyncpg": version("asyncpg"), "postgres": "18.4"},
        "data": {"companies": count, "leads": first.company_leads, "snippets": 0, "sha256": sha256},
        "load": {"kind": "batch"}, "offered": 2, "completed": 2, "errors": {},
        "seconds": {"first_import": round(seconds[0], 2), "second_import": round(seconds[1], 2)},
        "rows_per_second": round(count / seconds[0]),
        "peak_rss_mib": {"importer": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024},
        "load_average": psutil.getloadavg()[0],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    started = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "companies.jsonl"
        sha256 = write_companies(path, options.companies, options.seed)
        with EmbeddedPostgres(Path(folder) / "postgres") as dsn:
            upgrade(dsn)
            seconds, reports = asyncio.run(timed_imports(dsn, path))
    found = record(options.companies, sha256, started, seconds, reports)
    RECORDS.mkdir(exist_ok=True)
    target = RECORDS / f"import-{options.companies // 1000}k.json"
    target.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    print(target, found["seconds"])


if __name__ == "__main__":
    main()
