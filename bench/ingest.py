"""How many snippets a second go from the broker into Postgres, judged and stored, and whether memory stays flat.

A world's snippets are signed and published first; then one intake, as `leads up` starts it, stores them all into an empty database of
the world's companies. Nothing else runs: no graph, no queries. `--snippets` below 300,000 shortens the run.

Memory is not flat before the index of near-duplicates is full: it holds the newest million originals, 246 bytes each at most
(`ingest/plagiarism/index.py`), and is built of arrays that grow by a quarter. It says itself how large it is
(`leads_ingest_index_bytes`); what the intake grows by without it in the second half must be next to nothing, and all of its growth little
enough for a million texts to fit into the memory that is meant for them.
"""

import asyncio
import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from rich.console import Console

from bench import record
from bench.options import BENCH_FOLDER, Options
from bench.scenario import Check
from commands.failure import CommandError
from configs.streams import StreamArgs, StreamSettings
from db import migrate
from db.embedded import EmbeddedBroker, EmbeddedPostgres
from db.embedded.process import ServerProcess
from db.pool import open_pool
from ingest.importers import import_files
from ingest.streams.connecting import Connection
from ingest.streams.messages import encoded
from ingest.streams.producer_keys import Keys
from ingest.streams.producing import routing_key, sending
from ingest.streams.signing import SIGNED_TOGETHER, Signer
from ingest.streams.topics import make_topics
from ingest.synthetic import DEFAULT_SPEC, generate

MESSAGES = 300_000
LEAST_PER_S = 1_000.0
MOST_GROWTH_BYTES = 350.0
MOST_OTHER_GROWTH_BYTES = 50.0
_PER_COMPANY = 10
_TOPIC = "miner.snippets"
_PACKAGES = ("aiokafka", "asyncpg", "cryptography", "numpy", "numba", "pydantic", "orjson")
_EVERY_S = 1.0
_STALLED_S = 120.0


@dataclass(frozen=True)
class Look:
    """How far the intake was at a moment, what it held in memory, its index in particular, and what each part had spent by then."""

    at_s: float
    done: Mapping[str, float]
    rss_mib: Mapping[str, float]
    cpu_s: Mapping[str, float]
    index_bytes: float = 0.0

    @property
    def messages(self) -> float:
        """Messages that came to an end, whichever."""
        return sum(self.done.values())


@dataclass(frozen=True)
class Parts:
    """The processes that are measured, by name, each with all below it."""

    roots: Mapping[str, psutil.Process]

    def look(self, started_s: float, done: Mapping[str, float], index_bytes: float = 0.0) -> Look:
        families = {name: [root, *root.children(recursive=True)] for name, root in self.roots.items()}
        rss, cpu = {}, {}
        for name, family in families.items():
            rss[name] = sum(record.mib(each.memory_info().rss) for each in family)
            times = [each.cpu_times() for each in family]
            cpu[name] = sum(
                each.user + each.system + each.children_user + each.children_system for each in times
            )
        return Look(time.monotonic() - started_s, done, rss, cpu, index_bytes)


