"""Money for calls of the language model: held in memory before a call, charged after it, no I/O between (F-10).

`deployments.llm.bookkeeping` brings leases in, books charges and gives back what is left.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from db.ledger.ledger import Charge, Kind, Refusal
from deployments.llm import spending_metrics
from ranking.account import Account, AccountRules, Hold
from ranking.deadline import Clock
from ranking.money import NOTHING, NanoUsd, nanousd
from ranking.prices import Usage
from ranking.spending import SpendingConfig
from ranking.tab import Tab

PUBLIC_TENANT: Final = "public"
"""Everybody without a key, as far as money goes."""
NoMoney = Literal["query_budget", "tenant_budget", "global_budget", "no_lease", "ledger"]
"""Why a call may not be made: degradation reasons of the stage "llm". `no_lease`: money was asked for and comes soon."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """`steady` for what lasts, `epoch` (seconds since 1970, UTC) for what is written down."""

    steady: Clock
    epoch: Clock


@dataclass(slots=True)
class Purse:
    """One tenant's account, and how the ledger last answered for it: after a refusal it is not asked before `ask_at_s`."""

    account: Account
    refused: Refusal | None = None
    ask_at_s: float = float("-inf")


@dataclass(frozen=True, slots=True, eq=False)
class Payment:
    """Permission for one call of `model`; ends in exactly one of `Treasury.charge` and `Treasury.release`."""

    tab: Tab
    hold: Hold
    model: str
    kind: Kind


class Treasury:
    """The hot side of the money in one replica; to be used in one event loop."""

    def __init__(self, config: SpendingConfig, clocks: Clocks, new_id: Callable[[], UUID]) -> None:
        self.config = config
        self.purses: dict[str, Purse] = {}
        self.unbooked: list[Charge] = []
        self.ledger_away = False
        self.lacking = asyncio.Event()
        self._rules = AccountRules(nanousd(config.chunk_usd), config.low_share)
        self._clocks = clocks
        self._new_id = new_id

    def open_tab(self, query_id: str, tenant: str | None, limit: int, max_cost_usd: float | None) -> Tab:
        """The bill of a query for `limit` leads, `tenant` None who asks without a key; it closes with `Tab.receipt`."""
        return Tab(query_id, tenant or PUBLIC_TENANT, self.config.query_limit(limit, max_cost_usd))

    def ceiling(self, model: str, tokens_in: int, most_tokens_out: int) -> NanoUsd:
        """What a call will be taken to cost at most; raises Unavailable for a model without a price."""
        return self.config.prices.ceiling(model, tokens_in, most_tokens_out)

    def hold(
        self, tab: Tab, model: str, ceiling: NanoUsd, lasts_s: float, kind: Kind = "judgement"
    ) -> Payment | NoMoney:
        """Set `ceiling` aside for a call that ends within `lasts_s`, or say why it may not be made."""
        if self.ledger_away or len(self.unbooked) >= self.config.most_unbooked:
            return "ledger"
        if ceiling > tab.room:
            return "query_budget"
        purse = self._purse(tab.tenant)
        if purse is None:
            return "no_lease"
        found = purse.account.hold(ceiling, self._clocks.steady(), lasts_s)
        if found is None:
            return self._lack(purse)
        tab.hold(ceiling)
        return Payment(tab, found, model, kind)

    def charge(
        self, payment: Payment, usage: Usage, calls: int = 1, unanswered: NanoUsd = NOTHING
    ) -> NanoUsd:
        """The vendor was asked; what it has cost by its count of tokens.

        Args:
            calls: how often it was asked under this permission (repeats).
            unanswered: what calls are taken to have cost that were sent and told no usage; `payment.hold.amount` if it was the
                only one.
        """
        cost = NanoUsd(self.config.prices.cost(payment.model, usage) + unanswered)
        tab, hold = payment.tab, payment.hold
        self._account(payment).charge(hold, cost)
        tab.charge(hold.amount, cost, usage, calls)
        spending_metrics.charged(payment.model, cost, hold.amount, usage)
        self.unbooked.append(
            Charge(
                self._new_id(), hold.lease.lease_id, tab.query_id, payment.model, usage, cost, tab.answered,
                self._clocks.epoch(), payment.kind, is_estimate=unanswered > 0,
            )
        )  # fmt: skip
        return cost

    def release(self, payment: Payment) -> None:
        """The call was not made, or the vendor refused it before working: it costs nothing."""
        self._account(payment).release(payment.hold)
        payment.tab.release(payment.hold.amount)

    def _account(self, payment: Payment) -> Account:
        """An account with a hold in it is never dropped."""
        return self.purses[payment.tab.tenant].account

    def _purse(self, tenant: str) -> Purse | None:
        found = self.purses.get(tenant)
        if found is None and len(self.purses) < self.config.most_tenants:
            found = self.purses[tenant] = Purse(Account(self._rules))
        return found

    def _lack(self, purse: Purse) -> NoMoney:
        if purse.refused is None:
            if purse.account.lacks:
                self.lacking.set()
            return "no_lease"
        return "tenant_budget" if purse.refused == "tenant" else "global_budget"
