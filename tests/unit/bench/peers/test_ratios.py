import numpy as np
import pytest

from bench.peers.ladder import GALLOP, Step
from bench.peers.ratios import held, held_rates, mean_ratio, ratio

SLOW, QUICK = [900.0] * 50, [20.0] * 50


def step(rate_qps, latencies_ms, failed=0):
    return Step(round(rate_qps), rate_qps, 50, failed, latencies_ms, {"total": 1.0}, {})


def climb(best_qps, broken_qps):
    return [step(best_qps / 2, QUICK), step(broken_qps, SLOW), step(best_qps, QUICK)]


def test_the_ratio_is_of_the_mean_rates_held():
    found = ratio([climb(100, 110), climb(120, 132)], [climb(20, 22)], 4.0, 1.1, seed=1)
    assert found.value == round((100 + 120) / 2 / 20, 2)
    assert not found.at_least


def test_the_interval_spans_the_rounds_and_what_the_grid_cannot_tell_apart():
    found = ratio([climb(100, 110), climb(120, 132)], [climb(20, 22)], 4.0, 1.1, seed=1)
    assert 100 / 22 < found.low < 100 / 20 < found.value < 120 / 20 < found.high < 132 / 20


def test_a_peer_that_holds_nothing_counts_as_the_lowest_rate_and_the_ratio_says_so():
    found = ratio([climb(100, 110)], [[step(4.0, SLOW)]], 4.0, 1.1, seed=1)
    assert (found.value, found.at_least) == (25.0, True)


def test_there_is_no_ratio_when_we_hold_nothing():
    assert ratio([[step(4.0, SLOW)]], [climb(20, 22)], 4.0, 1.1, seed=1) is None


def test_a_round_in_which_nothing_holds_counts_zero():
    assert held([climb(20, 22), [step(4.0, SLOW)]]) == 10.0


def test_a_step_at_the_edge_fails_in_some_resamples_and_the_one_below_counts_then():
    edge = [20.0] * 47 + [900.0] * 3
    drawn = held_rates([[step(10, QUICK), step(11, edge)]], 1.0, np.random.default_rng(3))
    assert set(drawn) == {10.0, 11.0}


def test_a_climb_whose_lowest_step_fails_when_drawn_again_would_have_asked_further_down():
    edge = [20.0] * 48 + [900.0] * 2
    drawn = held_rates([[step(100, edge)]], 1.1, np.random.default_rng(3))
    assert (drawn < 100.0).any()
    assert (drawn >= 100.0).any()
    assert drawn.min() >= 100.0 / 1.1**GALLOP


def test_failures_are_drawn_again_too():
    drawn = held_rates(
        [[step(10, QUICK, failed=0), step(11, QUICK, failed=1)]], 1.0, np.random.default_rng(3)
    )
    assert set(drawn) == {10.0, 11.0}


def test_means_of_pairs_are_compared_with_an_interval_over_the_pairs():
    found = mean_ratio([2.0, 4.0, 6.0], [1.0, 2.0, 3.0], seed=1)
    assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)
    spread = mean_ratio([1.0, 9.0], [1.0, 1.0], seed=1)
    assert (spread.low, spread.value, spread.high) == (1.0, 5.0, pytest.approx(9.0))
