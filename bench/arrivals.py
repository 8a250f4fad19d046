"""The load generator: arrival times are fixed beforehand, whatever the answers do (open loop).

A process of its own: `python -m bench.arrivals` reads one `Load` as JSON from stdin and writes one `Outcome` as JSON to
stdout. A query's latency runs from the time it was due, so that a generator or a server that falls behind
shows in the figures instead of thinning the load.
"""

import asyncio
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path

import aiohttp

_PROJECT = Path(__file__).parents[1]
_LEAD_S = 0.2
_DEGRADED = (b'"reason":"deadline"', b'"reason":"overloaded"', b'"reason":"unavailable"')
_GRACE_S = 60.0


@dataclass(frozen=True)
class Load:
    """What is sent: each prompt once, at Poisson times of `rate_qps` drawn from `seed`."""

    url: str
    prompts: list[str]
    rate_qps: float
    seed: int
    limit: int = 25
    deadline_ms: int = 5_000
    timeout_s: float = 10.0


@dataclass
class Outcome:
    """What came of it. `latencies_ms` of answered queries only; `degraded` are answers in which a stage was skipped."""

    offered: int
    completed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    degraded: int = 0
    duration_s: float = 0.0
    latest_start_ms: float = 0.0
    cpu_s: float = 0.0


def due_times(count: int, rate_qps: float, seed: int) -> list[float]:
    """Seconds from the start at which each query is due, ascending."""
    rng = random.Random(seed)
    return list(accumulate(rng.expovariate(rate_qps) for _ in range(count)))


def offer(load: Load) -> Outcome:
    """Send the load from a process of its own."""
    count_s = len(load.prompts) / load.rate_qps
    done = subprocess.run(
        [sys.executable, "-m", "bench.arrivals"],
        cwd=_PROJECT,
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=True,
        timeout=count_s + load.timeout_s + _GRACE_S,
    )
    return Outcome(**json.loads(done.stdout))


async def send(load: Load) -> Outcome:
    """Send the load from this process."""
    outcome = Outcome(offered=len(load.prompts))
    errors: Counter[str] = Counter()
    timeout = aiohttp.ClientTimeout(total=load.timeout_s)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as client:
        start_s = time.perf_counter() + _LEAD_S
        due = [start_s + each for each in due_times(len(load.prompts), load.rate_qps, load.seed)]
        tasks = []
        for prompt, due_s in zip(load.prompts, due, strict=True):
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            outcome.latest_start_ms = max(outcome.latest_start_ms, 1000.0 * (time.perf_counter() - due_s))
            tasks.append(asyncio.create_task(_one(client, load, prompt, due_s, outcome, errors)))
        await asyncio.gather(*tasks)
        outcome.duration_s = time.perf_counter() - start_s
    outcome.errors = dict(errors)
    return outcome


async def _one(
    client: aiohttp.ClientSession,
    load: Load,
    prompt: str,
    due_s: float,
    outcome: Outcome,
    errors: Counter[str],
) -> None:
    body = {
        "query": prompt,
        "limit": load.limit,
        "options": {"deadline_ms": load.deadline_ms, "llm": "never"},
    }
    try:
        async with client.post(f"{load.url}/query", json=body) as response:
            content = await response.read()
    except TimeoutError:
        errors["timeout"] += 1
        return
    except aiohttp.ClientError as err:
        errors[type(err).__name__] += 1
        return
    if response.status != 200:
        errors[str(response.status)] += 1
        return
    outcome.completed += 1
    outcome.latencies_ms.append(1000.0 * (time.perf_counter() - due_s))
    outcome.degraded += any(mark in content for mark in _DEGRADED)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Stdin to stdout."""
    before_s = _cpu_s()
    outcome = asyncio.run(send(Load(**json.load(sys.stdin))))
    outcome.cpu_s = _cpu_s() - before_s
    json.dump(asdict(outcome), sys.stdout)


if __name__ == "__main__":
    main()
