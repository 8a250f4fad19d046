"""When an account asks for money, renews, gives back, and what it refuses."""

from uuid import UUID

import pytest

from ranking.account import Account, AccountRules, Lease, Order
from ranking.money import NanoUsd

CHUNK = NanoUsd(100)


def account(*leases: tuple[int, float]) -> Account:
    made = Account(AccountRules(CHUNK, low_share=0.5))
    for number, (amount, ends_s) in enumerate(leases):
        made.add(Lease(UUID(int=number), NanoUsd(amount), ends_s))
    return made


def test_nothing_is_asked_for_before_somebody_lacks_it():
    assert account().order(0.0, 10.0) is None
    assert account((100, 60.0)).order(0.0, 10.0) is None


def test_what_was_lacked_is_asked_for_once_a_chunk_at_least():
    made = account()
    for amount in (30, 20):
        assert made.hold(NanoUsd(amount), 0.0, 1.0) is None
    assert made.order(0.0, 10.0) == Order(wanted=CHUNK, needed=NanoUsd(20))
    assert made.order(0.0, 10.0) is None
    assert made.hold(NanoUsd(250), 0.0, 1.0) is None
    assert made.order(0.0, 10.0) == Order(wanted=NanoUsd(250), needed=NanoUsd(250))


def test_a_call_that_costs_nothing_still_needs_a_lease():
    made = account()
    assert made.hold(NanoUsd(0), 0.0, 1.0) is None
    assert made.order(0.0, 10.0) == Order(wanted=CHUNK, needed=NanoUsd(1))


def test_a_chunk_is_asked_for_ahead_when_leases_in_use_run_low():
    made = account((100, 60.0))
    assert made.hold(NanoUsd(50), 0.0, 1.0)
    assert made.order(0.0, 10.0) is None
    assert made.hold(NanoUsd(1), 0.0, 1.0)
    assert made.order(0.0, 10.0) == Order(wanted=CHUNK, needed=NanoUsd(1))


def test_money_is_not_asked_for_where_only_time_is_short():
    made = account((100, 60.0))
    assert made.hold(NanoUsd(50), 55.0, 10.0) is None
    assert not made.lacks


def test_the_lease_that_ends_first_is_used_first():
    made = account((100, 90.0), (100, 60.0))
    hold = made.hold(NanoUsd(10), 0.0, 1.0)
    assert hold is not None
    assert hold.lease.lease_id == UUID(int=1)


def test_leases_in_use_are_renewed_others_given_back_and_spent_ones_at_once():
    made = account((100, 60.0), (100, 60.0), (100, 200.0), (100, 200.0))
    used = made.hold(NanoUsd(10), 0.0, 1.0)
    spent = made.hold(NanoUsd(100), 0.0, 61.0)
    assert used is not None
    assert spent is not None
    made.charge(spent, NanoUsd(100))
    renewed, returned = made.due(40.0, 30.0)
    assert [lease.lease_id for lease in renewed] == [used.lease.lease_id]
    assert {lease.lease_id for lease in returned} == {UUID(int=1), spent.lease.lease_id}


def test_a_lease_that_the_ledger_has_ended_pays_for_nothing_more():
    made = account((100, 60.0))
    hold = made.hold(NanoUsd(10), 0.0, 1.0)
    assert hold is not None
    made.end(UUID(int=0), 5.0)
    assert made.hold(NanoUsd(10), 5.0, 0.0) is None
    assert made.due(5.0, 0.0)[1] == []
    made.charge(hold, NanoUsd(7))
    assert [lease.lease_id for lease in made.due(5.0, 0.0)[1]] == [UUID(int=0)]
    assert made.shrink(UUID(int=0)) == 7


def test_more_than_was_held_is_charged_and_counted():
    made = account((100, 60.0))
    hold = made.hold(NanoUsd(90), 0.0, 1.0)
    assert hold is not None
    made.charge(hold, NanoUsd(130))
    assert made.overrun == 40
    assert made.leases[0].free == -30
    assert made.available(0.0) == 0


def test_a_hold_ends_once_and_amounts_are_not_negative():
    made = account((100, 60.0))
    hold = made.hold(NanoUsd(10), 0.0, 1.0)
    assert hold is not None
    with pytest.raises(ValueError, match="no call earns"):
        made.charge(hold, NanoUsd(-1))
    made.release(hold)
    with pytest.raises(ValueError, match="once"):
        made.release(hold)
    with pytest.raises(ValueError, match="cannot be paid for"):
        made.hold(NanoUsd(-1), 0.0, 1.0)
    with pytest.raises(ValueError, match="already"):
        made.add(made.leases[0])
