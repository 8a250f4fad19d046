"""Calls of the language model on behalf of queries: paid for, bounded, and going on without those who asked."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np

from configs.llm import LlmArgs
from deployments.llm.asked import Asked, UnderWay
from deployments.llm.completion import Usage as Told
from deployments.llm.evidence import Exhibit, question_of
from deployments.llm.labels import Label, Labels
from deployments.llm.node import Judged
from deployments.llm.score_memory import ScoreMemory, SharedScores
from deployments.llm.settling import reason_of, settle, usage_of
from deployments.llm.treasury import NoMoney, Payment, Treasury
from deployments.llm.waiting import RecentAnswers
from models.llm.question import Candidate, Question
from models.llm.tokens import quick_tokens, reply_tokens
from ranking.deadline import Clock, Deadline
from ranking.doubt import Doubts, Judgement
from ranking.errors import DependencyError, LeadError, Unavailable
from ranking.money import NanoUsd
from ranking.tab import Tab

Ask = Callable[[Question, Deadline], Awaitable[Judged]]
_CLOSE_S: Final = 2.0
_SENTINELS: Final = 2
_PER_CALL_TOKENS: Final = 650
_PER_CANDIDATE_TOKENS: Final = 60
_USUAL_CANDIDATE_TOKENS: Final = 250
_PER_TEXT_TOKENS: Final = 24
_log = logging.getLogger(__name__)


class Calls:
    """Begins calls and sees to what becomes of them; one event loop."""

    def __init__(
        self,
        args: LlmArgs,
        ask: Ask,
        treasury: Treasury,
        memory: ScoreMemory,
        shared: SharedScores | None,
        labels: Labels | None,
        clock: Clock,
    ) -> None:
        self._args = args
        self._ask = ask
        self._treasury = treasury
        self._memory = memory
        self._shared = shared
        self._labels = labels
        self._clock = clock
        self._tasks: set[asyncio.Task[Judgement]] = set()
        self.under_way = UnderWay()
        self._paused_until_s = -inf
        self._why_paused = ""
        self.recent = RecentAnswers(args.advising.recent_s, args.advising.least_recent, clock)
        size = 1 if args.calls.mode == "pointwise" else args.calls.per_call
        self._size = size
        self.cost_of_one = NanoUsd(max(1, self._ceiling(size, size * _USUAL_CANDIDATE_TOKENS) // size))

    def obstacle(self) -> str | None:
        """Why no call would be made now."""
        if self._clock() < self._paused_until_s:
            return self._why_paused
        return "overloaded" if len(self._tasks) >= self._args.advising.in_flight else None

    def begin(
        self, doubts: Doubts, product: str, wanted: Sequence[tuple[int, Exhibit]], tab: Tab
    ) -> tuple[list[Asked], str]:
        """Calls for those wanted while there is money and a place; and what there was too little of, "" for nothing."""
        asked: list[Asked] = []
        count = -(-len(wanted) // self._size)
        cuts = [round(len(wanted) * part / count) for part in range(count + 1)] if count else []
        for start, end in pairwise(cuts):
            if len(self._tasks) >= self._args.advising.in_flight:
                return asked, "overloaded"
            part = wanted[start:end]
            shown = [each for _, each in part]
            payment = self._hold(tab, shown)
            if isinstance(payment, str):
                return asked, payment
            asked.append(self._begun(doubts, product, Asked([at for at, _ in part], shown, payment)))
        return asked, ""

    async def close(self) -> None:
        """Wait a moment for calls under way, then give them up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _begun(self, doubts: Doubts, product: str, asked: Asked) -> Asked:
        # An empty context: Serve cancels what a request began when its client goes away (Ray 2.60); this goes on.
        run = self._judged(doubts, product, asked)
        asked.task = asyncio.get_running_loop().create_task(run, context=contextvars.Context())
        self._tasks.add(asked.task)
        asked.task.add_done_callback(self._tasks.discard)
        self.under_way.add(asked)
        return asked

    async def _judged(self, doubts: Doubts, product: str, asked: Asked) -> Judgement:
        """The scores, kept and paid for; nothing, with `failure` set, when there are none."""
        started_s = self._clock()
        deadline = Deadline.after_ms(self._args.calls.longest_s * 1000.0, self._clock)
        try:
            told = await self._ask(question_of(doubts.product, asked.shown), deadline)
        except LeadError as err:
            self._failed(asked, err)
            self.recent.note(inf)
            return Judgement.nothing()
        except Exception as err:  # noqa: BLE001 - a fault of ours must neither fail the query nor keep its money
            _log.exception("a call of the language model failed")
            self._failed(asked, DependencyError("llm", type(err).__name__))
            self.recent.note(inf)
            return Judgement.nothing()
        except asyncio.CancelledError:
            settle(self._treasury, asked.payment, Told(unanswered=1))
            raise
        cost = settle(self._treasury, asked.payment, told.usage)
        scored = np.flatnonzero(~np.isnan(told.scores))
        self.recent.note(self._clock() - started_s if len(scored) else inf)
        if not len(scored):
            asked.failure = told.failures[0] if told.failures else "withheld"
        self._learn(doubts, product, asked, told, scored.tolist(), cost)
        return self._kept(doubts, product, asked, told, scored.tolist())

    def _kept(
        self, doubts: Doubts, product: str, asked: Asked, told: Judged, scored: Sequence[int]
    ) -> Judgement:
        at = [asked.at[each] for each in scored]
        scores = told.scores[scored]
        self._memory.keep(doubts, product, at, scores)
        if self._shared is not None:
            keys = [asked.shown[each].key for each in scored]
            self._shared.put(dict(zip(keys, scores.tolist(), strict=True)))
        return Judgement(np.array(at, dtype=np.int32), scores)

    def _learn(
        self,
        doubts: Doubts,
        product: str,
        asked: Asked,
        told: Judged,
        scored: Sequence[int],
        cost: NanoUsd,
    ) -> None:
        """Each judgement as a label, with its share of the call; all evidence is public, so no label is a tenant's own."""
        if self._labels is None or not scored:
            return
        count = len(scored)
        tokens_in, tokens_out = told.usage.tokens_in // count, told.usage.tokens_out // count
        share = NanoUsd(cost // count)
        for each in scored:
            shown = asked.shown[each]
            self._labels.put(
                Label(
                    product, shown.company_id, shown.evidence_hash, told.model, told.prompt_version,
                    float(told.scores[each]), doubts.features[asked.at[each]], doubts.as_of_s, doubts.asker.query_id, None,
                    tokens_in, tokens_out, share,
                )
            )  # fmt: skip

    def _hold(self, tab: Tab, shown: Sequence[Exhibit]) -> Payment | NoMoney:
        tokens = sum(
            _PER_CANDIDATE_TOKENS + _tokens(each.candidate, self._args.calls.text_characters)
            for each in shown
        )
        ceiling = self._ceiling(len(shown), tokens)
        return self._treasury.hold(tab, self._args.calls.model, ceiling, self._args.calls.longest_s)

    def _ceiling(self, candidates: int, tokens: int) -> NanoUsd:
        return self._treasury.ceiling(
            self._args.calls.model, _PER_CALL_TOKENS + tokens, reply_tokens(candidates + _SENTINELS)
        )

    def _failed(self, asked: Asked, err: LeadError) -> None:
        """Money goes back where the vendor was surely not asked or refused; who finds nobody there pauses."""
        asked.failure = reason_of(err)
        if isinstance(err, Unavailable):
            self._paused_until_s = self._clock() + self._args.advising.pause_s
            self._why_paused = asked.failure
        settle(self._treasury, asked.payment, usage_of(err))


def _tokens(candidate: Candidate, most_characters: int) -> int:
    """An estimate of what a company takes in the prompt, rather too many than too few."""
    texts = [each.text[:most_characters] for each in candidate.evidence]
    return _PER_TEXT_TOKENS * len(texts) + quick_tokens(
        "".join((candidate.name, candidate.domain or "", *texts))
    )
