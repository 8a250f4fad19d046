"""The account in memory: never more is held and spent than was leased, and no nano-dollar appears or goes."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ranking.account import Account, AccountRules, Hold, Lease
from ranking.money import NanoUsd

AMOUNTS = st.integers(0, 120)
LASTS = st.floats(0.0, 20.0)


class AccountStory(RuleBasedStateMachine):
    """An account, what it was given, and what a careful clerk knows of it."""

    def __init__(self) -> None:
        super().__init__()
        self.account = Account(AccountRules(NanoUsd(100)))
        self.now_s = 0.0
        self.numbers = 0
        self.holds: list[tuple[Hold, float]] = []
        self.given: dict[UUID, int] = {}
        self.ends: dict[UUID, float] = {}
        self.costs: dict[UUID, int] = {}
        self.overruns: dict[UUID, int] = {}

    @rule(amount=st.integers(1, 300), life_s=st.floats(1.0, 60.0))
    def lease(self, amount: int, life_s: float) -> None:
        self.numbers += 1
        lease_id = UUID(int=self.numbers)
        self.account.add(Lease(lease_id, NanoUsd(amount), self.now_s + life_s))
        self.given[lease_id], self.ends[lease_id] = amount, self.now_s + life_s
        self.costs[lease_id] = self.overruns[lease_id] = 0

    @rule(amount=AMOUNTS, lasts_s=LASTS)
    def hold(self, amount: int, lasts_s: float) -> None:
        free_before = {lease.lease_id: lease.free for lease in self.account.leases}
        found = self.account.hold(NanoUsd(amount), self.now_s, lasts_s)
        possible = [
            lease_id
            for lease_id, free in free_before.items()
            if free >= amount and self.ends[lease_id] > self.now_s + lasts_s
        ]
        if found is None:
            assert not possible
            lives = [lease_id for lease_id, ends_s in self.ends.items() if ends_s > self.now_s]
            if not any(free_before.get(lease_id, -1) >= amount for lease_id in lives):
                assert self.account.lacks
            return
        assert found.lease.lease_id in possible
        assert self.ends[found.lease.lease_id] == min(self.ends[each] for each in possible)
        self.holds.append((found, self.now_s + lasts_s))

    @rule(which=st.integers(0, 50), cost=AMOUNTS, honest=st.booleans())
    def charge(self, which: int, cost: int, honest: bool) -> None:
        if self.holds:
            found, _ = self.holds.pop(which % len(self.holds))
            cost = min(cost, found.amount) if honest else cost
            self.account.charge(found, NanoUsd(cost))
            self.costs[found.lease.lease_id] += cost
            self.overruns[found.lease.lease_id] += max(0, cost - found.amount)

    @rule(which=st.integers(0, 50))
    def release(self, which: int) -> None:
        if self.holds:
            found, _ = self.holds.pop(which % len(self.holds))
            self.account.release(found)

    @rule(seconds=st.floats(0.0, 30.0))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(renewed_to=st.floats(1.0, 60.0), ahead_s=st.floats(0.0, 30.0))
    def keep_house(self, renewed_to: float, ahead_s: float) -> None:
        living, returned = self.account.due(self.now_s, ahead_s)
        assert not {lease.lease_id for lease in living} & {lease.lease_id for lease in returned}
        for lease in returned:
            assert not any(found.lease is lease for found, _ in self.holds)
            kept = self.account.shrink(lease.lease_id)
            assert kept == self.costs[lease.lease_id]
            self.given.pop(lease.lease_id)
        for lease in living:
            assert lease.ends_s <= self.now_s + ahead_s
            self.account.renew(lease.lease_id, self.now_s + renewed_to)
            self.ends[lease.lease_id] = self.now_s + renewed_to

    @rule()
    def close_one(self) -> None:
        for lease in self.account.leases[:1]:
            held = sum(found.amount for found, _ in self.holds if found.lease is lease)
            kept = self.account.shrink(lease.lease_id)
            assert kept == self.costs[lease.lease_id] + held
            self.given[lease.lease_id] = min(self.given[lease.lease_id], kept)
            if lease not in self.account.leases:
                self.given.pop(lease.lease_id)

    @rule()
    def order(self) -> None:
        lacked = self.account.lacks
        asked = self.account.order(self.now_s, 5.0)
        assert not self.account.lacks
        if lacked:
            assert asked is not None
        if asked is not None:
            assert 1 <= asked.needed <= asked.wanted
            assert asked.wanted >= 100

    @invariant()
    def money_is_conserved(self) -> None:
        for lease in self.account.leases:
            held = sum(found.amount for found, _ in self.holds if found.lease is lease)
            assert lease.amount == self.given[lease.lease_id]
            assert (lease.held, lease.spent) == (held, self.costs[lease.lease_id])
            assert lease.free + lease.held + lease.spent == lease.amount

    @invariant()
    def no_more_is_spent_than_leased_but_for_calls_that_cost_more_than_was_held(self) -> None:
        for lease in self.account.leases:
            assert lease.held + lease.spent - self.overruns[lease.lease_id] <= lease.amount
        assert self.account.overrun == sum(self.overruns.values())

    @invariant()
    def what_is_available_can_be_held(self) -> None:
        free = [lease.free for lease in self.account.leases if self.ends[lease.lease_id] > self.now_s]
        assert self.account.available(self.now_s) == sum(max(each, 0) for each in free)


AccountStory.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAccount = AccountStory.TestCase
