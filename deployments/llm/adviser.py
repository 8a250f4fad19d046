"""The language model as `ranking.doubt.Adviser`: what is known is used, what is worth asking is asked, and hardly anybody waits.

A call goes on when its query has been answered: its scores are kept for the next query of the product, and its cost is booked.
"""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np

from configs.llm import LlmArgs
from deployments.llm import spending_metrics
from deployments.llm.asked import Asked, Ride
from deployments.llm.bookkeeping import Bookkeeper
from deployments.llm.calls import Calls
from deployments.llm.evidence import Exhibit, exhibits, product_key
from deployments.llm.scales import ScaleOf, no_scale
from deployments.llm.score_memory import ScoreMemory, SharedScores
from deployments.llm.treasury import Treasury
from models.llm.prompting import PROMPT_VERSION
from ranking.answer import Cost
from ranking.asked_share import AskedShare
from ranking.asking import choose
from ranking.deadline import Deadline
from ranking.doubt import Advice, Asker, Doubts, Judgement, worth_asking
from ranking.money import NanoUsd
from ranking.tab import Tab
from ranking.types import IntArray

_MONEY_SHARE = 0.5
"""Of the time that a waiting caller has, at most so much is waited for money."""
_LEAST_RECALLED = 500
"""Companies whose scores are looked up when a list is computed again: the best, or twice as many as the list holds."""
_PUBLIC = "public"
Wanted = Sequence[tuple[int, Exhibit]]
"""Positions in the doubts, and what would be shown of them."""


