"""The same prompts as a batch and over HTTP: prompts a second, CPU, memory, and whether the lists are the same (`leads bench batch`).

Both have the machine to themselves, one after the other, and both begin warm on disk: the batch's start (Ray, two workers) is in its
time once with and once without. Over HTTP `CONCURRENT` prompts are under way at a time, each sent when one returns: the question is how
long all of them take, so the loop is closed.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pyarrow.parquet as pq

from bench import record
from bench.asking import Directory, Supply
from bench.options import Options
from bench.processes import CpuMeter
from bench.running import local_system
from bench.scenario import Check, Requests
from commands.failure import USAGE, CommandError
from deployments.local import registry

PROMPTS = 2_000
CONCURRENT = 16
MOST_GIB = 6.0
_WARM_UP = 50
_TIMEOUT_S = 60.0
_SAMPLE_S = 0.5
Lists = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True)
class Offline:
    """A batch's figures.

    `start_s` is until its first part, of `first_prompts`, was done; `memory_mib` the most that its processes had at once, shared pages
    divided among them.
    """

    wall_s: float
    start_s: float
    first_prompts: int
    cpu_s: float
    memory_mib: float
    lists: Lists


@dataclass(frozen=True)
class Online:
    """The same prompts over HTTP; `cpu_s` of the system's processes and of ours, which asks."""

    wall_s: float
    cpu_s: float
    latency_ms: list[float]
    errors: Mapping[str, int]
    lists: Lists


def run(options: Options) -> Path:
    """Measure and write the record; return its path."""
    folder = options.folder()
    if not (folder / "snapshots" / "CURRENT").exists():
        raise CommandError(f"{folder} holds no imported data; `leads bench unique` makes some", USAGE)
    if registry.system_of(folder) is not None:
        raise CommandError(f"a system runs on {folder}: the batch is to have the machine alone", USAGE)
    count = int(options.rate_qps or PROMPTS)
    as_of = time.strftime("%Y-%m-%dT%H:00:00+00:00", time.gmtime())
    bodies = bodies_of(options, count + _WARM_UP, as_of)
    found = record.heading(
        "batch", record.data_of(folder), {"kind": "closed", "prompts": count, "concurrent": CONCURRENT}
    )
    with tempfile.TemporaryDirectory(prefix="leads-bench-") as scratch:
        offline = as_batch(bodies[:count], folder, Path(scratch), as_of)
    with local_system(None, folder) as state:
        ask(state.base_url, bodies[count:], state.pid)
        online = ask(state.base_url, bodies[:count], state.pid)
    found |= figures(offline, online, count) | {"seed": options.seed, "shortened": options.overrides()}
    return record.write(options.record_name, found, options.records)


def bodies_of(options: Options, count: int, as_of: str) -> list[dict[str, Any]]:
    """Requests as other scenarios make them."""
    requests = Requests(as_of=as_of, deadline_ms=30_000)
    supply = Supply(requests, options.seed, Directory(), options.prompts())
    return [json.loads(each) for each in supply.batch(count).bodies]


def as_batch(bodies: Sequence[Mapping[str, Any]], folder: Path, scratch: Path, as_of: str) -> Offline:
    """Score them by `leads batch` and watch its processes."""
    prompts, out = scratch / "prompts.jsonl", scratch / "out"
    prompts.write_text("".join(f"{json.dumps(row_of(number, each))}\n" for number, each in enumerate(bodies)))
    command = [
        sys.executable, "-m", "cli", "batch", str(prompts), str(out), "--data", str(folder), "--as-of", as_of,
    ]  # fmt: skip
    started_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with _Watched(process.pid) as watched:
        told, _ = process.communicate()
    wall_s = time.monotonic() - started_s
    if process.returncode:
        raise RuntimeError(f"leads batch ended with {process.returncode}: {told[-500:]}")
    summary = json.loads((out / "summary.json").read_text())
    scoring_s = summary["run"]["wall_s"] - summary["run"]["start_s"]
    first = summary["run"]["first_prompts"]
    return Offline(wall_s, wall_s - scoring_s, first, watched.cpu_s, watched.most_mib, lists_in(out))


