"""Every error of ours survives pickling between replicas and becomes a problem document."""

import inspect
import json
import pickle

import pytest

from deployments.problems import problem_of, response_of
from ranking import errors
from ranking.errors import (
    ArtifactError,
    CapacityError,
    DeadlineExceeded,
    DependencyError,
    FieldError,
    Forbidden,
    InvalidQuery,
    LeadError,
    NotFound,
    Overloaded,
    RateLimited,
    RequestError,
    Throttled,
    Unauthorized,
    Unavailable,
    UnknownGeneration,
)

EXAMPLES: dict[type[LeadError], tuple[LeadError, int, str]] = {
    LeadError: (LeadError("secret"), 500, "internal"),
    RequestError: (RequestError("secret"), 422, "invalid_query"),
    InvalidQuery: (InvalidQuery("Not so.", (FieldError("/limit", "is 0"),)), 422, "invalid_query"),
    NotFound: (NotFound("query 7"), 404, "not_found"),
    Unauthorized: (Unauthorized("Send a key."), 401, "unauthorized"),
    Forbidden: (Forbidden("Not you."), 403, "forbidden"),
    Throttled: (Throttled("Wait.", 2.5), 429, "throttled"),
    RateLimited: (RateLimited("Enough.", 2.5), 429, "rate_limited"),
    CapacityError: (CapacityError("bm25", 2.5), 503, "overloaded"),
    Overloaded: (Overloaded("bm25", 2.5), 503, "overloaded"),
    DeadlineExceeded: (DeadlineExceeded("bm25"), 504, "deadline_exceeded"),
    DependencyError: (DependencyError("bm25", "secret"), 503, "unavailable"),
    Unavailable: (Unavailable("postgres", "secret"), 503, "unavailable"),
    UnknownGeneration: (UnknownGeneration("bm25", "secret"), 503, "unavailable"),
    ArtifactError: (ArtifactError("booster", "secret"), 503, "unavailable"),
}


def test_no_error_class_is_left_out() -> None:
    classes = {each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, LeadError)}
    assert classes == EXAMPLES.keys()


@pytest.mark.parametrize(
    "error", [row[0] for row in EXAMPLES.values()], ids=lambda error: type(error).__name__
)
def test_every_error_pickles(error: LeadError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert copy.__dict__ == error.__dict__
    assert copy.args == error.args


@pytest.mark.parametrize(("error", "status", "code"), EXAMPLES.values(), ids=lambda each: str(each)[:20])
def test_every_error_is_told_without_internals(error: LeadError, status: int, code: str) -> None:
    response = response_of(error, "r1")
    body = json.loads(bytes(response.body))
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response.media_type == "application/problem+json"
    assert body["request_id"] == "r1"
    assert body["title"]
    assert "secret" not in str(body)
    assert ("retry-after" in response.headers) == (status in (429, 503, 504))


def test_a_pause_is_rounded_up_to_whole_seconds() -> None:
    assert response_of(Overloaded("bm25", 2.5), "").headers["Retry-After"] == "3"
    assert response_of(Overloaded("bm25", 0.01), "").headers["Retry-After"] == "1"


def test_faults_keep_their_pointers() -> None:
    body = json.loads(bytes(response_of(InvalidQuery("No.", (FieldError("/a/0", "is b"),)), "").body))
    assert body["errors"] == [{"pointer": "/a/0", "detail": "is b"}]
    assert body["detail"] == "No."


def test_a_new_class_is_told_like_its_parent() -> None:
    class Gone(NotFound):
        pass

    assert problem_of(Gone("x")).status == 404
