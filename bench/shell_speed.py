"""CPU of the ingress around parsing, ranking and presenting, per answer and per refusal; writes bench/records/shell-speed.json.

Run from the repository root: python -m bench.shell_speed

One process without Ray or sockets: requests go into the application as ASGI messages, rows of the query log into an
embedded Postgres, counters into mapped files as behind Serve. The ranked list is a prepared one, its bytes too, and the
parse is held in the cache. The kinds take turns, so that whatever else the machine does meets them alike; a figure is
the median of the rounds, each of so many requests in a row.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import asyncpg

from bench import record
from configs.quality import QualityArgs
from db import migrate
from db.embedded import LAPTOP_SETTINGS, EmbeddedPostgres
from db.pool import open_pool
from db.submitters.keys import create_key
from deployments.access import Access
from deployments.http import Wiring, build_app
from deployments.query_flow import QueryFlow
from deployments.query_log import QueryLog
from deployments.reputation import Reputation
from deployments.telemetry import Telemetry
from ranking.answer import (
    Contact,
    Cost,
    Degradation,
    RankedLead,
    RankedList,
    Routes,
    Signal,
    WaterfallPart,
)
from ranking.deadline import Deadline
from ranking.taxonomy import load_taxonomy
from ranking.types import Generation, StepReport

ROUNDS, IN_A_ROW, LEADS = 30, 100, 25
ANSWER_BYTES = 40_000
TARGETS_MS = {"answered": 0.6, "refused, no place": 0.3, "refused, too late": 0.3}
PROMPT = "CRM software for companies in Europe with 20-500 employees, not hospitals"
VERSIONS = {"booster": "1", "embedder": "1", "taxonomy": "1", "config": "1"}
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_PLACES = 1024
Ask = Callable[[], Awaitable[None]]


def main() -> None:
    """Measure and write the record; starts itself anew where counters are to be kept in files."""
    if _METRICS not in os.environ:
        with TemporaryDirectory(prefix="leads-shell-") as folder:
            arguments = [sys.executable, "-m", "bench.shell_speed"]
            sys.exit(os.spawnve(os.P_WAIT, sys.executable, arguments, {**os.environ, _METRICS: folder}))
    with (
        TemporaryDirectory(prefix="leads-shell-") as folder,
        EmbeddedPostgres(Path(folder), {**LAPTOP_SETTINGS, "fsync": "off"}) as dsn,
    ):
        migrate.upgrade(dsn)
        with (
            patch("deployments.query_flow.rank_leads", _ranked),
            patch("deployments.query_route.envelope", lambda *_, **__: b" " * ANSWER_BYTES),
        ):
            spent_ms = asyncio.run(_measured(dsn))
    path = record.write("shell-speed", _record(spent_ms))
    for kind, each in spent_ms.items():
        print(f"{median(each):8.4f} ms  {kind}")
    print(f"written to {path}")


async def _measured(dsn: str) -> dict[str, list[float]]:
    async with AsyncExitStack() as closing:
        pool = await closing.enter_async_context(await open_pool(dsn))
        kinds = {
            "answered": await _asking(closing, pool, 200, {}),
            "answered under a key and judged": await _asking(closing, pool, 200, {}, keyed=True),
            "answered through FastAPI's route": await _asking(closing, pool, 200, {}, mounted=True),
            "refused, no place": await _asking(closing, pool, 503, {}, places=1, taken=1),
            "refused, too late": await _asking(closing, pool, 503, {"deadline_ms": 20}, taken=40),
            "unusable body": await _asking(closing, pool, 422, {"deadline": 1}),
        }
        spent_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS + 1):
            for kind, ask in kinds.items():
                before_s = time.process_time()
                for _ in range(IN_A_ROW):
                    await ask()
                await asyncio.sleep(0.0)
                spent_ms[kind].append((time.process_time() - before_s) / IN_A_ROW * 1000.0)
    return {kind: each[1:] for kind, each in spent_ms.items()}  # the first round warms up


async def _asking(
    closing: AsyncExitStack,
    pool: asyncpg.Pool,
    status: int,
    options: dict[str, object],
    *,
    places: int = _PLACES,
    taken: int = 0,
    mounted: bool = False,
    keyed: bool = False,
) -> Ask:
    """A function that asks once, of an application of its own with so many places taken by others."""
    telemetry, taxonomy = Telemetry(), load_taxonomy()
    log = QueryLog(pool, 20_000, 3600.0, telemetry)
    access, reputation = Access.without_keys(), None
    scope_headers: list[tuple[bytes, bytes]] = []
    if keyed:
        key = await create_key(pool, "bench", "", ("trusted",), secrets.token_bytes)
        await access.refresh(pool)
        reputation = Reputation(pool, QualityArgs(), telemetry)
        scope_headers.append((b"authorization", f"Bearer {key}".encode()))
    flow = QueryFlow(
        ports=None, taxonomy=taxonomy, generation=lambda: Generation("g"), versions=lambda: VERSIONS, log=log,
        telemetry=telemetry, parse_cache=10, max_in_flight=places, reputation=reputation,
    )  # fmt: skip
    for _ in range(taken):
        await closing.enter_async_context(flow.gate.turn(Deadline.after_ms(3.6e6, time.monotonic)))
    app = build_app(Wiring(lambda: flow, dict, lambda: VERSIONS, telemetry, _no_lifespan, False, access))
    body = json.dumps({"query": PROMPT, "options": options}).encode()
    scope = _scope("/elsewhere" if mounted else "", len(body))
    scope["headers"] += scope_headers
    asked = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != status:
            raise AssertionError(f"{message['status']} where {status} was expected")

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await app({**scope, "state": {}}, receive, send)
        if asked % IN_A_ROW == 0:
            telemetry.flush()
            await log.flush()
            if reputation is not None:
                await reputation.round()

    return ask


def _scope(root: str, length: int) -> dict[str, Any]:
    headers = {
        "host": "127.0.0.1:8000", "content-type": "application/json", "content-length": str(length), "accept": "*/*",
        "user-agent": "bench", "x-request-id": "0123456789abcdef0123456789abcdef",
    }  # fmt: skip
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": f"{root}/query", "raw_path": f"{root}/query".encode(), "query_string": b"", "root_path": root,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


@asynccontextmanager
async def _no_lifespan(_app: object) -> AsyncIterator[None]:
    yield


def _lead(rank: int) -> RankedLead:
    signals = tuple(
        Signal(
            miner_id="feed", snippet_id=f"snippet-{rank}-{at}", kind="news", text="They look for a new CRM. " * 8,
            source_url="https://example.org/1",
            observed_at="2026-01-01", age_days=12.0, decay=0.9, points=3.0, matched_terms=("crm",),
        )
        for at in range(3)
    )  # fmt: skip
    waterfall = [
        WaterfallPart(part=part, value=1.0, weight=0.2, points=0.2)
        for part in ("fit.industry", "fit.size", "fit.region")
    ]
    contact = Contact(name="A Person", title="CTO", seniority="cxo", email="a@example.org", note=None)
    return RankedLead(
        rank=rank, lead_id=f"lead-{rank:08d}", company_id=f"company-{rank:08d}", company_name="Example", domain="example.org",
        industry="software", employee_count=120, country="DE", city="Berlin", contact=contact, score=1.0 - rank / 100.0,
        fit_score=0.8123456, intent_score=71.98765, confidence=0.5, intent_source="bm25", step="strict", unverified=(),
        signals=signals, waterfall=waterfall, why="because", merged=(),
    )  # fmt: skip


_TIMES_MS = {"retrieve": 3.123, "evidence": 4.123, "intent": 2.123, "rank": 1.123, "present": 2.123}
_RANKED = RankedList(
    tuple(_lead(rank) for rank in range(1, LEADS + 1)), "20260101T000000Z-0123456789ab", 500, 4000, None,
    (StepReport("strict", 400), StepReport("unknown", 200)), Routes(100, 0, 400, 0), (), (Degradation("llm", "no_key"),),
    _TIMES_MS, (), Cost(),
)  # fmt: skip


async def _ranked(*_: object) -> RankedList:
    return _RANKED


def _record(spent_ms: dict[str, list[float]]) -> dict[str, Any]:
    medians = {kind: round(median(each), 4) for kind, each in spent_ms.items()}
    asked = ROUNDS * IN_A_ROW * len(spent_ms)
    data, load = {"leads": LEADS, "answer_bytes": ANSWER_BYTES}, {"rounds": ROUNDS, "in_a_row": IN_A_ROW}
    packages = ("fastapi", "starlette", "pydantic", "orjson", "asyncpg", "prometheus_client")
    return {
        **record.heading("shell-speed", data, load, packages),
        "offered": asked,
        "completed": asked,
        "errors": {},
        "cpu_ms": medians,
        "targets_ms": TARGETS_MS,
        "met": all(medians[kind] <= target for kind, target in TARGETS_MS.items()),
    }


if __name__ == "__main__":
    main()
