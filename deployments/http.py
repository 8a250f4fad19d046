"""The HTTP surface: routes, request ids, problem documents. What a route does is in `query_flow`."""

import asyncio
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments import downloads
from deployments.access import OPEN_PATHS, Access
from deployments.allowance import Allowances
from deployments.doorkeeper import Doorkeeper
from deployments.envelope import dumps
from deployments.miner_routes import SupplierReports, add_miner_routes
from deployments.problems import INTERNAL, Problem, document, problem_of, response_of
from deployments.query_flow import QueryFlow, unusable_id
from deployments.query_route import QUERY_PATH, QueryRoute, ShortWay, Threshold, content_of
from deployments.schemas import ExplainBody, ParseBody, QueryBody, RerankBody, read_body
from deployments.submitter_routes import Submitters, add_submitter_routes
from deployments.telemetry import Telemetry, exposition
from ranking.errors import FieldError, InvalidQuery, LeadError, Unavailable

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_QUERY_ID = re.compile(r"[0-9a-f]{32}")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CLIENT_GONE = 499  # nobody reads it; nginx's number, for logs
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Readiness = Callable[[], Awaitable[dict[str, Any]]]


def _not_wired() -> NoReturn:
    raise Unavailable("submitters", "nobody is judged here")


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the routes stand on.

    `flow` and `submitters` exist once the app has started.
    `answers_request_id` is false behind Serve, which puts the id on the answer itself.
    """

    flow: Callable[[], QueryFlow]
    readiness: Readiness
    versions: Callable[[], dict[str, str]]
    telemetry: Telemetry
    lifespan: Lifespan
    answers_request_id: bool = True
    access: Access = field(default_factory=Access.without_keys)
    allowances: Allowances = field(default_factory=lambda: Allowances(time.monotonic))
    submitters: Callable[[], Submitters] = _not_wired
    suppliers: SupplierReports = field(default_factory=SupplierReports)


class Application(FastAPI):
    """FastAPI, but what the short way takes passes by all of it, the middlewares included.

    `front` refuses queries for whoever asks before the application is called, as `deployments.front` does.
    """

    def __init__(self, short_way: ShortWay, front: Threshold, **settings: Any) -> None:
        super().__init__(**settings)
        self._short_way = short_way
        self.front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if self._short_way.takes(scope):
            await self._short_way(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The schema; it says that a key is wanted where one is, so that `/docs` can send it."""
        schema = super().openapi()
        schema.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, methods in schema["paths"].items():
            for operation in methods.values():
                operation["security"] = [] if path in OPEN_PATHS else [{}, {"key": []}]
        return schema


def build_app(wiring: Wiring) -> Application:
    """The application, ready for Serve's ingress or a plain ASGI server."""
    route = QueryRoute(wiring.flow, wiring.versions)
    failed = partial(_failed, wiring.telemetry)
    threshold = partial(Threshold, route, wiring.access, wiring.allowances, failed, _request_id)
    app = Application(
        ShortWay(route, threshold(answers_id=wiring.answers_request_id)),
        threshold(answers_id=True),
        title="Leadpoet Intent Graph",
        description="Ranks the B2B leads most likely to buy what a prompt describes. Scores compare within one answer only.",
        version="1",
        lifespan=wiring.lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # `deployments.telemetry` is ours
        redirect_slashes=False,  # a redirected POST is an error anyhow, and this one has a problem document
    )
    _add_query_routes(app, wiring, route)
    _add_download_route(app, wiring)
    add_submitter_routes(app, wiring.submitters, _body_schema)
    add_miner_routes(app, wiring.suppliers)
    _add_operation_routes(app, wiring)
    _add_problem_handlers(app, wiring)
    app.add_middleware(Doorkeeper, access=wiring.access, allowances=wiring.allowances, failed=failed)
    app.add_middleware(RequestIds, answers=wiring.answers_request_id)
    return app


def _add_query_routes(app: FastAPI, wiring: Wiring, route: QueryRoute) -> None:
    @app.post(QUERY_PATH, openapi_extra=_body_schema(QueryBody), summary="Rank leads for a prompt")
    async def query(request: Request) -> Response:
        return Response(
            await route.answer(request.receive, request.state.caller), media_type="application/json"
        )

    routes = app.router.routes
    routes.insert(0, routes.pop())  # for every request Serve looks for its route in this order

    @app.post("/parse", openapi_extra=_body_schema(ParseBody), summary="Parse a prompt, by the rules alone")
    async def parse(request: Request) -> Response:
        return _json(wiring.flow().parse(read_body(await content_of(request.receive), ParseBody).query))

    @app.post(
        "/explain", openapi_extra=_body_schema(ExplainBody), summary="Why a lead is, or is not, in a list"
    )
    async def explain(request: Request) -> Response:
        body = read_body(await content_of(request.receive), ExplainBody)
        return _json(await wiring.flow().explain(body, request.state.caller))

    @app.post(
        "/rerank", openapi_extra=_body_schema(RerankBody), summary="The same candidates under other weights"
    )
    async def rerank(request: Request) -> Response:
        body = read_body(await content_of(request.receive), RerankBody)
        return _json(await wiring.flow().rerank(body, request.state.caller))