def run(options: Options) -> Path:
    """Measure and write the record; returns its path."""
    wanted = min(options.snippets, MESSAGES)
    console = Console(highlight=False)
    world = _world(wanted, options.seed, console)
    with tempfile.TemporaryDirectory(prefix="leads-bench-") as scratch:
        folder = Path(scratch)
        postgres, broker = EmbeddedPostgres(folder), EmbeddedBroker(folder)
        with postgres as dsn, broker as address:
            migrate.upgrade(dsn)
            asyncio.run(_import_companies(dsn, world))
            data = {"companies": wanted // _PER_COMPANY, "snippets": wanted, "sha256": _digest(world)}
            found = record.heading("ingest", data, {"kind": "closed", "messages": wanted}, _PACKAGES)
            console.print(f"publishing {wanted:,} snippets")
            sent, producing_s = asyncio.run(_publish(dsn, address, world, wanted))
            with _intake(folder, dsn, address, folder / "metrics") as intake:
                pids = {"intake": intake.pid, "postgres": postgres.pid, "broker": broker.pid}
                parts = Parts({name: psutil.Process(pid) for name, pid in pids.items()})
                looks = _drained(parts, intake, folder / "metrics", sent, console)
    found |= figures(looks, sent) | {
        "producer_cpu_ms_per_message": round(1000.0 * producing_s / sent, 4),
        "seed": options.seed, "shortened": {"snippets": wanted} if wanted < MESSAGES else {},
    }  # fmt: skip
    folder = options.records if wanted == MESSAGES or options.out else BENCH_FOLDER / "records"
    path = record.write(options.record_name, found, folder)
    for check in found["checks"]:
        console.print(
            f"  {'held  ' if check['held'] else 'MISSED'} {check['what']}: {check['value']:g} (limit {check['limit']:g})"
        )
    console.print(f"  {path}")
    return path


def figures(looks: list[Look], sent: int) -> dict[str, Any]:
    """What the record says, from looks at a run that began at the first of them with messages done."""
    first = next(look for look in looks if look.messages > 0)
    last = next(look for look in looks if look.messages == looks[-1].messages)
    done = last.messages - first.messages
    per_s = done / max(last.at_s - first.at_s, 1e-9)
    cpu = {name: last.cpu_s[name] - first.cpu_s[name] for name in last.cpu_s}
    early = next(look for look in looks if look.messages >= 0.2 * sent)
    half = next(look for look in looks if look.messages >= 0.5 * sent)
    grown_bytes = (last.rss_mib["intake"] - half.rss_mib["intake"]) * 2**20
    later = max(last.messages - half.messages, 1.0)
    growth_bytes = grown_bytes / later
    other_bytes = (grown_bytes - (last.index_bytes - half.index_bytes)) / later
    checks = [
        Check.least("snippets a second, broker to Postgres", per_s, LEAST_PER_S),
        Check.below(
            "bytes by which the intake grows per message, second half", growth_bytes, MOST_GROWTH_BYTES
        ),
        Check.below("the same without its index of near-duplicates", other_bytes, MOST_OTHER_GROWTH_BYTES),
    ]
    stored = {name: int(last.done.get(name, 0)) for name in ("stored", "unchanged")}
    errors = {name: int(count) for name, count in last.done.items() if name not in stored}
    return {
        "offered": sent, "completed": sum(stored.values()), "errors": errors, "results": stored,
        "messages_per_s": round(per_s, 1), "seconds": round(last.at_s - first.at_s, 2),
        "cpu_ms_per_message": {name: round(1000.0 * spent / done, 4) for name, spent in cpu.items()},
        "busy_cores": round(sum(cpu.values()) / max(last.at_s - first.at_s, 1e-9), 3),
        "rss_mib": {
            name: {"after_a_fifth": round(early.rss_mib[name], 1), "at_the_end": round(last.rss_mib[name], 1)}
            for name in last.rss_mib
        },
        "timeline": {
            "at_s": [round(look.at_s, 1) for look in looks],
            "messages": [int(look.messages) for look in looks],
            "intake_rss_mib": [round(look.rss_mib["intake"], 1) for look in looks],
            "index_mib": [round(record.mib(look.index_bytes), 1) for look in looks],
        },
        "verdict": "held" if all(check.held for check in checks) else "missed",
        "checks": [asdict(check) for check in checks],
    }  # fmt: skip


def _drained(parts: Parts, intake: ServerProcess, metrics: Path, sent: int, console: Console) -> list[Look]:
    """Looks at an intake from its start until all messages came to an end, once a second."""
    started_s = progressed_s = time.monotonic()
    looks = [parts.look(started_s, {})]
    pause = threading.Event()
    while looks[-1].messages < sent:
        pause.wait(_EVERY_S)
        intake.check()
        looks.append(parts.look(started_s, *_told(metrics)))
        now = looks[-1]
        if now.messages > looks[-2].messages:
            progressed_s = time.monotonic()
        elif time.monotonic() - progressed_s > _STALLED_S:
            raise CommandError(f"the intake stalled at {now.messages:,.0f} of {sent:,} messages")
        if len(looks) % 10 == 0:
            console.print(
                f"  {now.at_s:6.1f} s  {now.messages:9,.0f}  intake {now.rss_mib['intake']:.0f} MiB"
            )
    return looks


@contextmanager
def _intake(folder: Path, dsn: str, address: str, metrics: Path) -> Iterator[ServerProcess]:
    """An intake as `leads up` starts it."""
    metrics.mkdir()
    started = ServerProcess(
        "intake",
        (sys.executable, "-m", "commands.intake"),
        log=folder / "logs" / "intake.log",
        on_parent_death=signal.SIGKILL,
        environment={
            **os.environ,
            "DATABASE_URL": dsn,
            "KAFKA_BOOTSTRAP_SERVERS": address,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        },
    )
    try:
        yield started
    finally:
        started.stop(((signal.SIGTERM, 20.0),))


def _told(metrics: Path) -> tuple[dict[str, float], float]:
    """Messages that came to an end, by what became of them, and the bytes of the index."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics))
    done: dict[str, float] = {}
    index_bytes = 0.0
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == "leads_ingest_index_bytes":
                index_bytes = sample.value
            if sample.name == "leads_ingest_messages_total":
                result = sample.labels["result"]
                done[result] = done.get(result, 0.0) + sample.value
    return done, index_bytes


async def _publish(dsn: str, address: str, world: Path, wanted: int) -> tuple[int, float]:
    """Publish the world's first snippets, signed by a registered relay; returns how many, and the CPU seconds it took here."""
    signer = Signer(Ed25519PrivateKey.generate())
    pool = await open_pool(dsn)
    try:
        await Keys(pool).add(signer.public_key, "relay", None, "bench", datetime.now(UTC))
    finally:
        await pool.close()
    connection = Connection(address, StreamSettings(kafka_bootstrap_servers=None))
    await make_topics(connection, StreamArgs())
    began_s = time.process_time()
    sent = 0
    with (world / "snippets.jsonl").open("rb") as lines:
        async with sending(connection) as producer:
            wanted_lines = islice(lines, wanted)
            while part := [orjson.loads(line) for line in islice(wanted_lines, SIGNED_TOGETHER)]:
                now = datetime.now(UTC)
                messages = [(routing_key(values), encoded(values, now)) for values in part]
                await producer.send_signed(_TOPIC, messages, signer)
                sent += len(part)
            await producer.settle()
    return sent, time.process_time() - began_s


async def _import_companies(dsn: str, world: Path) -> None:
    pool = await open_pool(dsn)
    try:
        await import_files(pool, [world / "companies.jsonl"])
    finally:
        await pool.close()


def _world(snippets: int, seed: int, console: Console) -> Path:
    """A world of so many snippets, made once and kept."""
    world = BENCH_FOLDER / f"ingest-{snippets}-{seed}"
    if not (world / "manifest.json").exists():
        with console.status(f"generating a world of {snippets:,} snippets"):
            companies = max(50, snippets // _PER_COMPANY)
            generate(replace(DEFAULT_SPEC, companies=companies, snippets=snippets, seed=seed), world)
    return world


def _digest(world: Path) -> str:
    with (world / "snippets.jsonl").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
