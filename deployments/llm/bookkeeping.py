"""The slow side of the money: leases come in, charges are booked, what is left goes back (F-10).

While the ledger does not answer no call is made: no ledger, no language model. Charges wait and are booked when it is back.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from db.ledger.ledger import Charge, Ledger
from deployments.llm import spending_metrics
from deployments.llm.treasury import Purse, Treasury
from ranking.account import Lease
from ranking.deadline import Clock
from ranking.errors import DependencyError, Unavailable
from ranking.money import NOTHING, NanoUsd

_MOST_BOOKED_AT_ONCE: Final = 500
_log = logging.getLogger(__name__)


class Bookkeeper:
    """Keeps one replica's treasury and the ledger in step. A round does no I/O when there is nothing to do."""

    def __init__(self, treasury: Treasury, ledger: Ledger, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._treasury = treasury
        self._config = treasury.config
        self._ledger = ledger
        self._clock = clock
        self._new_id = new_id
        self._keeps: dict[UUID, NanoUsd] = {}
        self._reclaim_at_s = clock()
        self._one_round = asyncio.Lock()
        self._came_round = asyncio.Event()
        self._closing = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call in the event loop."""
        self._worker = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Stop, book what there is and give back all that no call under way may still cost."""
        self._closing.set()
        self._treasury.lacking.set()
        if self._worker is not None:
            await self._worker
        for purse in self._treasury.purses.values():
            for lease in purse.account.leases:
                self._keeps[lease.lease_id] = purse.account.shrink(lease.lease_id)
        await self.round()

    async def money_came(self, timeout_s: float) -> bool:
        """Wait for the end of the next whole round, at most `timeout_s`; for callers that wait for an answer anyway."""
        rounds = 2 if self._one_round.locked() else 1
        self._treasury.lacking.set()
        try:
            async with asyncio.timeout(timeout_s):
                for _ in range(rounds):
                    await self._came_round.wait()
        except TimeoutError:
            return False
        return True

    async def round(self) -> None:
        """Book, renew, give back, lease, look for the dead; whatever fails is tried again in the next round."""
        async with self._one_round:
            try:
                await self._book()
                await self._renew()
                await self._give_back()
                if not self._closing.is_set():
                    await self._lease()
                    await self._reclaim()
            except Unavailable as err:
                if not self._treasury.ledger_away:
                    _log.warning("the ledger is away, so is the language model: %s", err.reason)
                self._treasury.ledger_away = True
            self._came_round.set()
            self._came_round.clear()

    async def _work(self) -> None:
        """Rounds every `flush_s`, at once when a call lacks money; while the ledger is away only every `flush_s`."""
        lacking = self._treasury.lacking
        while not self._closing.is_set():
            try:
                async with asyncio.timeout(self._config.flush_s):
                    await (self._closing if self._treasury.ledger_away else lacking).wait()
            except TimeoutError:
                pass
            lacking.clear()
            await self.round()

    async def _book(self) -> None:
        """Charges leave the queue when they are booked; those that were booked before an answer was lost are booked once."""
        unbooked = self._treasury.unbooked
        while unbooked:
            batch = unbooked[:_MOST_BOOKED_AT_ONCE]
            await self._settle(batch)
            del unbooked[: len(batch)]
        if self._treasury.ledger_away:
            await self._ledger.standing()  # nothing may have been there to book; this asks
            self._treasury.ledger_away = False

    async def _settle(self, batch: Sequence[Charge]) -> None:
        """Book calls; where the ledger cannot take one, halve until it stands alone: its money stays leased and ends as lost."""
        try:
            await self._ledger.settle(batch)
        except Unavailable:
            raise
        except DependencyError as err:
            if len(batch) == 1:
                _log.error("a call of query %s cannot be booked: %s", batch[0].query_id, err.reason)
                spending_metrics.unbookable()
                return
            half = len(batch) // 2
            await self._settle(batch[:half])
            await self._settle(batch[half:])

    async def _renew(self) -> None:
        now_s = self._clock()
        renewed: dict[UUID, Purse] = {}
        for tenant, purse in list(self._treasury.purses.items()):
            living, returned = purse.account.due(now_s, self._config.lease_s / 2.0)
            renewed.update({lease.lease_id: purse for lease in living})
            for lease in returned:
                self._keeps[lease.lease_id] = purse.account.shrink(lease.lease_id)
            if not purse.account.leases and not purse.refused and not purse.account.lacks:
                del self._treasury.purses[tenant]
        if not renewed:
            return
        lives = await self._ledger.renew(list(renewed), self._config.lease_s)
        for lease_id, purse in renewed.items():
            if lease_id in lives:
                purse.account.renew(lease_id, now_s + lives[lease_id])
            else:
                purse.account.end(lease_id, now_s)

    async def _give_back(self) -> None:
        keeps = dict(self._keeps)
        if keeps:
            await self._ledger.give_back(keeps)
            self._keeps = {lease_id: keep for lease_id, keep in self._keeps.items() if lease_id not in keeps}

    async def _lease(self) -> None:
        for tenant, purse in list(self._treasury.purses.items()):
            now_s = self._clock()
            if now_s < purse.ask_at_s:
                continue
            purse.refused = None
            order = purse.account.order(now_s, self._config.lease_s / 4.0)
            if order is None:
                continue
            lease_id = self._new_id()
            self._keeps[lease_id] = NOTHING  # until the answer is here: if it is lost, the money goes back
            grant = await self._ledger.lease(
                lease_id, tenant, order.wanted, order.needed, self._config.lease_s
            )
            del self._keeps[lease_id]
            if grant.refused is None:
                purse.account.add(Lease(lease_id, grant.amount, now_s + grant.life_s))
            else:
                purse.refused = grant.refused
                purse.ask_at_s = now_s + self._config.refused_pause_s

    async def _reclaim(self) -> None:
        if self._clock() < self._reclaim_at_s:
            return
        self._reclaim_at_s = self._clock() + self._config.reclaim_s
        leases, amount = await self._ledger.reclaim(self._config.grace_s)
        if leases:
            _log.warning("%d leases of silent replicas count as spent: %d nano-dollars", leases, amount)
        spending_metrics.standing(await self._ledger.standing())
