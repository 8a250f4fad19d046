"""Calls made for queries: bounded, paid for by what became of them, and going on without those who asked."""

import asyncio
import math
from uuid import UUID, uuid4

import numpy as np
import pytest

from configs.llm import LlmArgs
from deployments.llm.calls import Calls
from deployments.llm.completion import Usage
from deployments.llm.evidence import exhibits, product_key
from deployments.llm.failure import LlmFailure
from deployments.llm.node import Judged
from deployments.llm.score_memory import ScoreMemory
from deployments.llm.treasury import Clocks, Purse, Treasury
from ranking.account import Account, AccountRules, Lease
from ranking.errors import DeadlineExceeded, DependencyError, Overloaded, Unavailable
from ranking.money import nanousd
from ranking.spending import SpendingConfig
from tests.fixtures.doubting import doubts

TOLD = Usage(1, 0, 1000, 0, 100)
COST = nanousd(1000 * 0.15e-6 + 100 * 0.60e-6)


class Model:
    """Answers once it may, with what `answers` gives next (the last for ever)."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.may = asyncio.Event()
        self.asked: list[int] = []

    async def __call__(self, question, deadline):
        self.asked.append(len(question.candidates))
        await self.may.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        scores = np.full(len(question.candidates), 70.0) if answer is None else np.array(answer)
        return Judged(scores, TOLD, "gpt-4o-mini", "1")


class Bench:
    """Calls with a dollar in hand."""

    def __init__(self, *answers, dollars: float = 1.0, **advising) -> None:
        self.now_s = 0.0
        args = LlmArgs.model_validate({"advising": advising, "calls": {"per_call": 2}})
        self.treasury = Treasury(args.spending, Clocks(self.clock, self.clock), uuid4)
        self.account = Account(AccountRules(nanousd(0.25), 0.5))
        self.account.add(Lease(UUID(int=1), nanousd(dollars), math.inf))
        self.treasury.purses["public"] = Purse(self.account)
        self.model = Model(*answers)
        self.memory = ScoreMemory(1000)
        self.calls = Calls(args, self.model, self.treasury, self.memory, None, None, self.clock)
        self.pool = doubts([10.0, 20.0, 30.0, 40.0, 50.0])
        self.product = product_key(self.pool.product)
        self.tab = self.treasury.open_tab("q", None, 25, None)

    def clock(self) -> float:
        return self.now_s

    def begin(self, *at: int):
        places = np.array(at, dtype=np.int32)
        shown = exhibits(self.pool, places, "judge", 5)
        return self.calls.begin(self.pool, self.product, list(zip(at, shown, strict=True)), self.tab)

    @property
    def spent(self) -> int:
        return sum(charge.amount for charge in self.treasury.unbooked)

    @property
    def held(self) -> int:
        return self.account.leases[0].held


async def settled(asked) -> list[dict[int, float]]:
    found = await asyncio.gather(*(each.task for each in asked))
    return [dict(zip(each.at.tolist(), each.scores.tolist(), strict=True)) for each in found]


async def test_companies_are_asked_in_even_parts_paid_for_and_remembered():
    bench = Bench(None)
    asked, lack = bench.begin(4, 2, 0)
    assert (lack, [list(each.at) for each in asked]) == ("", [[4, 2], [0]])
    assert bench.held > 0
    bench.model.may.set()
    assert await settled(asked) == [{4: 70.0, 2: 70.0}, {0: 70.0}]
    assert (bench.spent, bench.held, bench.tab.spent) == (2 * COST, 0, 2 * COST)
    assert bench.memory.recall(bench.pool, bench.product).at.tolist() == [0, 2, 4]
    assert bench.calls.recent.p75_s == math.inf  # two answers are too few to tell


async def test_what_has_no_score_is_not_remembered():
    bench = Bench([math.nan, 33.0])
    asked, _ = bench.begin(1, 3)
    bench.model.may.set()
    assert await settled(asked) == [{3: 33.0}]
    assert bench.memory.recall(bench.pool, bench.product).at.tolist() == [3]
    assert bench.spent == COST


@pytest.mark.parametrize(
    ("error", "paid", "said"),
    [
        (Overloaded("llm"), False, "overloaded"),
        (Unavailable("llm", "breaker_open"), False, "breaker_open"),
        (Unavailable("llm", "no_key"), False, "no_key"),
        (LlmFailure("llm", "rate_limited", 1.0), False, "rate_limited"),
        (LlmFailure("llm", "server_error"), False, "server_error"),
        (Unavailable("llm", "ActorDiedError"), True, "ActorDiedError"),
        (DependencyError("llm", "cancelled"), True, "cancelled"),
        (DeadlineExceeded("llm"), True, "deadline"),
        (ZeroDivisionError(), True, "ZeroDivisionError"),
    ],
)
async def test_a_call_that_brought_nothing_is_paid_for_where_the_vendor_may_have_worked(error, paid, said):
    bench = Bench(error)
    asked, _ = bench.begin(1, 3)
    ceiling = bench.held
    bench.model.may.set()
    assert await settled(asked) == [{}]
    assert asked[0].failure == said
    assert (bench.spent, bench.held) == (ceiling if paid else 0, 0)


async def test_who_finds_nobody_there_does_not_ask_again_for_a_second():
    bench = Bench(Unavailable("llm", "breaker_open"), None)
    asked, _ = bench.begin(1)
    bench.model.may.set()
    await settled(asked)
    assert bench.calls.obstacle() == "breaker_open"
    bench.now_s = 1.5
    assert bench.calls.obstacle() is None


async def test_no_more_calls_are_under_way_than_may_be():
    bench = Bench(None, in_flight=2)
    asked, lack = bench.begin(0, 1, 2, 3, 4)
    assert (len(asked), lack, bench.calls.obstacle()) == (2, "overloaded", "overloaded")
    bench.model.may.set()
    await settled(asked)
    assert bench.calls.obstacle() is None


async def test_money_that_runs_out_ends_the_calls_and_is_named():
    bench = Bench(None, dollars=0.0005)
    asked, lack = bench.begin(0, 1, 2, 3, 4)
    assert 0 < len(asked) < 3
    assert lack == "no_lease"
    bench.model.may.set()
    await settled(asked)


async def test_a_call_outlives_its_query_and_one_that_is_given_up_is_paid_for():
    bench = Bench(None)
    asked, _ = bench.begin(1, 3)
    query = asyncio.create_task(asyncio.wait([each.task for each in asked]))
    await asyncio.sleep(0)
    query.cancel()
    await asyncio.gather(query, return_exceptions=True)
    ceiling = bench.held
    assert ceiling > 0
    asked[0].task.cancel()
    await asyncio.gather(asked[0].task, return_exceptions=True)
    assert (bench.spent, bench.held) == (ceiling, 0)


async def test_closing_waits_for_what_is_under_way():
    bench = Bench(None)
    asked, _ = bench.begin(1, 3)
    closing = asyncio.create_task(bench.calls.close())
    await asyncio.sleep(0)
    bench.model.may.set()
    await closing
    assert asked[0].task.done()
    assert bench.spent == COST


async def test_a_call_may_wait_as_long_for_a_place_as_its_answer_may_take():
    bench = Bench(None)
    given_s: list[float] = []

    async def ask(question, deadline):
        given_s.append(deadline.remaining_s())
        return await bench.model(question, deadline)

    bench.calls._ask = ask
    asked, _ = bench.begin(1, 3)
    bench.model.may.set()
    await settled(asked)
    assert given_s == [2.0 * LlmArgs().calls.timeout_s]
    assert SpendingConfig().lease_s > 2.0 * given_s[0]  # else no call would fit into a lease (decision 0028)
