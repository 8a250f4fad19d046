import numpy as np
import pytest

from ranking.miner_quality import expected_events, miner_quality, position_rates


def quality(clicks, expected_clicks, conversions, expected_conversions):
    rows = (clicks, expected_clicks, conversions, expected_conversions)
    return miner_quality(*(np.array([row], dtype=np.float64) for row in rows))


def test_a_supplier_nobody_knows_has_the_usual_quality_and_no_flag():
    found = quality(0, 0, 0, 0)
    assert found.factor[0] == pytest.approx(0.5)
    assert found.low[0] < 0.5 < found.high[0]
    assert not found.flagged[0]


def test_the_factor_is_the_lift_over_what_positions_let_expect():
    found = quality(40, 20, 5, 5)
    assert found.factor[0] == pytest.approx(0.5 * (0.6 * 60 / 40 + 0.4 * 25 / 25))


def test_it_is_capped_at_one():
    assert quality(1000, 10, 1000, 10).factor[0] == 1.0


def test_few_missing_clicks_flag_nobody_and_many_do():
    assert not quality(0, 20, 0, 1).flagged[0]
    assert quality(30, 400, 1, 60).flagged[0]


def test_the_interval_is_that_of_a_gamma_distribution():
    found = quality(
        80, 80, 80, 80
    )  # lift of mean 1; scipy.stats.gamma(1 / v, scale=v), v = (0.36 + 0.16) / 100
    assert found.low[0] == pytest.approx(0.5 * 0.88442, abs=1e-3)
    assert found.high[0] == pytest.approx(0.5 * 1.12149, abs=1e-3)


def test_what_is_expected_at_a_place_is_what_others_met_there():
    shown, happened = np.array([40_000.0, 0.0]), np.array([8_000.0, 0.0])
    own_shown, own_happened = np.array([[100.0, 0.0]]), np.array([[90.0, 0.0]])
    others = (8_000 - 90) / (40_000 - 100)
    assert expected_events(own_shown, own_happened, shown, happened)[0] == pytest.approx(
        100 * others, rel=1e-6
    )


def test_who_alone_holds_a_place_is_measured_by_its_neighbours():
    shown, happened = np.full(20, 1_000.0), 1_000 * np.array([0.5 / (1 + 0.1 * k) for k in range(20)])
    own_shown, own_happened = np.zeros((1, 20)), np.zeros((1, 20))
    own_shown[0, 9], own_happened[0, 9] = 1_000.0, 0.0
    happened[9] = 0.0
    expected = expected_events(own_shown, own_happened, shown, happened)[0]
    assert expected == pytest.approx(1_000 * 0.5 / 1.9, rel=0.1)


def test_who_is_alone_in_the_world_is_usual():
    shown, happened = np.array([[500.0, 500.0]]), np.array([[100.0, 20.0]])
    assert expected_events(shown, happened, shown[0], happened[0])[0] == pytest.approx(120.0)


def test_the_rate_of_a_position_seldom_shown_is_near_the_rate_over_all():
    rates = position_rates(np.array([1000.0, 1.0]), np.array([100.0, 1.0]))
    assert rates[0] == pytest.approx((100 + 20 * 101 / 1001) / 1020)
    assert rates[1] == pytest.approx((1 + 20 * 101 / 1001) / 21)


def test_without_impressions_nothing_is_expected():
    assert position_rates(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]
