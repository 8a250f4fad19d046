"""Routes about submitters: what they tell of their leads, and how they stand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from configs.quality import QualityArgs
from db.pool import UNREACHABLE
from deployments.access import Caller
from deployments.envelope import dumps
from deployments.feedback import Feedback, OutcomesBody, PerformanceBody
from deployments.quality_json import alerts_json, reputation_json
from deployments.query_route import content_of
from deployments.reputation import Reputation
from deployments.schemas import read_body
from ranking.errors import Unavailable

BodySchema = Callable[[type[Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Submitters:
    """What these routes stand on."""

    feedback: Feedback
    reputation: Reputation
    args: QualityArgs


def add_submitter_routes(app: FastAPI, submitters: Callable[[], Submitters], body_schema: BodySchema) -> None:
    """Add the routes; `submitters` exists once the app has started."""

    @app.post(
        "/outcomes",
        openapi_extra=body_schema(OutcomesBody),
        summary="Tell what became of leads; telling it again is safe",
    )
    async def outcomes(request: Request) -> Response:
        body = read_body(await content_of(request.receive), OutcomesBody)
        return _json(await submitters().feedback.events(body, request.state.caller))

    @app.post(
        "/track/performance", openapi_extra=body_schema(PerformanceBody), status_code=204,
        summary="Tell a query's click-through and conversion rate",
    )  # fmt: skip
    async def performance(request: Request) -> Response:
        body = read_body(await content_of(request.receive), PerformanceBody)
        await submitters().feedback.performance(body, request.state.caller)
        return Response(status_code=204)

    @app.get("/query-quality/reputation", summary="How submitters stand, the worst first")
    async def reputation(request: Request) -> Response:
        found = submitters()
        shown = await _answered(found.reputation.shown, request.state.caller)
        return _json(reputation_json(shown, found.args.reputation))

    @app.get("/query-quality/alerts", summary="Submitters who stand so badly that somebody should look")
    async def alerts(request: Request) -> Response:
        found = submitters()
        shown = await _answered(found.reputation.shown, request.state.caller)
        return _json(alerts_json(shown, found.args.reputation))


async def _answered(read: Callable[[Caller], Awaitable[Any]], caller: Caller) -> Any:
    try:
        return await read(caller)
    except UNREACHABLE as err:
        raise Unavailable("postgres", type(err).__name__) from err


def _json(value: object) -> Response:
    return Response(dumps(value), media_type="application/json")