class LlmAdviser:
    """One ingress's way to the language model; to be used in one event loop.

    `shared` is None where replicas share no scores. `scale_of` maps scores to base intent as the booster
    of the query has it; memory and labels keep them as they were told.
    """

    def __init__(
        self,
        args: LlmArgs,
        calls: Calls,
        treasury: Treasury,
        bookkeeper: Bookkeeper,
        memory: ScoreMemory,
        shared: SharedScores | None,
        scale_of: ScaleOf = no_scale,
    ) -> None:
        self._args = args
        self._calls = calls
        self._treasury = treasury
        self._bookkeeper = bookkeeper
        self._memory = memory
        self._shared = shared
        self._scale_of = scale_of
        self._share = AskedShare(args.asked_share)
        self._judge = f"{args.calls.model}/{PROMPT_VERSION}/{_PUBLIC}"

    async def advise(self, doubts: Doubts, deadline: Deadline) -> Advice:
        """See `ranking.doubt.Adviser`."""
        product = product_key(doubts.product)
        known = self._memory.recall(doubts, product)
        if doubts.asker.mode == "known":
            recalled = await self._recalled(doubts, product, known, deadline)
            return Advice(self._placed(doubts, known.and_then(recalled)), _free)
        asker = doubts.asker
        tab = asker.tab or self._treasury.open_tab(
            asker.query_id, asker.tenant, asker.limit, asker.max_cost_usd
        )
        unknown = len(known) < len(doubts)
        obstacle = self._calls.obstacle() if unknown and asker.mode == "auto" else None
        if (
            obstacle is not None
        ):  # neither what others would be worth nor what other replicas know is looked into then
            self._share.record(doubts.pool, 0)
            return Advice(self._placed(doubts, known), _bill(tab, 0, doubts.pool), (obstacle,))
        worth = self._worth(doubts, self._placed(doubts, known))
        wanted = worth[: tab.room // self._calls.cost_of_one]
        shown = exhibits(doubts, wanted, self._judge, self._args.calls.texts) if len(wanted) else []
        open_, rides = self._calls.under_way.apart(list(zip(wanted.tolist(), shown, strict=True)))
        fetched = await self._fetched(doubts, product, open_, deadline)
        known = known.and_then(fetched)
        held = set(fetched.at.tolist())
        open_ = [each for each in open_ if each[0] not in held]
        asked, more, notes = await self._ask(doubts, product, open_, tab, deadline)
        calls: list[Asked | Ride] = [*asked, *rides, *more]
        answered = await self._answers(calls, asker, deadline)
        sent = sum(len(each.at) for each in asked)
        if any(not each.task.done() for each in calls):
            notes.append("deadline" if doubts.asker.mode == "wait" else "not_waited")
        if len(wanted) < len(worth):
            notes.append("query_budget")
        notes += {each.failure for each in calls if each.failure}
        told = self._placed(doubts, known.and_then(answered))
        return Advice(told, _bill(tab, sent, doubts.pool), tuple(dict.fromkeys(notes)))

    def _placed(self, doubts: Doubts, judgement: Judgement) -> Judgement:
        """The judgement on the one scale of intent (F-5), that of the booster which the pool's base is of."""
        scale = self._scale_of(doubts.booster) if len(judgement) else None
        return judgement if scale is None else Judgement(judgement.at, scale(judgement.scores))

    def _worth(self, doubts: Doubts, known: Judgement) -> IntArray:
        """Positions in the doubts of those worth asking about, the most valuable first; they cost about the same."""
        value = worth_asking(doubts, known, self._args.asking)
        cost = np.full(len(doubts), self._calls.cost_of_one, dtype=np.int64)
        most, least_gain = self._args.advising.most_asked, self._args.asking.least_gain
        return choose(value, value > 0.0, cost, most, NanoUsd(int(cost.sum())), least_gain)

    async def _recalled(
        self, doubts: Doubts, product: str, known: Judgement, deadline: Deadline
    ) -> Judgement:
        """What other replicas know of the best in doubt: a list computed again is the one that another of them has answered with."""
        if self._shared is None:
            return Judgement.nothing()
        most = max(_LEAST_RECALLED, 2 * doubts.asker.limit)
        best = np.argsort(-doubts.scores[doubts.positions], kind="stable")[:most]
        unknown = best[~np.isin(best, known.at)].astype(np.int32)
        shown = exhibits(doubts, unknown, self._judge, self._args.calls.texts) if len(unknown) else []
        return await self._fetched(doubts, product, list(zip(unknown.tolist(), shown, strict=True)), deadline)

    async def _fetched(self, doubts: Doubts, product: str, wanted: Wanted, deadline: Deadline) -> Judgement:
        """What other replicas know of those wanted, and what came here meanwhile; remembered here from then on."""
        if self._shared is None or not wanted or deadline.remaining_s() <= 0.0:
            return Judgement.nothing()
        found = await self._shared.get([each.key for _, each in wanted], deadline)
        scored = [(at, score) for (at, _), score in zip(wanted, found, strict=True) if score is not None]
        fetched = Judgement(
            np.array([at for at, _ in scored], dtype=np.int32), np.array([score for _, score in scored])
        )
        rest = [at for (at, _), score in zip(wanted, found, strict=True) if score is None]
        came = self._memory.known(doubts, product, rest)
        self._memory.keep(doubts, product, fetched.at.tolist(), fetched.scores)
        return fetched.and_then(came)

    async def _ask(
        self,
        doubts: Doubts,
        product: str,
        wanted: Wanted,
        tab: Tab,
        deadline: Deadline,
    ) -> tuple[list[Asked], list[Ride], list[str]]:
        """Begin calls for those wanted, as far as share, money and the endpoint allow; others' calls about them; what stood in the way."""
        wanted, rides = self._calls.under_way.apart(wanted)
        obstacle = self._calls.obstacle() if wanted else None
        room = 0 if obstacle else self._share.room(doubts.pool, len(wanted))
        notes = [obstacle] if obstacle else ["share"] if room < len(wanted) else []
        asked, lack = self._calls.begin(doubts, product, wanted[:room], tab)
        if lack == "no_lease" and not asked and doubts.asker.mode == "wait":
            await self._bookkeeper.money_came(_MONEY_SHARE * deadline.remaining_s())
            wanted, more = self._calls.under_way.apart(wanted[:room])
            rides += more
            room = self._share.room(doubts.pool, len(wanted))
            asked, lack = self._calls.begin(doubts, product, wanted[:room], tab)
        sent = sum(len(each.at) for each in asked)
        self._share.record(doubts.pool, sent)
        spending_metrics.sent(sent, self._share.share)
        return asked, rides, [*notes, *([lack] if lack else [])]

    async def _answers(self, asked: Sequence[Asked | Ride], asker: Asker, deadline: Deadline) -> Judgement:
        """What comes back in the time that is waited for."""
        patience_s = self._patience_s(asker.mode, deadline) if asked else 0.0
        if patience_s > 0.0:
            with asker.aside():
                await asyncio.wait([each.task for each in asked], timeout=patience_s)
        answered = Judgement.nothing()
        for each in asked:
            answered = answered.and_then(each.judgement())
        return answered

    def _patience_s(self, mode: str, deadline: Deadline) -> float:
        left_s = deadline.remaining_s() - self._args.advising.reserve_ms / 1000.0
        if mode == "wait":
            return left_s
        patience_s = min(self._args.advising.patience_ms / 1000.0, left_s)
        return patience_s if self._calls.recent.p75_s <= patience_s else 0.0


def _free(_returned: int) -> Cost:
    return Cost()


def _bill(tab: Tab, sent: int, pool: int) -> Callable[[int], Cost]:
    return lambda returned: tab.receipt(returned, sent, pool)
