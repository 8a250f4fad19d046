"""A cold start: from nothing running, with data present, to the first answer; then the first queries."""

import time
from typing import Any

import httpx2

from bench import steady
from bench.scenario import Check, ColdStart
from bench.stand import Stand

_TIMEOUT_S = 30.0
_FIRST = {"query": "CRM software for software companies", "options": {"deadline_ms": 30_000, "llm": "never"}}


def run(stand: Stand, shape: ColdStart, started_s: float) -> dict[str, Any]:
    """Ask at once, then the first queries without any warm-up.

    Args:
        started_s: `time.monotonic()` when the system was told to start; it is ready now.
    """
    ready_s = time.monotonic() - started_s
    asked_s = time.perf_counter()
    answer = httpx2.post(f"{stand.state.base_url}/query", json=_FIRST, timeout=_TIMEOUT_S)
    first_ms = 1000.0 * (time.perf_counter() - asked_s)
    answer.raise_for_status()
    rate_qps = stand.options.rate_qps or shape.rate_qps
    count = round(stand.options.seconds * rate_qps) if stand.options.seconds else shape.queries
    measured, batch = stand.offer(rate_qps, count / rate_qps)
    holds = stand.scenario.holds
    found = steady.checks(measured, holds)
    if holds.ready_s is not None:
        found.insert(
            0, Check.below("seconds to the first answer", ready_s + first_ms / 1000.0, holds.ready_s)
        )
    return steady.figures(stand, measured, batch) | {
        "load": steady.load_of(stand, batch, rate_qps, count / rate_qps) | {"warm_up": None},
        "ready_s": round(ready_s, 2), "first_answer_ms": round(first_ms, 1),
        "first_answer_s": round(ready_s + first_ms / 1000.0, 2), "checks": found,
    }  # fmt: skip
