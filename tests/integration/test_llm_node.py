"""The language model's leaf against the stand-in over real HTTP: every fault, and what comes of it."""

import asyncio
import pickle
import random

import httpx2
import numpy as np
import pytest
from redis.asyncio import Redis

from configs.llm import LlmSettings
from db.embedded import EmbeddedRedis
from deployments.llm.completion import Usage
from deployments.llm.node import LlmNode, split
from deployments.scaling import QUEUED, UTILISATION
from deployments.standin.behaviour import Behaviour, Latency
from deployments.standin.server import StandIn
from models.llm.question import Candidate, EvidenceText, Question
from ranking.errors import DeadlineExceeded, DependencyError, Overloaded, Unavailable
from tests.fixtures.judging import IDLE, NEEDS, candidate, question, until

pytestmark = pytest.mark.alone

QUIET = {"noise": 0.0}
NO_BREAKER = {"breaker": {"least_calls": 1000}}


@pytest.fixture
async def standin():
    async with StandIn(seed=1, behaviour=Behaviour(**QUIET)) as server:
        yield server


@pytest.fixture
async def nodes(standin):
    made = []

    def make(key="k", url=None, redis=None, **config) -> LlmNode:
        settings = LlmSettings(openai_base_url=url or standin.url, openai_api_key=key)
        made.append(LlmNode({**NO_BREAKER, **config}, settings, redis, random.Random(len(made))))
        return made[-1]

    yield make
    for node in made:
        await node.close()


async def one(node: LlmNode, asked: Question | None = None, left_ms: float = 5_000.0):
    (outcome,) = await node.judge([asked or question()], [left_ms])
    return outcome


async def test_each_candidate_gets_its_score_and_usage_is_told(nodes, standin):
    judged = await one(nodes())
    assert judged.scores.tolist() == [85.0, 10.0]
    assert (judged.usage.calls, judged.usage.unanswered, judged.model) == (1, 0, "gpt-4o-mini")
    assert judged.usage.tokens_in > 300 > 60 > judged.usage.tokens_out > 10
    assert pickle.loads(pickle.dumps(judged)).scores.tolist() == [85.0, 10.0]


async def test_many_candidates_are_asked_in_even_parts(nodes, standin):
    asked = question(*(candidate(f"C{number}", NEEDS if number % 3 == 0 else IDLE) for number in range(23)))
    judged = await one(nodes(per_call=10), asked)
    assert judged.scores.tolist() == [85.0 if number % 3 == 0 else 10.0 for number in range(23)]
    assert (judged.usage.calls, standin.seen["ok"]) == (3, 3)
    assert [len(part.candidates) for part in split(asked, 10)] == [8, 7, 8]
    assert split(Question("x", ()), 10) == []


async def test_pointwise_gives_what_listwise_gives_for_more_calls(nodes):
    asked = question(*(candidate(f"C{number}", NEEDS if number % 2 else IDLE) for number in range(6)))
    listwise, pointwise = await one(nodes(), asked), await one(nodes(mode="pointwise"), asked)
    assert listwise.scores.tolist() == pointwise.scores.tolist()
    assert (listwise.usage.calls, pointwise.usage.calls) == (1, 6)
    assert pointwise.usage.tokens_in > 3 * listwise.usage.tokens_in


@pytest.mark.parametrize("key", [None, ""])
async def test_without_a_key_nothing_is_asked(standin, key):
    node = LlmNode({}, LlmSettings(openai_base_url=standin.url, openai_api_key=key))
    outcome = await one(node)
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "no_key"
    assert not standin.seen


async def test_a_wrong_key_is_one_call(nodes, standin):
    standin.behaviour = Behaviour(key="right")
    outcome = await one(nodes(key="wrong"))
    assert (outcome.reason, standin.seen["unauthorized"]) == ("unauthorized", 1)


GARBAGE = ["truncated", "invalid_json", "wrong_ids", "missing_id", "double_id", "not_a_completion"]


@pytest.mark.parametrize("fault", [*GARBAGE, "refusal"])
async def test_an_answer_that_is_none_costs_but_scores_nobody(nodes, standin, fault):
    standin.behaviour = Behaviour(faults={fault: 1.0}, **QUIET)
    judged = await one(nodes())
    assert np.isnan(judged.scores).all()
    assert judged.failures == ("refused" if fault == "refusal" else "garbage",)
    assert (judged.usage.calls, standin.seen[fault]) == (1, 1)


