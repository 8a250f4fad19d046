import math

import numpy as np
import pytest

from ranking.admitted import Admitted
from ranking.boosts import EventLists, Strongest, boost_points, log_worth, offer_lists, text_relevance
from ranking.decay import DAY_S


def admitted(companies: int, rows: list[int]) -> Admitted:
    mask = np.zeros(companies, dtype=bool)
    mask[rows] = True
    return Admitted.unpack(np.packbits(mask), companies)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_a_boost_is_points_times_relevance_times_decay() -> None:
    worth = log_worth(np.array([1.0, 0.5, 0.0]), np.array([0.0, 60.0, 0.0]), 60.0)
    assert boost_points(worth, 20.0).tolist() == pytest.approx([20.0, 20.0 * 0.5 * math.exp(-1.0), 0.0])


def test_text_alone_counts_in_full_from_8_points() -> None:
    assert text_relevance(np.array([0.0, 4.0, 8.0, 30.0]), 8.0).tolist() == [0.0, 0.5, 1.0, 1.0]


def test_lists_keep_the_newest_event_of_each_company_and_key() -> None:
    company = ints(0, 0, 1, 2, 2)
    times = np.array([10.0, 30.0, 20.0, 5.0, 5.0])
    lists = EventLists.newest(ints(1, 1, 0, 1, 1), ints(0, 1, 2, 4, 3), company, times, 3)
    assert lists.offsets.tolist() == [0, 1, 3, 3]
    assert lists.companies.tolist() == [1, 0, 2]
    assert lists.rows.tolist() == [2, 1, 3]
    assert lists.effective_s.tolist() == [20.0, 30.0, 5.0]


def test_no_events_make_empty_lists() -> None:
    lists = EventLists.newest(ints(), ints(), ints(), np.zeros(0), 2)
    assert lists.offsets.tolist() == [0, 0, 0]


def test_the_most_valuable_event_of_admitted_companies_wins() -> None:
    # company 1: key 0 is old and fits in full, key 1 is new and fits by half
    lists = EventLists.newest(
        ints(0, 1, 0), ints(0, 1, 2), ints(1, 1, 2), np.array([0.0, 100 * DAY_S, 90 * DAY_S]), 3
    )
    strongest = Strongest.empty(1)
    offer_lists(
        strongest, lists, {0: 1.0, 1: 0.5, 2: 1.0}, admitted(3, [1]), as_of_s=100 * DAY_S, tau_days=45.0
    )
    assert boost_points(strongest.worth, 15.0).tolist() == pytest.approx([15.0 * 0.5])
    assert strongest.rows.tolist() == [1]


def test_events_up_to_a_day_ahead_are_worth_no_more_than_fresh_ones() -> None:
    lists = EventLists.newest(ints(0), ints(0), ints(0), np.array([DAY_S]), 1)
    strongest = Strongest.empty(1)
    offer_lists(strongest, lists, {0: 1.0}, admitted(1, [0]), as_of_s=0.5 * DAY_S, tau_days=45.0)
    assert boost_points(strongest.worth, 15.0).tolist() == [15.0]


def test_equal_worth_keeps_the_earlier_offer() -> None:
    strongest = Strongest.empty(2)
    strongest.offer(ints(0, 1), np.array([-1.0, -2.0]), ints(7, 8))
    strongest.offer(ints(0, 1), np.array([-1.0, -1.5]), ints(9, 10))
    assert strongest.rows.tolist() == [7, 10]
    assert strongest.worth.tolist() == [-1.0, -1.5]


def test_of_one_companys_events_the_best_is_taken_the_first_among_equals() -> None:
    strongest = Strongest.empty(3)
    strongest.offer(ints(0, 0, 0, 2), np.array([-3.0, -1.0, -1.0, -np.inf]), ints(4, 5, 6, 7))
    assert strongest.rows.tolist() == [5, -1, -1]
    strongest.offer(ints(), np.zeros(0), ints())
    assert strongest.worth.tolist() == [-1.0, -np.inf, -np.inf]


def test_a_vendor_keeps_no_event() -> None:
    strongest = Strongest.empty(2)
    strongest.offer(ints(0, 1), np.array([-1.0, -2.0]), ints(7, 8))
    strongest.forbid(np.array([True, False]))
    assert boost_points(strongest.worth, 20.0).tolist() == pytest.approx([0.0, 20.0 * math.exp(-2.0)])
    assert strongest.rows.tolist() == [-1, 8]
