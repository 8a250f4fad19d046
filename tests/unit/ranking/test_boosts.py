import math

import numpy as np
import pytest

from ranking.admitted import Admitted
from ranking.boosts import EventLists, Strongest, boost_points, text_relevance
from ranking.decay import DAY_S
from ranking.kernels.admission import offer_listed


def admitted(companies: int, rows: list[int]) -> Admitted:
    mask = np.zeros(companies, dtype=bool)
    mask[rows] = True
    return Admitted.of(np.packbits(mask), companies)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def offer(
    strongest: Strongest, lists: EventLists, relevance: dict[int, float], of: Admitted, as_of_s: float
) -> None:
    keys, logs = np.array([*relevance], dtype=np.int64), np.log(np.array([*relevance.values()]))
    offer_listed(
        strongest.worth, strongest.rows, of.bits, of.before, keys, logs,
        lists.offsets, lists.companies, lists.effective_s, lists.rows, np.zeros((0, len(of))), as_of_s, 45.0,
    )  # fmt: skip


def test_a_boost_is_points_times_relevance_times_decay() -> None:
    worth = np.array([math.log(1.0), math.log(0.5) - 60.0 / 60.0, -math.inf])
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
    offer(strongest, lists, {0: 1.0, 1: 0.5, 2: 1.0}, admitted(3, [1]), 100 * DAY_S)
    assert boost_points(strongest.worth, 15.0).tolist() == pytest.approx([15.0 * 0.5])
    assert strongest.rows.tolist() == [1]


def test_events_up_to_a_day_ahead_are_worth_no_more_than_fresh_ones() -> None:
    lists = EventLists.newest(ints(0), ints(0), ints(0), np.array([DAY_S]), 1)
    strongest = Strongest.empty(1)
    offer(strongest, lists, {0: 1.0}, admitted(1, [0]), 0.5 * DAY_S)
    assert boost_points(strongest.worth, 15.0).tolist() == [15.0]


def test_equal_worth_keeps_the_earlier_offer() -> None:
    company = ints(0, 1, 0, 1)
    lists = EventLists.newest(ints(0, 0, 1, 1), ints(0, 1, 2, 3), company, np.array([5.0, 5.0, 5.0, 6.0]), 2)
    strongest = Strongest.empty(2)
    offer(strongest, lists, {0: 1.0, 1: 1.0}, admitted(2, [0, 1]), DAY_S)
    assert strongest.rows.tolist() == [0, 3]
