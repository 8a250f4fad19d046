"""Everything an ingress has for the language model, put together and taken down in order."""

import time
from contextlib import AsyncExitStack
from types import TracebackType
from uuid import uuid4

import asyncpg

from configs.llm import LlmArgs
from db.ledger.ledger import Ledger, Limits
from deployments.llm.adviser import LlmAdviser
from deployments.llm.bookkeeping import Bookkeeper
from deployments.llm.calls import Ask, Calls
from deployments.llm.label_store import LabelStore
from deployments.llm.parse_calls import ParseCalls, Reads
from deployments.llm.parsing import Parsing, SharedParses
from deployments.llm.scales import ScaleOf, no_scale
from deployments.llm.score_memory import Counted, ScoreMemory, SharedScores, uncounted
from deployments.llm.treasury import Clocks, Treasury
from ranking.money import nanousd
from ranking.taxonomy import Taxonomy


class LlmDesk:
    """Made where there is a key; `adviser` is the pipeline's. To be entered in the event loop that uses it.

    `shared` is None where replicas share no scores; `counted` is told of hits and misses of this replica's own.
    `scale_of` says how each booster places the model's scores.
    """

    def __init__(
        self,
        args: LlmArgs,
        ask: Ask,
        pool: asyncpg.Pool,
        shared: SharedScores | None = None,
        counted: Counted = uncounted,
        scale_of: ScaleOf = no_scale,
    ) -> None:
        self._args = args
        spending = args.spending
        self._treasury = Treasury(spending, Clocks(time.monotonic, time.time), uuid4)
        limits = Limits(nanousd(spending.tenant_daily_usd), nanousd(spending.global_daily_usd))
        ledger = Ledger(pool, uuid4().hex, limits)
        self._bookkeeper = Bookkeeper(self._treasury, ledger, time.monotonic, uuid4)
        self.labels = LabelStore(pool, args.labels)
        memory = ScoreMemory(args.advising.remembered, counted)
        self._calls = Calls(args, ask, self._treasury, memory, shared, self.labels, time.monotonic)
        self.adviser = LlmAdviser(
            args, self._calls, self._treasury, self._bookkeeper, memory, shared, scale_of
        )
        self._closing = AsyncExitStack()

    def parsing(self, read: Reads, taxonomy: Taxonomy, shared: SharedParses | None = None) -> Parsing:
        """What reads prompts that the rules are unsure of, on the same money; to be made once, when entered."""
        calls = ParseCalls(self._args, read, self._treasury, taxonomy, time.monotonic)
        self._closing.push_async_callback(calls.close)
        return Parsing(self._args.parsing, calls, self._treasury, self._bookkeeper, taxonomy, shared)

    async def __aenter__(self) -> "LlmDesk":
        """Begin to lease, to book and to store labels."""
        self.labels.start()
        self._closing.push_async_callback(self.labels.close)
        self._bookkeeper.start()
        self._closing.push_async_callback(self._bookkeeper.close)
        self._closing.push_async_callback(self._calls.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for calls under way, book them, give back what is left, store their labels."""
        await self._closing.aclose()
