import asyncio
import json
import random

import pytest
from prometheus_client import REGISTRY

from configs.llm import LlmConfig
from deployments.llm.breaker import Breaker
from deployments.llm.completion import Completion, Usage
from deployments.llm.failure import LlmFailure
from deployments.llm.gateway import Gateway
from deployments.llm.metering import LlmMeter
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, Overloaded, Unavailable
from tests.fixtures.judging import prompt

ASKED = prompt()
USED = Usage(1, 0, 100, 0, 10)
GOOD = Completion(json.dumps({"judgements": [{"id": each, "score": 40} for each in ASKED.ids]}), USED)


class Bench:
    """A gateway on a clock that only sleeps and calls move; the endpoint answers from a list."""

    def __init__(self, *answers, took_s: float = 0.1, **numbers) -> None:
        self.now_s, self.answers, self.took_s = 10.0, list(answers), took_s
        self.timeouts, self.pauses = [], []
        config = LlmConfig.model_validate({"model": "m", "retry": {"attempts": 3}, **numbers})
        self.breaker = Breaker("llm", config.breaker, lambda: self.now_s, lambda *_: None)
        self.gateway = Gateway(
            self, config, self.breaker, LlmMeter("m"), lambda: self.now_s, random.Random(1), self.sleep
        )

    async def ask(self, _, timeout_s):
        self.timeouts.append(round(timeout_s, 3))
        self.now_s += min(self.took_s, timeout_s)
        answer = self.answers.pop(0)
        if isinstance(answer, LlmFailure):
            raise answer
        return answer

    async def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now_s += seconds

    async def get(self, deadline_s: float = 5.0):
        return await self.gateway.ask(ASKED, Deadline(self.now_s + deadline_s, lambda: self.now_s))


async def test_a_good_reply_is_scores_and_usage():
    answer = await Bench(GOOD).get()
    assert (answer.scores, answer.usage, answer.error) == ((40.0, 40.0), USED, None)


async def test_what_passes_is_tried_again_after_the_pause_that_was_asked_for():
    bench = Bench(LlmFailure("llm", "rate_limited", 2.0), GOOD)
    answer = await bench.get()
    assert answer.scores == (40.0, 40.0)
    assert 2.0 <= bench.pauses[0] <= 2.2


async def test_no_pause_beyond_the_deadline():
    bench = Bench(LlmFailure("llm", "rate_limited", 2.0))
    answer = await bench.get(deadline_s=1.5)
    assert (answer.error.kind, bench.pauses) == ("rate_limited", [])


async def test_attempts_are_counted():
    bench = Bench(*[LlmFailure("llm", "server_error")] * 3)
    answer = await bench.get()
    assert (answer.error.kind, len(bench.timeouts)) == ("server_error", 3)


@pytest.mark.parametrize("kind", ["unauthorized", "rejected", "timeout", "refused"])
async def test_what_will_not_pass_is_not_tried_again(kind):
    bench = Bench(LlmFailure("llm", kind))
    assert (await bench.get()).error.kind == kind
    assert len(bench.timeouts) == 1


async def test_garbage_is_paid_for_and_not_bought_twice():
    bench = Bench(Completion("no JSON", USED))
    answer = await bench.get()
    assert (answer.scores, answer.usage, answer.error.kind, answer.error.detail) == (
        (),
        USED,
        "garbage",
        "not_json",
    )


async def test_a_reply_that_was_cut_off_is_paid_for():
    answer = await Bench(Completion("{", USED, LlmFailure("llm", "garbage", None, "cut_off"))).get()
    assert (answer.usage, answer.error.detail) == (USED, "cut_off")


async def test_each_call_gets_what_is_left_of_the_deadline_and_no_more_than_the_limit():
    bench = Bench(LlmFailure("llm", "rate_limited", 1.0), GOOD, timeout_s=3.0, took_s=1.0)
    await bench.get(deadline_s=4.0)
    assert bench.timeouts[0] == 3.0
    assert bench.timeouts[1] == pytest.approx(4.0 - 1.0 - bench.pauses[0] - 0.01, abs=1e-3)


async def test_a_deadline_that_has_passed_makes_no_call():
    bench = Bench()
    assert isinstance((await bench.get(deadline_s=0.0)).error, DeadlineExceeded)
    assert isinstance((await bench.get(deadline_s=0.005)).error, DeadlineExceeded)


async def test_calls_that_got_no_answer_are_told_as_they_may_be_billed():
    bench = Bench(LlmFailure("llm", "connection"), LlmFailure("llm", "timeout"))
    assert (await bench.get()).usage == Usage(unanswered=2)


BREAKER = {"least_calls": 5, "patience_s": 1.0}


@pytest.mark.parametrize("kind", ["rate_limited", "server_error", "connection", "garbage", "unauthorized"])
async def test_failures_of_the_endpoint_open_the_breaker_and_then_no_call_is_made(kind):
    bench = Bench(*[LlmFailure("llm", kind)] * 5, retry={"attempts": 1}, breaker=BREAKER)
    for _ in range(5):
        await bench.get()
    answer = await bench.get()
    assert isinstance(answer.error, Unavailable)
    assert (answer.error.reason, len(bench.timeouts)) == ("breaker_open", 5)


@pytest.mark.parametrize("kind", ["rejected", "refused"])
async def test_what_does_not_speak_against_the_endpoint_opens_nothing(kind):
    bench = Bench(*[LlmFailure("llm", kind)] * 9, breaker=BREAKER)
    for _ in range(9):
        await bench.get()
    assert bench.breaker.state == "closed"


@pytest.mark.parametrize(("deadline_s", "state"), [(0.3, "closed"), (1.5, "open")])
async def test_a_timeout_counts_when_the_endpoint_had_a_fair_chance(deadline_s, state):
    bench = Bench(*[LlmFailure("llm", "timeout")] * 6, took_s=9.0, breaker=BREAKER)
    for _ in range(5):
        await bench.get(deadline_s)
    assert bench.breaker.state == state


class Hanging:
    """Never answers; tells how many calls hang."""

    def __init__(self) -> None:
        self.open = 0

    async def ask(self, *_):
        self.open += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.open -= 1


async def test_calls_in_flight_and_waiting_are_bounded_and_a_cancelled_call_is_given_up():
    endpoint, clock = Hanging(), asyncio.get_running_loop().time
    config = LlmConfig(model="m", concurrency=2, waiting=1)
    breaker = Breaker("llm", config.breaker, clock, lambda *_: None)
    gateway = Gateway(endpoint, config, breaker, LlmMeter("m"), clock, random.Random(1))
    asks = [asyncio.ensure_future(gateway.ask(ASKED, Deadline.after_ms(5_000.0, clock))) for _ in range(4)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert isinstance((await asks[3]).error, Overloaded)
    assert (endpoint.open, gateway.places.waiting) == (2, 1)
    for ask in asks[:3]:
        ask.cancel()
    await asyncio.gather(*asks[:3], return_exceptions=True)
    assert (endpoint.open, gateway.places.taken, gateway.places.waiting) == (0, 0, 0)


async def test_calls_and_tokens_are_counted_by_model_and_result():
    def value(name, **labels):
        return REGISTRY.get_sample_value(name, {"model": "m", **labels}) or 0.0

    ok, tokens = value("leads_llm_calls_total", result="ok"), value("leads_llm_tokens_total", direction="in")
    await Bench(GOOD).get()
    assert value("leads_llm_calls_total", result="ok") == ok + 1
    assert value("leads_llm_tokens_total", direction="in") == tokens + 100