def _add_download_route(app: FastAPI, wiring: Wiring) -> None:
    @app.get("/query/{query_id}.{extension}", summary="A ranked list again, as csv, xlsx or json")
    async def download(request: Request, query_id: str, extension: str) -> Response:
        if not _QUERY_ID.fullmatch(query_id):
            raise unusable_id("query_id")
        if extension not in ("csv", "xlsx", "json"):
            raise InvalidQuery(
                "Only csv, xlsx and json are made.", (FieldError("/extension", "csv, xlsx or json"),)
            )
        logged, ranked = await wiring.flow().again(query_id, request.state.caller)
        headers = {"Content-Disposition": f'attachment; filename="leads-{query_id}.{extension}"'}
        headers["X-Same-Snapshot"] = str(logged.generation == ranked.generation).lower()
        if extension == "csv":
            content = await asyncio.to_thread(downloads.as_csv, ranked.leads)
            return Response(content, 200, headers, "text/csv; charset=utf-8")
        if extension == "xlsx":  # two thousand rows take a second
            return Response(await asyncio.to_thread(downloads.as_xlsx, ranked.leads), 200, headers, _XLSX)
        told = {"query_id": query_id, "query": logged.prompt, "parsed": logged.query, "leads": ranked.leads}
        return Response(dumps(told), 200, headers, "application/json")


def _add_operation_routes(app: FastAPI, wiring: Wiring) -> None:
    @app.get("/healthz", summary="Liveness; touches no dependency")
    async def healthz() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz", summary="Readiness per dependency")
    async def readyz() -> Response:
        told = await wiring.readiness()
        return _json(told, status=200 if told["status"] == "ready" else 503)

    @app.get("/metrics", summary="Prometheus metrics")
    async def metrics() -> Response:
        wiring.telemetry.flush()
        content = await asyncio.to_thread(exposition, os.environ.get("PROMETHEUS_MULTIPROC_DIR"))
        return Response(content, 200, media_type="text/plain; version=0.0.4")


def _add_problem_handlers(app: FastAPI, wiring: Wiring) -> None:
    async def on_failure(request: Request, error: Exception) -> Response:
        return _failed(wiring.telemetry, error, request.state.request_id)

    async def on_http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_query")
        problem = Problem(error.status_code, code, str(error.detail))
        response = document(problem, None, request.state.request_id)
        response.headers.update(error.headers or {})
        return response

    async def on_any_error(request: Request, error: Exception) -> Response:
        response = await on_failure(request, error)
        if wiring.answers_request_id:  # this handler stands outside the middleware
            response.headers["X-Request-Id"] = request.state.request_id
        return response

    app.add_exception_handler(LeadError, on_failure)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(ClientDisconnect, on_failure)
    app.add_exception_handler(Exception, on_any_error)


class RequestIds:
    """ASGI middleware: every answer carries `X-Request-Id`, the caller's when it is a sensible one."""

    def __init__(self, app: ASGIApp, *, answers: bool) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        await self._app(scope, receive, send_with_id if self._answers else send)


def _request_id(scope: Scope) -> str:
    """The caller's when it is a sensible one, else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _failed(telemetry: Telemetry, error: Exception, request_id: str) -> Response:
    """What is answered instead, counted; an error that is not ours keeps its internals to itself."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=_CLIENT_GONE)
    if not isinstance(error, LeadError):
        telemetry.refused(INTERNAL.code)
        return document(INTERNAL, None, request_id)
    telemetry.refused(problem_of(error).code)
    return response_of(error, request_id)


def _json(value: object, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")


def _body_schema(model: type[Any]) -> dict[str, Any]:
    """OpenAPI's request body: routes read the bytes themselves, which costs a third of FastAPI's own way."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _inlined(schema)}}}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its definitions put where they are named, so that it stands alone."""
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rsplit("/", 1)[-1]])
            return {key: resolve(value) for key, value in node.items()}
        return [resolve(each) for each in node] if isinstance(node, list) else node

    resolved: dict[str, Any] = resolve(schema)
    return resolved
