"""From errors to HTTP: one table, RFC 9457 problem documents."""

from dataclasses import dataclass
from math import ceil

import orjson
from starlette.responses import Response

from ranking.errors import (
    ArtifactError,
    CapacityError,
    DeadlineExceeded,
    DependencyError,
    Forbidden,
    InvalidQuery,
    LeadError,
    NotFound,
    RateLimited,
    RequestError,
    Throttled,
    Unauthorized,
)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """How one kind of error is told: HTTP status, stable code, and a sentence that says what to do."""

    status: int
    code: str
    title: str


INTERNAL = Problem(500, "internal", "Something went wrong on our side; the request id helps us to find it.")
_TABLE: dict[type[LeadError], Problem] = {
    RequestError: Problem(422, "invalid_query", "The request cannot be used as it is."),
    NotFound: Problem(404, "not_found", "There is no such thing here."),
    Unauthorized: Problem(401, "unauthorized", "Who asks is not known; an API key is needed."),
    Forbidden: Problem(403, "forbidden", "This caller may not do that."),
    Throttled: Problem(429, "throttled", "Too many of this submitter's queries were flagged."),
    RateLimited: Problem(429, "rate_limited", "This submitter has asked as much as he may for now."),
    CapacityError: Problem(503, "overloaded", "Too many queries at once; try again shortly."),
    DeadlineExceeded: Problem(
        504, "deadline_exceeded", "The answer was not ready by the deadline; try again or allow more time."
    ),
    DependencyError: Problem(
        503, "unavailable", "A part that this request needs is not available; try again shortly."
    ),
    ArtifactError: Problem(503, "unavailable", "The service is not ready: a model or an index is missing."),
}


def problem_of(error: LeadError) -> Problem:
    """The table's row for an error, by its nearest listed class."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind]
    return INTERNAL


def problems() -> tuple[Problem, ...]:
    """All that may be told, in the order of the table."""
    return (*_TABLE.values(), INTERNAL)


def response_of(error: LeadError, request_id: str) -> Response:
    """The problem document of a domain error; what is not the caller's to mend keeps its internals to itself."""
    problem = problem_of(error)
    faults = [fault._asdict() for fault in error.errors] if isinstance(error, InvalidQuery) else []
    response = document(problem, _public_detail(error), request_id, faults, _retry_after_s(error))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="leads"'
    return response


def document(
    problem: Problem,
    detail: str | None,
    request_id: str,
    errors: list[dict[str, str]] | None = None,
    retry_after_s: float | None = None,
) -> Response:
    """An `application/problem+json` response."""
    body: dict[str, object] = {
        "type": f"urn:leadpoet:problem:{problem.code}", "title": problem.title, "status": problem.status,
        "code": problem.code, "request_id": request_id,
    }  # fmt: skip
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    headers = {"Retry-After": str(max(1, ceil(retry_after_s)))} if retry_after_s is not None else {}
    return Response(orjson.dumps(body), problem.status, headers, MEDIA_TYPE)


def _public_detail(error: LeadError) -> str | None:
    if isinstance(error, InvalidQuery | Unauthorized | Forbidden | Throttled | RateLimited):
        return error.detail
    if isinstance(error, NotFound):
        return f"{error.what} is not known"
    if isinstance(error, CapacityError):
        return f"stage: {error.stage}"
    return f"part: {error.dependency}" if isinstance(error, DependencyError) else None


def _retry_after_s(error: LeadError) -> float | None:
    if isinstance(error, CapacityError):
        return error.retry_after_s
    return 1.0 if isinstance(error, DependencyError | ArtifactError) else None