async def test_scores_out_of_range_are_clamped(nodes, standin):
    standin.behaviour = Behaviour(faults={"out_of_range": 1.0}, **QUIET)
    assert (await one(nodes())).scores.tolist() == [100.0, 0.0]  # 3 x 85 - 100 and 3 x 10 - 100


@pytest.mark.parametrize(("fault", "reason"), [("server_error", "server_error"), ("reset", "connection")])
async def test_what_passes_is_tried_again_and_then_given_up(nodes, standin, fault, reason):
    standin.behaviour = Behaviour(faults={fault: 1.0}, **QUIET)
    outcome = await one(nodes(retry={"attempts": 3, "base_s": 0.001}))
    assert standin.seen[fault] == 3
    if fault == "reset":  # calls without an answer may be billed, so they come back as usage
        assert (outcome.usage, outcome.failures) == (Usage(unanswered=3), (reason,))
    else:
        assert (type(outcome).__mro__[1], outcome.reason) == (DependencyError, reason)


async def test_after_a_429_it_waits_as_long_as_it_was_told_to(nodes, standin):
    standin.behaviour = Behaviour(faults={"rate_limited": 1.0}, retry_after_s=0.2, **QUIET)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    asking = asyncio.create_task(one(nodes()))
    await until(lambda: standin.seen["rate_limited"] > 0)
    standin.behaviour = Behaviour(**QUIET)
    judged = await asking
    assert judged.scores.tolist() == [85.0, 10.0]
    assert loop.time() - started_s >= 0.2


async def test_a_429_that_asks_for_more_time_than_is_left_ends_at_once(nodes, standin):
    standin.behaviour = Behaviour(faults={"rate_limited": 1.0}, retry_after_s=60.0)
    outcome = await one(nodes(), left_ms=2_000.0)
    assert (outcome.reason, outcome.retry_after_s, standin.seen["rate_limited"]) == ("rate_limited", 60.0, 1)


@pytest.mark.parametrize("fault", ["hang", "drip"])
async def test_the_deadline_holds_whatever_the_endpoint_does(nodes, standin, fault):
    standin.behaviour = Behaviour(faults={fault: 1.0}, drip_s=0.1)
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    outcome = await one(nodes(), left_ms=150.0)
    assert loop.time() - started_s < 1.0
    assert (outcome.usage, outcome.failures) == (Usage(unanswered=1), ("timeout",))


async def test_a_slow_drip_within_the_deadline_is_an_answer(nodes, standin):
    standin.behaviour = Behaviour(faults={"drip": 1.0}, drip_s=0.005, **QUIET)
    assert (await one(nodes())).scores.tolist() == [85.0, 10.0]


async def test_one_that_has_no_time_holds_nobody_and_each_fails_alone(nodes, standin):
    standin.behaviour = Behaviour(latency=Latency(median_s=0.1), **QUIET)
    good, other = question(candidate("Acme", NEEDS)), question(candidate("Bolt"))
    empty = Question("CRM", ())
    outcomes = await nodes().judge([good, other, empty, good], [5_000.0, 0.0, 5_000.0, 5_000.0])
    assert outcomes[0].scores.tolist() == [85.0]
    assert isinstance(outcomes[1], DeadlineExceeded)
    assert outcomes[2].scores.tolist() == []
    assert outcomes[3].scores.tolist() == [85.0]


async def test_equal_questions_at_once_are_one_call_that_one_of_them_pays(nodes, standin):
    standin.behaviour = Behaviour(latency=Latency(median_s=0.1), **QUIET)
    outcomes = await nodes().judge([question()] * 5, [5_000.0] * 5)
    assert standin.seen["ok"] == 1
    assert sorted(each.usage.calls for each in outcomes) == [0, 0, 0, 0, 1]
    assert {tuple(each.scores) for each in outcomes} == {(85.0, 10.0)}


async def test_calls_in_flight_are_bounded_and_so_are_those_that_wait(nodes, standin):
    standin.behaviour = Behaviour(latency=Latency(median_s=0.05), **QUIET)
    asked = [question(candidate(f"C{number}", NEEDS)) for number in range(12)]
    outcomes = await nodes(concurrency=3, waiting=4).judge(asked, [5_000.0] * 12)
    assert standin.most_open_calls == 3
    assert sum(isinstance(each, Overloaded) for each in outcomes) == 5
    assert [each.scores.tolist() for each in outcomes[:7]] == [[85.0]] * 7


