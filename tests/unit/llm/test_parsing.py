"""Who waits for a second reading, who pays for it, and what is remembered; the leaf is a function here."""

import asyncio
from contextlib import contextmanager
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from configs.llm import LlmArgs
from deployments.llm.completion import Usage
from deployments.llm.failure import LlmFailure
from deployments.llm.parse_calls import ParseCalls
from deployments.llm.parsing import Parsing
from deployments.llm.prompt_reader import Read
from deployments.llm.treasury import Clocks, Purse, Treasury
from models.llm.reading import Heard, Said
from ranking.account import Account, AccountRules, Lease
from ranking.deadline import Deadline
from ranking.doubt import Asker
from ranking.errors import DeadlineExceeded, Overloaded, Unavailable
from ranking.money import NanoUsd
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
PROMPT = "looking 4 head honchos at solar outfits down under"
RULES = parse(PROMPT, TAXONOMY)
SAID = Said("en", (Heard("include.countries", "Australia", "down under"),))
USED = Usage(1, 0, 2_000, 0, 100)


class Bench:
    """A parsing over a leaf that answers when told to; time is the loop's, money is plenty unless told otherwise."""

    def __init__(self, *answers, money=True, shared=None, **parsing):
        self.answers, self.asked, self.lent = list(answers), [], 0
        self.gate, self.began = asyncio.Event(), asyncio.Event()
        self.gate.set()
        args = LlmArgs.model_validate({"parsing": parsing, "advising": {"least_recent": 1}})
        clock = asyncio.get_running_loop().time
        self.treasury = Treasury(args.spending, Clocks(clock, clock), uuid4)
        account = Account(AccountRules(NanoUsd(10**9), 0.5))
        self.treasury.purses["public"] = Purse(account)
        if money:
            account.add(Lease(uuid4(), NanoUsd(10**9), clock() + 3_600.0))
        self.calls = ParseCalls(args, self.read, self.treasury, TAXONOMY, clock)
        self.parsing = Parsing(args.parsing, self.calls, self.treasury, self, TAXONOMY, shared)

    async def money_came(self, _timeout_s):
        return False

    async def read(self, wording, _deadline):
        self.asked.append(wording.text)
        self.began.set()
        await self.gate.wait()
        answer = self.answers.pop(0) if self.answers else Read(SAID, USED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @contextmanager
    def aside(self):
        self.lent += 1
        yield

    async def parse(self, mode="wait", prompt=PROMPT, deadline_ms=2_000.0):
        asker = Asker(uuid4().hex, None, mode, 25, None, self.aside)
        deadline = Deadline.after_ms(deadline_ms, asyncio.get_running_loop().time)
        return await self.parsing.parse(prompt, parse(prompt, TAXONOMY), asker, deadline)

    def spent(self):
        return sum(charge.amount for charge in self.treasury.unbooked)


async def test_who_waits_lends_the_place_and_gets_the_parse():
    bench = Bench()
    parsed = await bench.parse()
    assert (parsed.by, parsed.held, parsed.notes) == ("llm", False, ())
    assert parsed.query.include.countries == ("AU",)
    assert bench.lent == 1
    assert parsed.tab.spent == bench.spent() > 0
    assert [charge.kind for charge in bench.treasury.unbooked] == ["parse"]


async def test_what_became_of_readings_is_counted():
    def counted(outcome):
        return REGISTRY.get_sample_value("leads_llm_parses_total", {"outcome": outcome}) or 0.0

    before = counted("merged"), counted("garbage")
    await Bench().parse()
    await Bench(Read(None, USED, "garbage")).parse()
    assert (counted("merged"), counted("garbage")) == (before[0] + 1, before[1] + 1)


async def test_who_has_it_already_pays_nothing_and_waits_for_nobody():
    bench = Bench()
    await bench.parse()
    parsed = await bench.parse(mode="auto")
    assert (parsed.by, parsed.held, parsed.tab) == ("llm", True, None)
    assert (len(bench.asked), bench.lent) == (1, 1)


async def test_auto_does_not_wait_for_who_is_not_known_to_be_fast():
    bench = Bench()
    parsed = await bench.parse(mode="auto")
    assert (parsed.by, parsed.notes, bench.lent) == ("rules", ("not_waited",), 0)
    await bench.calls.close()
    assert (await bench.parse(mode="auto")).by == "llm"


async def test_a_late_parse_is_kept_and_booked_as_late():
    bench = Bench()
    bench.gate.clear()
    parsed = await bench.parse(deadline_ms=40.0)
    assert (parsed.by, parsed.notes, parsed.query) == ("rules", ("deadline",), RULES)
    assert parsed.tab.receipt(25, 0, 200).pending_usd > 0.0
    bench.gate.set()
    await bench.calls.close()
    assert [charge.is_late for charge in bench.treasury.unbooked] == [True]
    assert (await bench.parse()).held


async def test_it_goes_on_when_its_query_is_given_up():
    bench = Bench()
    bench.gate.clear()
    query = asyncio.create_task(bench.parse())
    await bench.began.wait()
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    bench.gate.set()
    await bench.calls.close()
    assert (await bench.parse()).held


async def test_the_second_who_asks_the_same_rides_along_for_nothing():
    bench = Bench()
    first, second = await asyncio.gather(bench.parse(), bench.parse())
    assert (len(bench.asked), first.by, second.by) == (1, "llm", "llm")
    assert [first.tab is None, second.tab is None] == [False, True]


@pytest.mark.parametrize(
    ("failure", "note", "cost"),
    [
        (LlmFailure("llm", "server_error"), "server_error", False),
        (Overloaded("llm"), "overloaded", False),
        (Unavailable("llm", "breaker_open"), "breaker_open", False),
        (DeadlineExceeded("llm"), "deadline", True),
        (RuntimeError("a fault of ours"), "RuntimeError", True),
    ],
)
async def test_a_call_that_brings_nothing_leaves_the_rules_and_is_tried_again_later(failure, note, cost):
    bench = Bench(failure)
    parsed = await bench.parse()
    assert (parsed.query, parsed.by, parsed.notes) == (RULES, "rules", (note,))
    assert (bench.spent() > 0) == cost
    assert parsed.tab.held == 0
    again = await bench.parse()
    assert again.by == ("rules" if note == "breaker_open" else "llm")


async def test_garbage_that_was_paid_for_is_not_bought_again():
    bench = Bench(Read(None, USED, "garbage"))
    parsed = await bench.parse()
    assert (parsed.query, parsed.notes) == (RULES, ("garbage",))
    again = await bench.parse()
    assert (again.query, again.by, again.notes, len(bench.asked)) == (RULES, "rules", (), 1)


async def test_no_more_are_read_at_a_time_than_may_be():
    bench = Bench(in_flight=1)
    bench.gate.clear()
    await bench.parse(deadline_ms=20.0)
    parsed = await bench.parse(prompt="kinda like Toast")
    assert (parsed.by, parsed.notes) == ("rules", ("overloaded",))
    bench.gate.set()
    await bench.calls.close()


async def test_without_money_nobody_is_asked():
    bench = Bench(money=False)
    parsed = await bench.parse()
    assert (parsed.by, parsed.notes, bench.asked) == ("rules", ("no_lease",), [])


async def test_the_least_recently_used_parse_goes_first():
    bench = Bench(remembered=1)
    await bench.parse()
    await bench.parse(prompt="kinda like Toast")
    await bench.parse()
    assert bench.asked == [PROMPT, "kinda like Toast", PROMPT]