def row_of(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """A row that asks what a body asks."""
    asked = {name: body[name] for name in ("limit", "filters", "candidates") if name in body}
    return {"prompt_id": str(number), "prompt": body["query"], **asked}


def lists_in(out: Path) -> Lists:
    """Lead and score of every row, by prompt."""
    found: Lists = {}
    for path in sorted((out / "leads").glob("part-*.parquet")):
        table = pq.read_table(path, columns=["prompt_id", "lead_id", "score"])
        for prompt, lead, score in zip(
            *(table[name].to_pylist() for name in table.column_names), strict=True
        ):
            found.setdefault(prompt, []).append((lead, score))
    return found


def ask(url: str, bodies: Sequence[Mapping[str, Any]], pid: int) -> Online:
    """Ask all of them, so many at a time."""
    lists: Lists = {}
    latency_ms: list[float] = []
    errors: Counter[str] = Counter()

    def one(number: int) -> None:
        begun_s = time.perf_counter()
        try:
            answer = client.post("/query", json=bodies[number])
        except httpx2.TransportError as err:
            errors[type(err).__name__] += 1
            return
        if answer.status_code != 200:
            errors[answer.json().get("code", str(answer.status_code))] += 1
            return
        latency_ms.append((time.perf_counter() - begun_s) * 1000.0)
        lists[str(number)] = [(lead["lead_id"], lead["score"]) for lead in answer.json()["leads"]]

    meter, own_s, started_s = CpuMeter(pid), time.process_time(), time.monotonic()
    limits = httpx2.Limits(max_connections=CONCURRENT, max_keepalive_connections=CONCURRENT)
    with (
        httpx2.Client(base_url=url, timeout=_TIMEOUT_S, limits=limits) as client,
        ThreadPoolExecutor(CONCURRENT) as pool,
    ):
        list(pool.map(one, range(len(bodies))))
    wall_s = time.monotonic() - started_s
    cpu_s = sum(meter.spent_ms().values()) / 1000.0 + time.process_time() - own_s
    return Online(wall_s, cpu_s, latency_ms, errors, lists)


def figures(offline: Offline, online: Online, count: int) -> dict[str, Any]:
    """What the record says. A list that is not the API's is an error of the batch."""
    different = sum(offline.lists.get(number, []) != leads for number, leads in online.lists.items())
    scoring_s = offline.wall_s - offline.start_s
    rates = {
        "batch": count / offline.wall_s,
        "batch after its start": (count - offline.first_prompts) / scoring_s,
        "http": count / online.wall_s,
    }
    errors = dict(online.errors) | ({"different list": different} if different else {})
    checks = [
        Check.below("lists that differ from the API's", different, 0),
        Check.below("GiB of memory of the batch", offline.memory_mib / 1024.0, MOST_GIB),
    ]
    return {
        "offered": 2 * count, "completed": 2 * count - sum(errors.values()), "errors": errors,
        "verdict": "held" if all(check.held for check in checks) else "missed", "checks": [asdict(each) for each in checks],
        "latency_ms": record.quantiles(online.latency_ms),
        "prompts_per_s": {name: round(rate, 2) for name, rate in rates.items()},
        "ratios": {
            "batch over http, start included": round(rates["batch"] / rates["http"], 3),
            "batch over http, after its start": round(rates["batch after its start"] / rates["http"], 3),
            "CPU of http over batch": round(online.cpu_s / offline.cpu_s, 3),
        },
        "start_s": round(offline.start_s, 2),
        "cpu_ms_per_query": {
            "batch": round(offline.cpu_s * 1000.0 / count, 3), "http": round(online.cpu_s * 1000.0 / count, 3),
        },
        "peak_rss_mib": {"batch": round(offline.memory_mib, 1)},
        "llm_ratio": 0.0,
        "doubts": [],
    }  # fmt: skip


class _Watched:
    """CPU and memory of a process and all below it, looked at twice a second; use as a context manager."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent: dict[tuple[int, float], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.most_mib = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes as last seen."""
        return sum(self._spent.values())

    def __enter__(self) -> "_Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(_SAMPLE_S):
            try:
                root = psutil.Process(self._pid)
                below = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self.most_mib = max(self.most_mib, sum(self._look(each) for each in below))

    def _look(self, process: psutil.Process) -> float:
        try:
            times = process.cpu_times()
            self._spent[process.pid, process.create_time()] = times.user + times.system
            return float(process.memory_full_info().pss) / 2**20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return 0.0
