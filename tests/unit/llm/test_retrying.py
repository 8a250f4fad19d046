import random

import pytest

from configs.llm import RetryConfig
from deployments.llm.client import retry_after_s
from deployments.llm.failure import FAILURE_KINDS, LlmFailure, retryable
from deployments.llm.retrying import pause_s

CONFIG = RetryConfig(attempts=3, base_s=1.0, most_s=3.0)


class Highest(random.Random):
    def uniform(self, a, b):
        return b


def pause(failure: LlmFailure, attempt: int = 1, remaining_s: float = 100.0) -> float | None:
    return pause_s(failure, attempt, remaining_s, CONFIG, Highest())


def test_pauses_double_up_to_their_bound():
    config = RetryConfig(attempts=9, base_s=1.0, most_s=3.0)
    failure = LlmFailure("llm", "server_error")
    assert [pause_s(failure, attempt, 100.0, config, Highest()) for attempt in (1, 2, 3)] == [1.0, 2.0, 3.0]


def test_the_endpoint_is_never_asked_sooner_than_it_wished_and_up_to_a_tenth_later():
    rng = random.Random(3)
    failure = LlmFailure("llm", "rate_limited", 5.0)
    drawn = [pause_s(failure, 1, 100.0, CONFIG, rng) for _ in range(200)]
    assert 5.0 <= min(drawn) < max(drawn) <= 5.5


def test_no_pause_that_would_end_after_the_deadline():
    assert pause(LlmFailure("llm", "rate_limited", 5.0), remaining_s=5.4) is None
    assert pause(LlmFailure("llm", "rate_limited", 5.0), remaining_s=5.6) == 5.5


def test_the_last_attempt_is_the_last():
    assert pause(LlmFailure("llm", "connection"), attempt=2) == 2.0
    assert pause(LlmFailure("llm", "connection"), attempt=3) is None


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_only_what_may_pass_is_repeated(kind):
    again = kind in ("rate_limited", "server_error", "connection")
    assert retryable(kind) is again
    assert (pause(LlmFailure("llm", kind)) is not None) is again


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("99999999", 3600.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)
def test_a_retry_after_is_a_number_or_a_date(value, seconds):
    assert retry_after_s({"retry-after": value}, lambda: 60.0) == seconds


def test_no_header_is_no_wish():
    assert retry_after_s({}, lambda: 60.0) is None
