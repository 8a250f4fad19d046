"""Team drafts: nobody twice, nobody invented, turns are fair, and the same query always gets the same list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking.interleaving import Challenger, Interleaving, coins, team_draft

ORDERS = st.integers(1, 40).flatmap(
    lambda count: st.tuples(st.permutations(range(count)), st.permutations(range(count)), st.integers(1, 50))
)


def drafted(one: list[int], other: list[int], limit: int, seed: str = "q") -> tuple[list[int], list[int]]:
    found = team_draft(np.array(one, np.int32), np.array(other, np.int32), limit, coins(seed, limit))
    return found.order.tolist(), found.teams.tolist()


@given(ORDERS, st.text(max_size=8))
def test_a_draft_is_full_and_has_nobody_twice(orders: tuple[list[int], list[int], int], seed: str) -> None:
    one, other, limit = orders
    order, teams = drafted(one[:limit], other[:limit], limit, seed)
    assert len(order) == len(set(order)) == len(teams) == min(limit, len(one))
    assert set(order) <= {*one[:limit], *other[:limit]}


@given(ORDERS)
def test_sides_never_differ_by_more_than_one_pick(orders: tuple[list[int], list[int], int]) -> None:
    one, other, limit = orders
    _, teams = drafted(one, other, limit)
    ahead = np.cumsum(np.where(np.array(teams) == 0, 1, -1))
    assert np.all(np.abs(ahead) <= 1)


@given(ORDERS)
def test_each_pick_is_the_best_of_its_side_that_is_left(orders: tuple[list[int], list[int], int]) -> None:
    one, other, limit = orders
    order, teams = drafted(one, other, limit)
    for at, (pick, team) in enumerate(zip(order, teams, strict=True)):
        left = [each for each in (one, other)[team] if each not in order[:at]]
        assert pick == left[0]


@given(st.permutations(range(12)), st.integers(1, 12))
def test_two_equal_orders_make_that_order(one: list[int], limit: int) -> None:
    assert drafted(one, one, limit)[0] == one[:limit]


def test_either_side_goes_first_in_half_of_the_drafts() -> None:
    first = [drafted([0, 1], [1, 0], 2, f"query-{number}")[1][0] for number in range(2000)]
    assert abs(np.mean(first) - 0.5) < 0.04


def test_one_side_with_nobody_left_lets_the_other_go_on() -> None:
    order, teams = drafted([5], [5, 4, 3, 2], 4)
    assert order == [5, 4, 3, 2]
    assert teams[1:] == [1, 1, 1]


def test_the_share_of_queries_that_are_drafted_is_kept_and_an_id_always_has_the_same_lot() -> None:
    config = Interleaving(share=0.25, challenger=Challenger(bm25_threshold=4.0))
    drawn = [config.drawn(f"{number:032x}") for number in range(4000)]
    share = np.mean([each is not None for each in drawn])
    assert abs(share - 0.25) < 0.03
    assert drawn == [config.drawn(f"{number:032x}") for number in range(4000)]


def test_nothing_is_drafted_by_default_nor_without_an_id() -> None:
    assert Interleaving().drawn("a" * 32) is None
    assert Interleaving(share=1.0).drawn("") is None
    assert Interleaving(share=1.0).drawn("a" * 32) is not None
