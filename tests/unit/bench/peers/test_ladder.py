import pytest

from bench.peers.ladder import grid, highest, holds


def test_rates_of_the_grid_are_a_tenth_apart_and_reach_the_highest():
    assert grid(10.0, 14.0, 1.1) == (10.0, 11.0, 12.1, 13.31, 14.64)
    assert grid(5.0, 5.0, 1.1) == (5.0,)


def test_a_rate_is_held_when_p95_is_below_400_ms_and_one_in_a_hundred_fails():
    quick = [399.0] * 95 + [900.0] * 5
    assert holds(quick, failures=1, offered=100)
    assert not holds(quick, failures=2, offered=100)
    assert not holds([399.0] * 94 + [900.0] * 6, failures=0, offered=100)
    assert not holds([400.0], failures=0, offered=1)
    assert not holds([], failures=0, offered=5)


@pytest.mark.parametrize("start", [0, 7, 19, 30, 99, -4])
def test_the_highest_place_that_holds_is_found_from_every_start_asking_each_once(start):
    for capacity in range(-1, 31):
        asked = []

        def holds_at(place, capacity=capacity, asked=asked):
            asked.append(place)
            return place <= capacity

        assert highest(31, holds_at, start) == min(capacity, 30)
        assert len(asked) == len(set(asked)) <= 9
        assert all(0 <= place < 31 for place in asked)
