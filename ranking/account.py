"""The money of one tenant in one replica's memory: held before a call, charged after it, never more than was leased.

Money comes in leases (`db.ledger`). A hold is taken out of one lease before a call is made, so whatever calls are in
flight together cannot spend it twice. Pure: the caller passes the time, and moves leases in and out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from ranking.money import NOTHING, NanoUsd

_CRUMB_SHARE: Final = 0.01
"""A lease with less of a chunk free than this is given back."""


@dataclass(slots=True)
class Lease:
    """An amount that this replica may spend until `ends_s` on its own clock.

    free + held + spent = amount, always. `free` is below zero where calls cost more than was held for them.
    """

    lease_id: UUID
    amount: NanoUsd
    ends_s: float
    held: NanoUsd = NOTHING
    spent: NanoUsd = NOTHING
    holds: int = 0
    used_since_renewal: bool = False

    @property
    def free(self) -> NanoUsd:
        """What may still be held."""
        return NanoUsd(self.amount - self.held - self.spent)

    @property
    def keep(self) -> NanoUsd:
        """What must stay when the free part is given back."""
        return NanoUsd(self.held + self.spent)


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """Money set aside for one call; charged or released exactly once."""

    lease: Lease
    amount: NanoUsd


@dataclass(frozen=True, slots=True)
class Order:
    """Money to ask for: `wanted` at best, anything from `needed` on is of use."""

    wanted: NanoUsd
    needed: NanoUsd


@dataclass(frozen=True, slots=True)
class AccountRules:
    """When an account asks for money: a chunk, once less than `low_share` of one is free."""

    chunk: NanoUsd
    low_share: float = 0.5


@dataclass(slots=True)
class Account:
    """One tenant's leases in this replica."""

    rules: AccountRules
    overrun: NanoUsd = NOTHING
    """What calls have cost beyond their holds, since the start."""
    _leases: dict[UUID, Lease] = field(default_factory=dict)
    _open: set[Hold] = field(default_factory=set)
    _unmet: tuple[NanoUsd, NanoUsd] | None = None
    """The least and the most that a call has lacked since money was last asked for."""

    @property
    def leases(self) -> Sequence[Lease]:
        """Every lease here, oldest first."""
        return tuple(self._leases.values())

    def available(self, now_s: float) -> NanoUsd:
        """Free money of leases that have not ended; an overrun of one is not taken from another."""
        return NanoUsd(sum(max(lease.free, 0) for lease in self._living(now_s)))

    def add(self, lease: Lease) -> None:
        """Take in a lease; raises ValueError for one that is here already."""
        if lease.lease_id in self._leases:
            raise ValueError(f"lease {lease.lease_id} is here already")
        self._leases[lease.lease_id] = lease

    def hold(self, amount: NanoUsd, now_s: float, lasts_s: float) -> Hold | None:
        """Set money aside for a call that takes at most `lasts_s`; None when no lease has it for that long.

        The lease that ends first is used first, so that little is left to give back. Raises ValueError below zero.
        """
        if amount < 0:
            raise ValueError("a call cannot be paid for by the caller")
        fitting = [lease for lease in self._living(now_s + lasts_s) if lease.free >= amount]
        if not fitting:
            self._lack(amount, now_s)
            return None
        lease = min(fitting, key=lambda each: each.ends_s)
        lease.held = NanoUsd(lease.held + amount)
        lease.holds += 1
        lease.used_since_renewal = True
        hold = Hold(lease, amount)
        self._open.add(hold)
        return hold

    def charge(self, hold: Hold, cost: NanoUsd) -> None:
        """Turn a hold into what the call has cost; more than was held is charged all the same, and counted as overrun."""
        if cost < 0:
            raise ValueError("no call earns money")
        self._close(hold)
        hold.lease.spent = NanoUsd(hold.lease.spent + cost)
        self.overrun = NanoUsd(self.overrun + max(0, cost - hold.amount))

    def release(self, hold: Hold) -> None:
        """Set a hold free: nothing was bought."""
        self._close(hold)

    @property
    def lacks(self) -> bool:
        """Whether a call has lacked money since it was last asked for."""
        return self._unmet is not None

    def order(self, now_s: float, ahead_s: float) -> Order | None:
        """The money to ask for now, None while enough is free; each lack is asked for once.

        A chunk, or more where a call has lacked more, once a call has lacked money, or when leases are in use and less
        than the low share of a chunk will be free in `ahead_s`. Nobody asks for a tenant who has gone quiet.
        """
        lacked, self._unmet = self._unmet, None
        if lacked is not None:
            least, most = lacked
            return Order(wanted=max(self.rules.chunk, most), needed=max(least, NanoUsd(1)))
        in_use = any(lease.used_since_renewal for lease in self._leases.values())
        if in_use and self.available(now_s + ahead_s) < self.rules.low_share * self.rules.chunk:
            return Order(wanted=self.rules.chunk, needed=NanoUsd(1))
        return None

    def renew(self, lease_id: UUID, ends_s: float) -> None:
        """A lease lives on; it must be used again to be renewed again."""
        lease = self._leases[lease_id]
        lease.ends_s = ends_s
        lease.used_since_renewal = False

    def due(self, now_s: float, ahead_s: float) -> tuple[list[Lease], list[Lease]]:
        """Leases to be renewed and leases to be given back.

        To be given back: those with almost nothing free and no hold, and those that end within `ahead_s` or have ended and
        were not used since they were renewed. Renewed are the others that end within `ahead_s`.
        """
        renewed, returned = [], []
        for lease in self._leases.values():
            ends = lease.ends_s <= now_s + ahead_s
            if not lease.holds and (self._drained(lease) or (ends and not lease.used_since_renewal)):
                returned.append(lease)
            elif ends:
                renewed.append(lease)
        return renewed, returned

    def end(self, lease_id: UUID, now_s: float) -> None:
        """A lease that the ledger does not renew: nothing more is held out of it."""
        lease = self._leases[lease_id]
        lease.ends_s = min(lease.ends_s, now_s)
        lease.used_since_renewal = False

    def shrink(self, lease_id: UUID) -> NanoUsd:
        """Take the free part out of a lease; the amount it keeps. One without holds leaves the account."""
        lease = self._leases[lease_id]
        lease.amount = min(lease.amount, lease.keep)
        if not lease.holds:
            del self._leases[lease_id]
        return lease.keep

    def _living(self, at_s: float) -> Iterator[Lease]:
        return (lease for lease in self._leases.values() if lease.ends_s > at_s)

    def _lack(self, amount: NanoUsd, now_s: float) -> None:
        """Only money is asked for, not time: before midnight every lease would end as early."""
        if not any(lease.free >= amount for lease in self._living(now_s)):
            least, most = self._unmet or (amount, amount)
            self._unmet = min(least, amount), max(most, amount)

    def _drained(self, lease: Lease) -> bool:
        return lease.free < _CRUMB_SHARE * self.rules.chunk

    def _close(self, hold: Hold) -> None:
        if hold not in self._open:
            raise ValueError("a hold is charged or released once")
        self._open.remove(hold)
        hold.lease.held = NanoUsd(hold.lease.held - hold.amount)
        hold.lease.holds -= 1
