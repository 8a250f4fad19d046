"""Amounts, prices and the receipt of one query."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ranking.answer import Cost
from ranking.errors import Unavailable
from ranking.money import NOTHING, NanoUsd, decimal_usd, nanousd, usd
from ranking.prices import PriceList, TokenPrices, Usage
from ranking.spending import SpendingConfig
from ranking.tab import Tab


@given(st.integers(0, 10**18))
def test_an_amount_comes_back_from_the_ledgers_decimals(amount):
    assert nanousd(decimal_usd(NanoUsd(amount))) == amount


def test_dollars_become_the_nearest_amount():
    assert nanousd(0.002) == 2_000_000
    assert nanousd(0.1) + nanousd(0.2) == nanousd(0.3)
    assert nanousd(Decimal("0.000000075")) == 75
    assert usd(NanoUsd(2_500_000_000)) == 2.5


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_number_is_no_amount(nonsense):
    with pytest.raises(ValueError, match="no amount"):
        nanousd(nonsense)


def test_list_prices_of_gpt_4o_are_the_default():
    # 800 x $2.50 + 200 x $1.25 + 100 x $10, per million
    assert PriceList().cost("gpt-4o", Usage(1000, 100, 200)) == nanousd(0.002 + 0.00025 + 0.001)
    assert PriceList().cost("gpt-4o-mini", Usage(1, 0, 1)) == 75


def test_a_ceiling_counts_a_longer_prompt_nothing_cached_and_the_longest_reply():
    assert PriceList(margin=0.25).ceiling("gpt-4o", 1001, 100) == 1252 * 2500 + 100 * 10_000
    assert PriceList(margin=0.0).ceiling("gpt-4o", 1000, 0) == nanousd(0.0025)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0.0, 4.0))
def test_no_call_within_its_estimate_costs_more_than_its_ceiling(tokens_in, cached, tokens_out, margin):
    prices = PriceList(margin=margin)
    used = Usage(tokens_in, tokens_out, min(cached, tokens_in))
    assert prices.cost("gpt-4o", used) <= prices.ceiling("gpt-4o", tokens_in, tokens_out)


def test_a_model_without_a_price_is_not_asked():
    with pytest.raises(Unavailable, match="no price"):
        PriceList().ceiling("unheard-of", 10, 10)


@pytest.mark.parametrize(
    "prices",
    [
        {"input_usd": 0.0005, "cached_usd": 0.0, "output_usd": 1.0},
        {"input_usd": 1.0, "cached_usd": 2.0, "output_usd": 1.0},
        {"input_usd": -1.0, "cached_usd": 0.0, "output_usd": 1.0},
    ],
)
def test_impossible_prices_are_refused(prices):
    with pytest.raises(ValidationError):
        TokenPrices(**prices)


@pytest.mark.parametrize("tokens", [(10, 1, 11), (-1, 1, 0), (1, -1, 0), (1, 1, -1), (10**12, 1, 0)])
def test_impossible_usage_is_refused(tokens):
    with pytest.raises(ValueError, match="no possible usage"):
        Usage(*tokens)


def test_a_query_may_cost_a_fifth_of_a_cent_per_lead_or_what_it_says():
    assert SpendingConfig().query_limit(25, None) == nanousd(0.05)
    assert SpendingConfig().query_limit(25, 0.01) == nanousd(0.01)
    assert SpendingConfig().query_limit(25, 0.0) == NOTHING


def test_leases_that_end_before_they_are_renewed_are_refused():
    with pytest.raises(ValidationError, match="four times flush_s"):
        SpendingConfig(lease_s=10.0, flush_s=5.0)


def test_the_receipt_adds_up_and_names_what_is_still_under_way():
    tab = Tab("q", "public", nanousd(0.05))
    assert tab.hold(nanousd(0.03))
    assert tab.hold(nanousd(0.02))
    assert not tab.hold(NanoUsd(1))
    tab.charge(nanousd(0.03), nanousd(0.01), Usage(4000, 50, 100), calls=2)
    assert tab.room == nanousd(0.02)
    receipt = tab.receipt(returned=20, asked=30, pool=200)
    assert receipt == Cost(0.01, 0.0005, 2, 0.15, 4000, 50, 0.02)
    tab.charge(nanousd(0.02), nanousd(0.015), Usage(10, 1))
    assert (tab.spent, tab.held) == (nanousd(0.025), NOTHING)


def test_a_receipt_of_nothing_divides_by_nothing():
    tab = Tab("q", "public", nanousd(0.05))
    assert tab.hold(nanousd(0.03))
    tab.release(nanousd(0.03))
    assert tab.receipt(returned=0, asked=0, pool=0) == Cost()


def test_a_call_that_cost_more_than_was_held_leaves_no_room_rather_than_less():
    tab = Tab("q", "public", nanousd(0.05))
    assert tab.hold(nanousd(0.03))
    tab.charge(nanousd(0.03), nanousd(0.06), Usage(1, 1))
    assert tab.room == NOTHING
    assert not tab.hold(NanoUsd(1))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0.0, 1.0), st.booleans()), max_size=30),
    st.integers(0, 100),
)
def test_honest_calls_never_pass_the_querys_limit(calls, most):
    tab = Tab("q", "public", NanoUsd(most))
    waiting = []
    for amount, part, ends in calls:
        if tab.hold(NanoUsd(amount)):
            waiting.append((NanoUsd(amount), NanoUsd(int(part * amount))))
        if ends and waiting:
            held, cost = waiting.pop(0)
            tab.charge(held, cost, Usage(1, 1))
        assert tab.spent + tab.held <= most
        assert tab.held == sum(held for held, _ in waiting)
