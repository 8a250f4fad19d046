"""Prompts read by the language model's leaf, against the stand-in over real HTTP."""

import asyncio
import pickle
import random

import pytest

from configs.llm import LlmSettings
from deployments.llm.completion import Usage
from deployments.llm.node import LlmNode
from deployments.standin.behaviour import Behaviour, Latency
from deployments.standin.server import StandIn
from models.llm.reading import Heard
from models.llm.reading_prompt import Wording
from ranking.errors import DependencyError, Unavailable
from ranking.taxonomy import load_taxonomy
from tests.fixtures.judging import question

TAXONOMY = load_taxonomy()
FEW = {"breaker": {"least_calls": 4, "window_s": 60.0}}


def wording(text="payroll for hotels, no schools"):
    return Wording(text, TAXONOMY.CONCEPTS, TAXONOMY.INDUSTRIES)


@pytest.fixture
async def standin():
    async with StandIn(seed=1) as server:
        yield server


@pytest.fixture
async def node(standin):
    node = LlmNode(FEW, LlmSettings(openai_base_url=standin.url, openai_api_key="k"), None, random.Random(1))
    yield node
    await node.close()


async def one(node, asked=None, left_ms=5_000.0):
    (outcome,) = await node.read([asked or wording()], [left_ms])
    return outcome


async def test_readings_and_usage_come_back_over_the_wire(node):
    read = pickle.loads(pickle.dumps(await one(node)))
    assert Heard("exclude.industries", "schools", "schools") in read.said.heard
    assert (read.usage.calls, read.failure) == (1, "")
    assert read.usage.tokens_in > 1_000


async def test_without_a_key_nothing_is_asked(standin):
    outcome = await one(LlmNode({}, LlmSettings(openai_base_url=standin.url, openai_api_key=None)))
    assert (type(outcome), outcome.reason, standin.seen.total()) == (Unavailable, "no_key", 0)


async def test_each_prompt_of_a_list_has_its_own_outcome(node, standin):
    outcomes = await node.read([wording(), wording("crm for banks")], [5_000.0, 0.0])
    assert outcomes[0].said is not None
    assert not hasattr(outcomes[1], "said")


async def test_equal_prompts_share_a_call_that_one_pays_for(node, standin):
    standin.behaviour = Behaviour(latency=Latency(median_s=0.05))
    both = await asyncio.gather(one(node), one(node))
    assert standin.seen.total() == 1
    assert both[0].said == both[1].said
    assert sorted(each.usage.calls for each in both) == [0, 1]


async def test_garbage_is_told_with_what_it_has_cost(node, standin):
    standin.behaviour = Behaviour(faults={"invalid_json": 1.0})
    read = await one(node)
    assert (read.said, read.failure) == (None, "garbage")
    assert read.usage.tokens_in > 1_000


async def test_failures_of_reading_open_the_breaker_of_judging(node, standin):
    standin.behaviour = Behaviour(faults={"truncated": 1.0})
    for number in range(4):
        await one(node, wording(f"payroll for {number} hotels"))
    (judged,) = await node.judge([question()], [5_000.0])
    assert isinstance(judged, DependencyError)
    assert judged.reason == "breaker_open"
    assert (await one(node)).reason == "breaker_open"


async def test_a_call_that_hangs_ends_at_its_deadline(node, standin):
    standin.behaviour = Behaviour(faults={"hang": 1.0})
    outcome = await one(node, left_ms=150.0)
    assert getattr(outcome, "usage", Usage()) in (Usage(), Usage(unanswered=1))
    assert getattr(outcome, "said", None) is None
