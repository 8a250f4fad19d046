"""The stand-in as an HTTP server on loopback: chat completions, and a control page that changes its behaviour at once."""

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from types import TracebackType
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from deployments.standin.behaviour import Behaviour, Fault
from deployments.standin.judging import Judge
from deployments.standin.prompt_book import PromptBook, readings_content
from deployments.standin.protocol import ChatRequest, completion, error, tokens
from deployments.standin.reading import read_prompt
from deployments.standin.world import HiddenWorld

_PIECES = 8
_LARGEST_BODY = 4 << 20
_READINGS = "readings"


class StandIn:
    """An endpoint to give to a client as its base URL; use it as an asynchronous context.

    `behaviour` may be set at any time, here or by `PUT /control`. `seen` counts calls by what became of them.
    """

    def __init__(
        self,
        world: HiddenWorld | None = None,
        seed: int = 0,
        behaviour: Behaviour | None = None,
        port: int = 0,
        book: PromptBook | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.seen: Counter[str] = Counter()
        self.open_calls = 0
        self.most_open_calls = 0
        self._judge = Judge(world, seed)
        self._book = book or PromptBook.shipped()
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL for clients, "/v1" included."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> "StandIn":
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/control", self._show)
        app.router.add_put("/control", self._change)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _show(self, _: web.Request) -> web.Response:
        seen = {"seen": dict(self.seen), "open": self.open_calls, "most_open": self.most_open_calls}
        return web.json_response({"behaviour": self.behaviour.model_dump(), **seen})

    async def _change(self, request: web.Request) -> web.Response:
        try:
            self.behaviour = Behaviour.model_validate_json(await request.read())
        except ValidationError as err:
            return web.json_response(error(str(err), "invalid_request_error", None), status=422)
        return web.json_response(self.behaviour.model_dump())

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.open_calls += 1
        self.most_open_calls = max(self.most_open_calls, self.open_calls)
        try:
            return await self._answer(request, self.behaviour)
        finally:
            self.open_calls -= 1

    async def _answer(self, request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
        if behaviour.key is not None and request.headers.get("Authorization") != f"Bearer {behaviour.key}":
            self.seen["unauthorized"] += 1
            wrong = error("Incorrect API key provided.", "invalid_request_error", "invalid_api_key")
            return web.json_response(wrong, status=401)
        try:
            asked = ChatRequest.model_validate_json(await request.read())
        except ValidationError as err:
            self.seen["bad_request"] += 1
            return web.json_response(error(str(err), "invalid_request_error", None), status=400)
        fault = behaviour.fault(self._rng)
        self.seen[fault or "ok"] += 1
        content = self._told(asked, fault, behaviour)
        if not asked.wants_json():
            content = f"Of course. {content}"
        await asyncio.sleep(behaviour.latency.draw(self._rng, tokens(content)))
        return await self._respond(request, asked, content, fault, behaviour)

    def _told(self, asked: ChatRequest, fault: Fault | None, behaviour: Behaviour) -> str:
        """A parse where the reply shall be readings, else a judgement."""
        if asked.reply_name() == _READINGS:
            read, control = self._book.read(asked.last("system"), asked.last("user"))
            return readings_content(read, control, fault)
        scores = self._judge.scores(read_prompt(asked.last("user")), behaviour.noise, behaviour.obedience)
        return _content(scores, fault)

    async def _respond(
        self,
        request: web.Request,
        asked: ChatRequest,
        content: str,
        fault: Fault | None,
        behaviour: Behaviour,
    ) -> web.StreamResponse:
        match fault:
            case "hang":
                await asyncio.Event().wait()
            case "drip":
                return await self._drip(
                    request, json.dumps(completion(asked, content)).encode(), behaviour.drip_s
                )
            case "reset":
                return _reset(request)
            case _:
                pass
        return _reply(asked, content, fault, behaviour)

    async def _drip(self, request: web.Request, body: bytes, pause_s: float) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        await response.prepare(request)
        size = -(-len(body) // _PIECES)
        for start in range(0, len(body), size):
            await response.write(body[start : start + size])
            await asyncio.sleep(pause_s)
        return response


def _reply(asked: ChatRequest, content: str, fault: Fault | None, behaviour: Behaviour) -> web.Response:
    match fault:
        case "rate_limited":
            wait_s = behaviour.retry_after_s
            headers = {} if wait_s is None else {"Retry-After": f"{wait_s:g}"}
            limited = error("Rate limit reached.", "requests", "rate_limit_exceeded")
            return web.json_response(limited, status=429, headers=headers)
        case "server_error":
            return web.json_response(error("The server had an error.", "server_error", None), status=500)
        case "refusal":
            return web.json_response(completion(asked, None, "I cannot help with that."))
        case "not_a_completion":
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        case _:
            return web.json_response(completion(asked, content))


def _reset(request: web.Request) -> web.Response:
    """Ends the connection with RST instead of an answer."""
    transport = request.transport
    assert transport is not None
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return web.Response()


def _content(scores: dict[str, int], fault: Fault | None) -> str:
    judgements: list[dict[str, Any]] = [{"id": each, "score": score} for each, score in scores.items()]
    if fault == "wrong_ids":
        judgements = [{"id": f"{each['id']}x", "score": each["score"]} for each in judgements]
    elif fault == "missing_id":
        judgements = judgements[1:]
    elif fault == "double_id":
        judgements += judgements[:1]
    elif fault == "out_of_range":
        judgements = [{"id": each["id"], "score": 3 * each["score"] - 100} for each in judgements]
    content = json.dumps({"judgements": judgements})
    if fault == "truncated":
        return content[: len(content) // 2]
    return f"Sure! Here are the scores: {content}" if fault == "invalid_json" else content