async def test_the_breaker_opens_on_garbage_and_closes_after_good_probes(nodes, standin):
    node = nodes(breaker={"least_calls": 5, "open_s": 0.05, "probes": 1})
    standin.behaviour = Behaviour(faults={"invalid_json": 1.0}, **QUIET)
    for number in range(5):
        await one(node, question(candidate(f"C{number}", NEEDS)))
    refused = await one(node)
    assert (type(refused), refused.reason) == (Unavailable, "breaker_open")
    assert standin.seen["invalid_json"] == 5
    standin.behaviour = Behaviour(**QUIET)
    async with asyncio.timeout(5.0):
        while isinstance(outcome := await one(node), Unavailable):
            assert outcome.reason == "breaker_open"
    assert outcome.scores.tolist() == [85.0, 10.0]


async def test_an_endpoint_that_is_not_there_is_unavailable(nodes):
    async with StandIn() as gone:
        url = gone.url
    judged = await one(nodes(url=url, retry={"attempts": 1}))
    assert judged.failures == ("connection",)


async def test_load_is_told_for_autoscaling(nodes, standin):
    standin.behaviour = Behaviour(faults={"hang": 1.0})
    node = nodes(concurrency=4)
    asking = asyncio.create_task(one(node))
    await until(lambda: standin.open_calls == 1)
    assert (await node.record_autoscaling_stats())[UTILISATION] == 0.25
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    stats = await node.record_autoscaling_stats()
    assert (stats[UTILISATION], stats[QUEUED]) == (0.0, 0.0)


async def test_a_cancelled_question_hangs_up(nodes, standin):
    standin.behaviour = Behaviour(faults={"hang": 1.0})
    asking = asyncio.create_task(one(nodes()))
    await until(lambda: standin.open_calls == 1)
    asking.cancel()
    await until(lambda: standin.open_calls == 0)


async def test_behaviour_is_changed_over_http_while_it_serves(standin):
    control = standin.url.replace("/v1", "/control")
    async with httpx2.AsyncClient() as client:
        changed = await client.put(control, json={"faults": {"server_error": 1.0}})
        assert changed.json()["faults"] == {"server_error": 1.0}
        assert (await client.put(control, json={"faults": {"explode": 1.0}})).status_code == 422
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
        failed = await client.post(f"{standin.url}/chat/completions", json=body)
        assert (failed.status_code, failed.json()["error"]["type"]) == (500, "server_error")
        streamed = await client.post(f"{standin.url}/chat/completions", json={**body, "stream": True})
        assert streamed.status_code == 400
        shown = (await client.get(control)).json()
    assert (shown["seen"], shown["open"]) == ({"server_error": 1, "bad_request": 1}, 0)


async def test_replicas_share_what_their_breakers_find(nodes, standin, tmp_path):
    strict = {"breaker": {"least_calls": 3, "open_s": 60.0, "sync_s": 0.01}}
    with EmbeddedRedis(tmp_path) as url:
        redis = Redis.from_url(url)
        first, second = nodes(redis=redis, **strict), nodes(redis=redis, **strict)
        standin.behaviour = Behaviour(faults={"invalid_json": 1.0}, **QUIET)
        for number in range(3):
            await one(first, question(candidate(f"C{number}")))
        standin.behaviour = Behaviour(**QUIET)
        async with asyncio.timeout(5.0):
            while not isinstance(outcome := await one(second), Unavailable):
                assert outcome.failures == ()
        assert outcome.reason == "breaker_open"
        for node in (first, second):
            await node.close()
        await redis.aclose()


async def test_a_fault_of_ours_is_that_questions_alone(nodes):
    node = nodes()
    broken = Question("CRM", (Candidate("Acme", (EvidenceText("news", 3, None),)),))  # type: ignore[arg-type]
    bad, good = await node.judge([broken, question()], [5_000.0, 5_000.0])
    assert isinstance(bad, DependencyError)
    assert good.scores.tolist() == [85.0, 10.0]


async def test_who_waited_for_a_place_behind_a_call_that_hangs_is_counted_as_well(standin):
    standin.behaviour = Behaviour(faults={"hang": 1.0})
    config = {"concurrency": 1, "timeout_s": 0.3, "breaker": {"least_calls": 2, "patience_s": 0.1}}
    node = LlmNode(config, LlmSettings(openai_base_url=standin.url, openai_api_key="k"))
    left_ms = 1000.0 * node._config.longest_s + 100.0
    asked = [question(candidate(f"C{number}", NEEDS)) for number in range(2)]
    outcomes = await node.judge(asked, [left_ms] * 2)
    assert [each.usage.unanswered for each in outcomes] == [1, 1]
    assert node._breaker.state == "open"
    await node.close()
