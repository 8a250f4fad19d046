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


def test_expected_events_are_the_rates_of_the_positions_shown():
    rates = np.array([0.3, 0.1])
    miner, position = np.array([0, 1, 1], dtype=np.int32), np.array([1, 2, 9], dtype=np.int32)
    assert expected_events(miner, position, rates, 3).tolist() == pytest.approx([0.3, 0.2, 0.0])


def test_the_rate_of_a_position_seldom_shown_is_near_the_rate_over_all():
    rates = position_rates(np.array([1000.0, 1.0]), np.array([100.0, 1.0]))
    assert rates[0] == pytest.approx((100 + 20 * 101 / 1001) / 1020)
    assert rates[1] == pytest.approx((1 + 20 * 101 / 1001) / 21)


def test_without_impressions_nothing_is_expected():
    assert position_rates(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]
