"""Prompts that the rules are unsure of, read by the language model as well (F-1): what is known at once, the rest hardly waited for.

A call goes on when its query has been answered: its parse is kept for the next query that says the same.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from configs.llm import ParsingConfig
from deployments.llm.bookkeeping import Bookkeeper
from deployments.llm.parse_calls import ParseCall, ParseCalls
from deployments.llm.treasury import Treasury
from ranking.correction import checked
from ranking.deadline import Deadline
from ranking.doubt import Asker
from ranking.errors import InvalidQuery
from ranking.tab import Tab
from ranking.taxonomy import Taxonomy
from ranking.types import Query

ParsedBy = Literal["rules", "llm"]
_MONEY_SHARE: Final = 0.5
"""Of the time that a waiting caller has, at most so much is waited for money."""


class SharedParses(Protocol):
    """Parses that all replicas share; what it holds may be lost, and an unreachable one holds nothing."""

    async def get(self, prompt: str, deadline: Deadline) -> Query | None:
        """The parse that is kept of a prompt."""
        ...

    def put(self, prompt: str, query: Query) -> None:
        """Keep one; written behind, never waited for."""
        ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parse to be used: the rules' own, or with what the model added.

    Attributes:
        held: the model's part was known before this query.
        notes: degradation reasons of the stage "parse".
        tab: the query's bill where a call was made.
    """

    query: Query
    by: ParsedBy = "rules"
    held: bool = False
    notes: tuple[str, ...] = ()
    tab: Tab | None = None


class Parsing:
    """One ingress's second reader; to be used in one event loop. `shared` is None where replicas share no parses."""

    def __init__(
        self,
        config: ParsingConfig,
        calls: ParseCalls,
        treasury: Treasury,
        bookkeeper: Bookkeeper,
        taxonomy: Taxonomy,
        shared: SharedParses | None,
    ) -> None:
        self._config = config
        self._calls = calls
        self._treasury = treasury
        self._bookkeeper = bookkeeper
        self._taxonomy = taxonomy
        self._shared = shared
        self._held: OrderedDict[str, Query] = OrderedDict()

    async def parse(self, prompt: str, rules: Query, asker: Asker, deadline: Deadline) -> Parsed:
        """The best parse that can be had in the time that is waited for; never an error, what was skipped is noted."""
        held = self._held.get(prompt)
        if held is not None:
            self._held.move_to_end(prompt)
            return Parsed(held, _by(held, rules), held=True)
        shared = await self._fetched(prompt, rules, deadline)
        if shared is not None:
            self._keep(prompt, shared)
            return Parsed(shared, _by(shared, rules), held=True)
        call, tab, lack = await self._call(prompt, rules, asker, deadline)
        if call is None:
            return Parsed(rules, notes=(lack,))
        await self._wait(call, asker, deadline)
        if not call.task.done():
            return Parsed(rules, notes=("deadline" if asker.mode == "wait" else "not_waited",), tab=tab)
        query = call.query or rules
        return Parsed(query, _by(query, rules), notes=(call.failure,) if call.failure else (), tab=tab)

    async def _fetched(self, prompt: str, rules: Query, deadline: Deadline) -> Query | None:
        """What other replicas know; believed only if it rules out all that the rules do, in codes that exist."""
        if self._shared is None:
            return None
        found = await self._shared.get(prompt, deadline)
        if found is None or not rules_out_as_much(found, rules):
            return None
        try:
            return checked(found, self._taxonomy)
        except InvalidQuery:
            return None

    async def _call(
        self, prompt: str, rules: Query, asker: Asker, deadline: Deadline
    ) -> tuple[ParseCall | None, Tab | None, str]:
        """A call that reads this prompt, another query's if there is one; or what stood in the way."""
        under_way = self._calls.under_way(prompt)
        if under_way is not None:
            return under_way, None, ""
        obstacle = self._calls.obstacle()
        if obstacle is not None:
            return None, None, obstacle
        tab = self._treasury.open_tab(asker.query_id, asker.tenant, asker.limit, asker.max_cost_usd)
        begun = self._calls.begin(prompt, rules, tab, self._learned)
        if begun == "no_lease" and asker.mode == "wait":
            with asker.aside():
                await self._bookkeeper.money_came(_MONEY_SHARE * self._patience_s(asker, deadline))
            begun = self._calls.under_way(prompt) or self._calls.begin(prompt, rules, tab, self._learned)
        return (None, None, begun) if isinstance(begun, str) else (begun, tab, "")

    async def _wait(self, call: ParseCall, asker: Asker, deadline: Deadline) -> None:
        patience_s = self._patience_s(asker, deadline)
        if patience_s > 0.0 and not call.task.done():
            with asker.aside():
                await asyncio.wait((call.task,), timeout=patience_s)

    def _patience_s(self, asker: Asker, deadline: Deadline) -> float:
        left_s = deadline.remaining_s()
        if asker.mode == "wait":
            return self._config.wait_share * left_s
        patience_s = min(self._config.patience_ms / 1000.0, self._config.patience_share * left_s)
        return patience_s if self._calls.recent.p75_s <= patience_s else 0.0

    def _learned(self, prompt: str, rules: Query, query: Query) -> None:
        """A reply was read; one that changed nothing is remembered too, so that it is not paid for again."""
        self._keep(prompt, query)
        if self._shared is not None and query is not rules:
            self._shared.put(prompt, query)

    def _keep(self, prompt: str, query: Query) -> None:
        if not self._config.remembered:
            return
        self._held[prompt] = query
        if len(self._held) > self._config.remembered:
            self._held.popitem(last=False)


def rules_out_as_much(query: Query, rules: Query) -> bool:
    """Whether everything that the rules found ruled out is ruled out in `query` as well."""
    own, other = rules.exclude, query.exclude
    return all(set(getattr(own, name)) <= set(getattr(other, name)) for name in own.__slots__)


def _by(query: Query, rules: Query) -> ParsedBy:
    return "rules" if query == rules else "llm"
