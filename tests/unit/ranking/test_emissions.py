import numpy as np
import pytest

from ranking.emissions import CURATED, NOTHING, SOURCED, credits_by_window, emissions, roles


def ints(*values):
    return np.array(values, dtype=np.int32)


def test_the_first_of_an_event_sources_it_and_each_other_supplier_curates_once():
    role = roles(
        ints(7, 7, 7, 7, 8), ints(1, 0, 1, 0, 1), np.array([2.0, 1, 3, 4, 5]), np.ones(5, dtype=np.bool_)
    )
    assert role.tolist() == [CURATED, SOURCED, NOTHING, NOTHING, SOURCED]


def test_what_does_not_count_keeps_nobody_from_being_first():
    role = roles(ints(7, 7), ints(0, 1), np.array([1.0, 2.0]), np.array([False, True]))
    assert role.tolist() == [NOTHING, SOURCED]


def test_at_one_moment_the_earlier_row_is_first():
    role = roles(ints(7, 7), ints(5, 3), np.array([1.0, 1.0]), np.ones(2, dtype=np.bool_))
    assert role.tolist() == [SOURCED, CURATED]


def test_points_are_summed_by_role_and_window():
    role = np.array([SOURCED, CURATED, SOURCED, NOTHING], dtype=np.uint8)
    earned = credits_by_window(
        ints(0, 1, 0, 1), role, np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 20, 91, 1]), 2
    )
    assert earned[0].tolist() == [[1.0, 0.0]] * 3
    assert earned[1].tolist() == [[0.0, 0.0], [0.0, 2.0], [0.0, 2.0]]


def test_shares_are_the_formulas_arithmetic():
    earned = np.zeros((2, 3, 2))
    earned[0] = [[1, 1], [3, 1], [1, 0]]
    earned[1] = [[0, 2], [0, 2], [0, 2]]
    first = 0.4 * (0.55 * 0.5 + 0.25 * 0.75 + 0.2 * 1.0) * 0.8
    second = (0.4 * (0.55 * 0.5 + 0.25 * 0.25) + 0.6) * 0.5
    found = emissions(earned, np.array([0.8, 0.5]), np.zeros(2, dtype=np.bool_))
    assert found.share.tolist() == pytest.approx([first / (first + second), second / (first + second)])
    assert found.treasury == 0.0


def test_with_nothing_earned_all_goes_to_the_treasury():
    found = emissions(np.zeros((2, 3, 2)), np.ones(2), np.zeros(2, dtype=np.bool_))
    assert found.treasury == 1.0
    assert found.share.tolist() == [0.0, 0.0]


def test_with_everybody_barred_all_goes_to_the_treasury():
    assert emissions(np.ones((2, 3, 2)), np.ones(2), np.ones(2, dtype=np.bool_)).treasury == 1.0
