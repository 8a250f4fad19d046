"""`POST /query` answers alike on the short way, behind the refusals in front, and through FastAPI's route, which serves it where
it is mounted elsewhere."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.front import Front
from deployments.query_route import Threshold
from ranking.errors import DeadlineExceeded, Overloaded, Unavailable, UnknownGeneration
from tests.fixtures.served_app import AS_OF, ServedApp, serving, with_ports
from tests.fixtures.served_world import PROMPT, ServedWorld
from tests.integration.test_bad_requests import BODIES

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAYS = ("short", "front", "mounted")


def way_to(app: ServedApp, way: str) -> tuple[ASGIApp, str]:
    """An application and the path to ask it at; mounted, the short way does not know its path."""
    if way == "mounted":
        return Starlette(routes=[Mount("/mounted", app=app.app)]), "/mounted/query"
    return (Front(app.app, [app.app.front]) if way == "front" else app.app), "/query"


ALLOWANCE = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
HEADERS = {"content-length", "content-type", "x-request-id"} | ALLOWANCE


async def told(app: ServedApp, content: bytes) -> list[tuple[int, dict[str, str], dict[str, Any]]]:
    """Status, headers and document on each way; of what is left of the allowance, which each takes from, only that it is told."""
    found = []
    for way in WAYS:
        outer, path = way_to(app, way)
        transport = httpx2.ASGITransport(app=outer, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://leads") as client:
            headers = {"X-Request-Id": "mine", "Content-Type": "application/json"}
            response = await client.post(path, content=content, headers=headers)
        told = {name: "told" for name in response.headers if name.startswith("ratelimit-re")}
        found.append((response.status_code, {**response.headers, **told}, response.json()))
    return found


def without_what_differs(document: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        **document["metadata"],
        "timings_ms": document["metadata"]["timings_ms"].keys(),
        "cache": None,
    }
    return {**document, "metadata": metadata, "query_id": None}


@pytest.mark.parametrize(
    ("content", "pointer"), [body[1:] for body in BODIES], ids=[body[0] for body in BODIES]
)
async def test_bad_bodies_are_told_alike(served: ServedApp, content: bytes, pointer: str) -> None:
    short, front, routed = await told(served, content)
    assert short == front == routed
    assert (short[0], short[2]["request_id"]) == (422, "mine")
    assert pointer in [each["pointer"] for each in short[2]["errors"]]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"limit": 3, "filters": {"countries": ["DE"], "exclude": {"industries": ["banks"]}}},
        {"desired_count": 2, "candidates": ["nobody"]},
        {"options": {"as_of": AS_OF, "deadline_ms": 20_000, "explain": False, "llm": "never"}},
    ],
)
async def test_answers_are_alike(served: ServedApp, fields: dict[str, Any]) -> None:
    options = {"as_of": AS_OF, "deadline_ms": 20_000}
    ways = await told(served, json.dumps({"query": PROMPT, "options": options, **fields}).encode())
    documents = [without_what_differs(document) for _, _, document in ways]
    assert [status for status, _, _ in ways] == [200] * len(WAYS)
    assert documents == [documents[0]] * len(WAYS)
    for _, headers, _ in ways:
        assert headers.keys() == HEADERS
        assert headers["x-request-id"] == "mine"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("retrieval", "died"), 503),
        (Overloaded("retrieval", 2.5), 503),
        (DeadlineExceeded("retrieval"), 504),
        (UnknownGeneration("retrieval", "20200101T000000Z-0"), 503),
        (ZeroDivisionError("secret"), 500),
    ],
)
async def test_failures_are_told_alike(served_world: ServedWorld, error: Exception, status: int) -> None:
    class Failing:
        async def retrieve(self, *_: object) -> None:
            raise error

    async with serving(served_world, with_ports(served_world, retrieval=Failing())) as app:
        short, front, routed = await told(app, json.dumps({"query": PROMPT}).encode())
    assert short == front == routed
    assert short[0] == status
    assert "secret" not in str(short)


@pytest.mark.parametrize("way", WAYS)
async def test_an_error_of_ours_is_told_and_raised_for_the_log(served_world: ServedWorld, way: str) -> None:
    class Failing:
        async def retrieve(self, *_: object) -> None:
            raise ZeroDivisionError

    body = [{"type": "http.request", "body": json.dumps({"query": PROMPT}).encode()}]
    sent: list[int] = []
    async with serving(served_world, with_ports(served_world, retrieval=Failing())) as app:
        with pytest.raises(ZeroDivisionError):
            await _send(app, way, body, sent)
    assert sent == [500]


async def test_refusals_before_any_work_are_told_alike(served_world: ServedWorld) -> None:
    async with serving(served_world, max_in_flight=1) as app:
        async with app.flow.gate.turn(app.flow._deadline(10_000.0)):
            for content in (b"{", json.dumps({"query": PROMPT}).encode()):
                short, front, routed = await told(app, content)
                assert short == front == routed
                assert (short[0], short[2]["code"], short[1]["retry-after"]) == (503, "overloaded", "1")
        assert [each[0] for each in await told(app, json.dumps({"query": PROMPT}).encode())] == [200] * len(
            WAYS
        )


@pytest.mark.parametrize("way", WAYS)
async def test_a_body_may_come_in_pieces_and_not_at_all(served: ServedApp, way: str) -> None:
    content = json.dumps({"query": PROMPT, "limit": 2, "options": {"deadline_ms": 20_000}}).encode()
    pieces = [
        {"type": "http.request", "body": content[:9], "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": content[9:]},
    ]
    assert (await _statuses(served, way, [*pieces])) == [200]
    assert (await _statuses(served, way, [pieces[0], {"type": "http.disconnect"}])) == [499]
    flood = [{"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}] * 100
    assert (await _statuses(served, way, flood)) == [422]
    assert len(flood) == 97  # the rest is not read


async def test_a_query_counts_once_and_what_is_refused_in_front_goes_no_further(served: ServedApp) -> None:
    asked: list[str] = []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["path"])
        await served.app(scope, receive, send)

    transport = httpx2.ASGITransport(app=Front(counted, [served.app.front]))
    content = json.dumps({"query": PROMPT, "limit": 1, "options": {"deadline_ms": 20_000}}).encode()
    async with httpx2.AsyncClient(transport=transport, base_url="http://leads") as client:
        left = [
            int((await client.post("/query", content=each)).headers["ratelimit-remaining"])
            for each in (content, b"{", content)
        ]
        others = [(await client.get("/healthz")).status_code, (await client.get("/query")).status_code]
    assert [left[0] - each for each in left] == [0, 1, 2]
    assert others == [200, 405]
    assert asked == ["/query", "/query", "/healthz", "/query"]


async def test_until_the_ingress_has_started_all_pass(served: ServedApp) -> None:
    fronts: list[Threshold] = []
    transport = httpx2.ASGITransport(app=Front(served.app, fronts))
    async with httpx2.AsyncClient(transport=transport, base_url="http://leads") as client:
        first = await client.post("/query", content=b"{")
        fronts.append(served.app.front)
        second = await client.post("/query", content=b"{")
    assert first.status_code == second.status_code == 422


async def _statuses(served: ServedApp, way: str, messages: list[dict[str, Any]]) -> list[int]:
    sent: list[int] = []
    await _send(served, way, messages, sent)
    return sent


async def _send(served: ServedApp, way: str, messages: list[dict[str, Any]], statuses: list[int]) -> None:
    outer, path = way_to(served, way)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [], "client": None, "server": None,
    }  # fmt: skip
    await outer(scope, receive, send)
