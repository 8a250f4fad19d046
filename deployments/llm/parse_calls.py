"""Calls that have a prompt read: paid for, bounded, and going on without those who asked."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final

from configs.llm import LlmArgs
from deployments.llm import parse_metrics
from deployments.llm.completion import Usage
from deployments.llm.prompt_reader import Read
from deployments.llm.settling import reason_of, settle, usage_of
from deployments.llm.treasury import NoMoney, Payment, Treasury
from deployments.llm.waiting import RecentAnswers
from models.llm.reading import Said
from models.llm.reading_merge import merge
from models.llm.reading_prompt import TOKENS_OUT, Wording, tokens_in
from ranking.deadline import Clock, Deadline
from ranking.errors import DependencyError, LeadError, Unavailable
from ranking.tab import Tab
from ranking.taxonomy import Taxonomy
from ranking.types import Query

Reads = Callable[[Wording, Deadline], Awaitable[Read]]
Learned = Callable[[str, Query, Query], None]
"""Told of each reply that was read: the prompt, the rules' parse, and the parse to be used."""
_CLOSE_S: Final = 2.0
_FINAL: Final = ("garbage", "refused")
"""Failures that were paid for and would come again: such a prompt is left to the rules."""
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class ParseCall:
    """One call: `query` is the parse to be used when the task has ended, None for none; `outcome` or `failure` say what became of it."""

    payment: Payment
    task: "asyncio.Task[None]" = field(init=False)
    query: Query | None = None
    outcome: str = ""
    failure: str = ""


class ParseCalls:
    """Begins calls and sees to what becomes of them; one event loop. Equal prompts share a call."""

    def __init__(
        self, args: LlmArgs, read: Reads, treasury: Treasury, taxonomy: Taxonomy, clock: Clock
    ) -> None:
        self._args = args
        self._read = read
        self._treasury = treasury
        self._taxonomy = taxonomy
        self._clock = clock
        self._calls: dict[str, ParseCall] = {}
        self._paused_until_s = -inf
        self._why_paused = ""
        self.recent = RecentAnswers(args.advising.recent_s, args.advising.least_recent, clock)

    def under_way(self, prompt: str) -> ParseCall | None:
        """The call that reads this prompt now."""
        return self._calls.get(prompt)

    def obstacle(self) -> str | None:
        """Why no call would be made now."""
        if self._clock() < self._paused_until_s:
            return self._why_paused
        return "overloaded" if len(self._calls) >= self._args.parsing.in_flight else None

    def begin(self, prompt: str, rules: Query, tab: Tab, learned: Learned) -> ParseCall | NoMoney:
        """A call for this prompt, or why there is no money for it."""
        wording = Wording(prompt, self._taxonomy.CONCEPTS, self._taxonomy.INDUSTRIES)
        model = self._args.calls.model
        ceiling = self._treasury.ceiling(model, tokens_in(wording), TOKENS_OUT)
        payment = self._treasury.hold(tab, model, ceiling, self._args.calls.longest_s, "parse")
        if isinstance(payment, str):
            return payment
        call = self._calls[prompt] = ParseCall(payment)
        # An empty context: Serve cancels what a request began when its client goes away (Ray 2.60); this goes on.
        run = self._run(call, wording, rules, learned)
        call.task = asyncio.get_running_loop().create_task(run, context=contextvars.Context())
        call.task.add_done_callback(lambda _: self._calls.pop(prompt, None))
        return call

    async def close(self) -> None:
        """Wait a moment for calls under way, then give them up."""
        if self._calls:
            _, late = await asyncio.wait([call.task for call in self._calls.values()], timeout=_CLOSE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, call: ParseCall, wording: Wording, rules: Query, learned: Learned) -> None:
        started_s = self._clock()
        told = await self._told(call, wording)
        said = None if told is None else told.said
        self.recent.note(inf if said is None else self._clock() - started_s)
        if said is not None:
            call.query = self._merged(call, wording.text, rules, said)
        elif told is not None:
            call.failure = told.failure
            call.query = rules if told.failure in _FINAL else None
        if call.query is not None:
            learned(wording.text, rules, call.query)
        parse_metrics.read(call.failure or call.outcome)

    async def _told(self, call: ParseCall, wording: Wording) -> Read | None:
        """The leaf's answer, paid for; None, with `failure` set, when there is none."""
        deadline = Deadline.after_ms(self._args.calls.longest_s * 1000.0, self._clock)
        try:
            told = await self._read(wording, deadline)
        except LeadError as err:
            self._failed(call, err)
            return None
        except Exception as err:  # noqa: BLE001 - a fault of ours must neither fail the query nor keep its money
            _log.exception("reading a prompt failed")
            self._failed(call, DependencyError("llm", type(err).__name__))
            return None
        except asyncio.CancelledError:
            settle(self._treasury, call.payment, Usage(unanswered=1))
            raise
        settle(self._treasury, call.payment, told.usage)
        return told

    def _merged(self, call: ParseCall, prompt: str, rules: Query, said: Said) -> Query:
        merged = merge(prompt, rules, said, self._taxonomy)
        call.outcome = merged.outcome
        if merged.outcome == "disagreed":
            call.failure = merged.outcome
        return merged.query

    def _failed(self, call: ParseCall, err: LeadError) -> None:
        call.failure = reason_of(err)
        if isinstance(err, Unavailable):
            self._paused_until_s = self._clock() + self._args.advising.pause_s
            self._why_paused = call.failure
        settle(self._treasury, call.payment, usage_of(err))
