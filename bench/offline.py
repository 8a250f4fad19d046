"""The same prompts as a batch and over HTTP: prompts a second, CPU, memory, and whether the lists are the same (`leads bench batch`).

Both have the machine to themselves, one after the other, and both begin warm on disk: the batch's start (Ray, two workers) is in its
time once with and once without; the system that answers over HTTP runs already. There `CONCURRENT` prompts are under way at a time, each
sent when one returns: the question is how long all of them take, so the loop is closed. Between the two the batch is run once more, killed
half-way with all its processes, and resumed.
"""

import http.client
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench import record
from bench.asking import Directory, Supply
from bench.batch_runs import BatchJob, Lists, Run
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
_KILLED_AT = 0.5
_TIMEOUT_S = 60.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Resumed:
    """The batch that was killed: prompts it had answered by then, those that are missing or there twice at the end, its most memory."""

    kept: int
    faults: int
    memory_mib: float
    lists: Lists


@dataclass(frozen=True)
class Online:
    """The prompts over HTTP; `cpu_s` of the system's processes, `client_cpu_s` of ours, which asks. `errors` by status or exception."""

    wall_s: float
    cpu_s: float
    client_cpu_s: float
    latency_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    lists: Lists = field(default_factory=dict)


class _Reply(NamedTuple):
    number: int
    took_ms: float
    status: str
    content: bytes


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
        job = BatchJob(bodies[:count], folder, Path(scratch) / "whole", as_of)
        offline, lists = job.to_its_end(), job.lists()
        resumed = killed_and_resumed(BatchJob(bodies[:count], folder, Path(scratch) / "killed", as_of))
    with local_system(None, folder) as state:
        ask(state.base_url, bodies[count:], state.pid)
        online = ask(state.base_url, bodies[:count], state.pid)
    found |= figures(offline, lists, resumed, online, count)
    found |= {"seed": options.seed, "shortened": options.overrides()}
    return record.write(options.record_name, found, options.records)


def bodies_of(options: Options, count: int, as_of: str) -> list[dict[str, Any]]:
    """Requests as other scenarios make them."""
    requests = Requests(as_of=as_of, deadline_ms=30_000)
    supply = Supply(requests, options.seed, Directory(), options.prompts())
    return [json.loads(each) for each in supply.batch(count).bodies]


def killed_and_resumed(job: BatchJob) -> Resumed:
    """What is there after a kill and a resume."""
    before_mib = job.killed(_KILLED_AT)
    kept = job.answered()
    after = job.to_its_end("--resume")
    return Resumed(kept, job.faults(), max(before_mib, after.memory_mib), job.lists())


def ask(url: str, bodies: Sequence[Mapping[str, Any]], pid: int) -> Online:
    """Ask all of them, so many at a time, each over a connection that is kept; answers are read when all are there."""
    sent = [json.dumps(each).encode() for each in bodies]
    numbers = iter(
        range(len(sent))
    )  # each goes to one thread: `next` of a range is one step of the interpreter
    meter, own_s, started_s = CpuMeter(pid), time.process_time(), time.monotonic()
    with ThreadPoolExecutor(CONCURRENT) as pool:
        under_way = [pool.submit(_ask, url, numbers, sent) for _ in range(CONCURRENT)]
        replies = [reply for each in under_way for reply in each.result()]
    wall_s, own_s = time.monotonic() - started_s, time.process_time() - own_s
    online = Online(wall_s, sum(meter.spent_ms().values()) / 1000.0, own_s)
    for reply in replies:
        if reply.status != str(int(http.client.OK)):
            online.errors[reply.status] += 1
            continue
        online.latency_ms.append(reply.took_ms)
        leads = json.loads(reply.content)["leads"]
        online.lists[str(reply.number)] = [(lead["lead_id"], lead["score"]) for lead in leads]
    return online


def _ask(url: str, numbers: Iterator[int], sent: Sequence[bytes]) -> list[_Reply]:
    """One of those who ask, until nothing is left to be asked."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT_S)
    found = []
    for number in numbers:
        begun_s = time.perf_counter()
        try:
            connection.request("POST", "/query", sent[number], _JSON)
            answer = connection.getresponse()
            status, content = str(answer.status), answer.read()
        except (OSError, http.client.HTTPException) as err:
            status, content = type(err).__name__, b""
            connection.close()  # the next request opens it again
        found.append(_Reply(number, (time.perf_counter() - begun_s) * 1000.0, status, content))
    connection.close()
    return found


def figures(offline: Run, lists: Lists, resumed: Resumed, online: Online, count: int) -> dict[str, Any]:
    """What the record says. A list that is not the API's is an error of the batch."""
    different = sum(lists.get(number, []) != leads for number, leads in online.lists.items())
    after_a_kill = sum(resumed.lists.get(str(at), []) != lists.get(str(at), []) for at in range(count))
    memory_gib = max(offline.memory_mib, resumed.memory_mib) / 1024.0
    start_s = (
        offline.start_s - offline.scoring_s * offline.first_prompts / count
    )  # the first part took a core's time, too
    rates = {
        "batch": count / offline.wall_s,
        "batch after its start": count / (offline.wall_s - start_s),
        "http": count / online.wall_s,
    }
    errors = dict(online.errors) | ({"different list": different} if different else {})
    checks = [
        Check.below("lists that differ from the API's", different, 0),
        Check.below("lists that differ after a kill and a resume", after_a_kill, 0),
        Check.below("prompts missing or there twice after a kill and a resume", resumed.faults, 0),
        Check.below("GiB of memory of all processes of the batch", memory_gib, MOST_GIB),
    ]
    return {
        "offered": 2 * count, "completed": offline.prompts + len(online.lists) - different, "errors": errors,
        "verdict": "held" if all(check.held for check in checks) else "missed", "checks": [asdict(each) for each in checks],
        "prompts_per_s": {name: round(rate, 2) for name, rate in rates.items()},
        "ratios": {
            "batch over http, start included": round(rates["batch"] / rates["http"], 3),
            "batch over http, after its start": round(rates["batch after its start"] / rates["http"], 3),
            "CPU of http over batch": round(online.cpu_s / offline.cpu_s, 3),
        },
        "start_s": round(start_s, 2),
        "even_at_prompts": even_at(start_s, rates),
        "answered_when_killed": resumed.kept,
        "latency_ms": record.quantiles(online.latency_ms),
        "cpu_ms_per_query": {
            name: round(spent_s * 1000.0 / count, 3)
            for name, spent_s in (
                ("batch", offline.cpu_s), ("batch, without its start", offline.scoring_s), ("http", online.cpu_s),
                ("who asks over http", online.client_cpu_s),
            )
        },
        "peak_pss_mib": {
            "batch, all processes": round(offline.memory_mib, 1), "killed and resumed": round(resumed.memory_mib, 1),
        },
        "peak_rss_mib": {"batch, a worker": round(offline.worker_mib, 1)},
        "llm_ratio": 0.0,
        "doubts": [],
    }  # fmt: skip


def even_at(start_s: float, rates: Mapping[str, float]) -> int | None:
    """From how many prompts on the batch is sooner done than the API that runs already; None when it never is."""
    batch_s, http_s = 1.0 / rates["batch after its start"], 1.0 / rates["http"]
    if batch_s >= http_s:
        return None
    return round(start_s / (http_s - batch_s))
