"""Submitters' standings in one replica: queries judged on the spot, written behind, throttles known within a second (F-8)."""

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from typing import Final

import asyncpg

from configs.quality import QualityArgs
from db.pool import UNREACHABLE
from db.submitters.standings import (
    ShownStanding,
    Sightings,
    ThrottleInForce,
    fold_in,
    shown_standings,
    throttles_in_force,
)
from deployments.access import LOCAL, Caller
from deployments.schemas import NO_FILTERS, QueryBody
from deployments.telemetry import Telemetry
from ranking.deadline import Clock
from ranking.errors import Throttled
from ranking.journey import RankRequest
from ranking.query_rules import Asked, Judgement, is_listing, judged
from ranking.recurrence import Recurrence
from ranking.reputation import ordinary_until_lifted

_MINUTE_S: Final = 60.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Barred:
    """A throttle as this replica knows it; seconds of its own clock, so that nobody's wall clock matters."""

    ends_s: float
    next_trial_s: float
    told: ThrottleInForce


class Reputation:
    """Judges answered queries and keeps throttled submitters out; to be used in one event loop.

    The database is the truth: each `round` folds in what this replica has seen since the last one and reads who is throttled.
    While it does not answer, throttles hold as last read and judgements wait.
    """

    def __init__(
        self, pool: asyncpg.Pool, args: QualityArgs, telemetry: Telemetry, clock: Clock = time.monotonic
    ) -> None:
        self._pool = pool
        self._args = args
        self._telemetry = telemetry
        self._clock = clock
        self._recurrence = Recurrence(args.rules.window_s)
        self._waiting: dict[str, Sightings] = {}
        self._waits = 0
        self._unheard: dict[str, int] = {}
        self._barred: dict[str, _Barred] = {}
        self._one_round = asyncio.Lock()

    def admit(self, caller: Caller) -> None:
        """Let a query in; of a throttled submitter one in a while, by which he can show himself.

        Raises:
            Throttled: with the way back in words.
        """
        if not self._barred or self._is_trusted(caller):
            return
        barred = self._barred.get(caller.submitter)
        now_s = self._clock()
        if barred is None or now_s >= barred.ends_s:
            return
        if now_s < barred.next_trial_s:
            wait_s = min(barred.next_trial_s, barred.ends_s) - now_s
            raise Throttled(self._way_back(barred, now_s, wait_s), wait_s)
        barred.next_trial_s = now_s + self._args.trial_every_s

    def note(self, caller: Caller, body: QueryBody, request: RankRequest, returned: int) -> Judgement:
        """Judge an answered query; it counts from the next round on."""
        rules, name = self._args.rules, caller.submitter
        seen = self._waiting.get(name)
        if seen is None:
            seen = self._waiting[name] = Sightings(caller.tenant, self._is_trusted(caller))
        bare = body.filters is NO_FILTERS and body.candidates is None and body.parsed is None
        query, product = request.query, request.query.product
        sold = bool(product.concepts or product.keywords or product.category or query.exemplars)
        others = () if bare else (product, query.include, query.exclude, request.candidate_ids)
        rest = (body.limit, others)
        listing = is_listing(body.limit, is_bare=bare, has_product=sold, config=rules)
        times, listings = self._recurrence.count(name, body.query, rest, self._clock(), listing=listing)
        unheard = self._unheard.get(name, 0) + (returned > 0)
        self._unheard[name] = unheard
        expected = 0 if seen.is_trusted else unheard  # who is trusted owes nobody outcomes
        judgement = judged(
            Asked(body.query, body.limit, bare, sold, times, listings if listing else 0, expected), rules
        )
        if self._waits < self._args.most_waiting:
            self._waits += 1
            seen.add(judgement, had_leads=returned > 0)
        else:
            self._telemetry.judgement_dropped()
        self._telemetry.judged(judgement.score, judgement.rule)
        return judgement

    async def round(self) -> None:
        """Fold in what was seen and read the throttles in force.

        Raises:
            what asyncpg raises; nothing is lost then.
        """
        async with self._one_round:
            taken, self._waiting, self._waits = self._waiting, {}, 0
            try:
                if taken:
                    accounts = await fold_in(self._pool, taken, self._args.reputation)
                    for name, account in accounts.items():
                        self._unheard[name] = account.unheard + sum(
                            self._waiting[name].had_leads if name in self._waiting else ()
                        )
            except UNREACHABLE:
                self._take_back(taken)
                raise
            self._bar(await throttles_in_force(self._pool))

    async def shown(self, caller: Caller) -> list[ShownStanding]:
        """Standings that the caller may see, up to now."""
        await self.round()
        return await shown_standings(self._pool, caller.tenant, everybody=caller.may("operator"))

    def _is_trusted(self, caller: Caller) -> bool:
        return self._args.local_trusted if caller is LOCAL else caller.may("trusted")

    def _take_back(self, taken: dict[str, Sightings]) -> None:
        """Put before what came meanwhile."""
        for name, seen in self._waiting.items():
            earlier = taken.get(name)
            if earlier is None:
                taken[name] = seen
            else:
                earlier.extend(seen)
        self._waiting = taken
        self._waits = sum(len(seen) for seen in taken.values())

    def _bar(self, found: dict[str, ThrottleInForce]) -> None:
        now_s, before = self._clock(), self._barred
        self._barred = {}
        for name, told in found.items():
            held = before.get(name)
            trial_s = now_s + self._args.trial_every_s if held is None else held.next_trial_s
            self._barred[name] = _Barred(now_s + told.left_s, trial_s, told)
        self._telemetry.throttled(len(found))

    def _way_back(self, barred: _Barred, now_s: float, wait_s: float) -> str:
        standing = barred.told.standing
        ordinary = ordinary_until_lifted(standing, self._args.reputation)
        left = math.ceil((barred.ends_s - now_s) / _MINUTE_S)
        return (
            f"{standing.flag_rate:.0%} of your recent queries were flagged and their score is {standing.score:.2f}, so they are "
            f"refused for up to {left // 60} h {left % 60} min. The way back is shorter: one query is answered every "
            f"{self._args.trial_every_s:.0f} s, the next in {math.ceil(wait_s)} s, and {ordinary} ordinary ones in a row lift the "
            "throttle. GET /query-quality/reputation names the rules that flagged."
        )
