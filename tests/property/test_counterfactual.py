"""Estimates from logs against customers whose behaviour is known: the right figure within its error, and the naive one beside it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.counterfactual import Estimate, LoggedList, Refused, Terms, compare
from ranking.duels import Duel, Undecided, Verdict, judge
from ranking.examination import EDGES, Examination, Unidentified, estimated
from ranking.interleaving import TEAMS
from ranking.types import IntArray
from tests.fixtures.click_model import COMPANIES, Market, impressions, logged, market, sessions

TERMS = Terms(k=10, draws=300)
NAIVE = Examination.of_power(0.0)


@given(
    st.lists(st.floats(0.05, 1.0), min_size=len(EDGES) - 1, max_size=len(EDGES) - 1),
    st.lists(st.floats(0.01, 0.9), min_size=30, max_size=30),
    st.integers(0, 1000),
)
@settings(max_examples=25)
def test_clicks_as_expected_give_the_chances_back_whatever_the_worth(
    later: list[float], worth: list[float], seed: int
) -> None:
    """Fractional clicks in place of draws: what the equations expect is then exactly there."""
    chances = np.array([1.0, *later])
    draws = np.random.default_rng(seed)
    groups = np.concatenate([draws.permutation(len(EDGES)) for _ in worth])
    items = np.repeat(np.arange(len(worth), dtype=np.int32), len(EDGES))
    clicked = chances[groups] * np.array(worth)[items]
    many = 1 + int(100 / clicked.sum())
    found = estimated(
        np.tile(items, many), np.tile(np.array(EDGES, np.int32)[groups], many), np.tile(clicked, many)
    )
    np.testing.assert_allclose(found.chances, chances, rtol=1e-3)


def test_shared_lists_tell_place_from_worth() -> None:
    """Without bias: what several logs say is right on average; one of this size is 0.2 off at the third place."""
    found = []
    for seed in range(6):
        world = market(seed, 0.5)
        found.append(estimated(*impressions(sessions(world, 60, seed + 4, shared=True))).chances[:5])
    together = np.exp(np.log(found).mean(axis=0))
    np.testing.assert_allclose(together, world.examination.chances[:5], rtol=0.15)


def test_click_rates_by_place_are_not_the_chances() -> None:
    """A ranking puts what is worth a click first, so the rates fall faster than looks do."""
    world = market(3, 0.5)
    _, places, clicked = impressions(sessions(world, 60, 4, shared=True))
    rates = clicked[places == 4].mean() / clicked[places == 1].mean()
    assert rates < 0.8 * world.examination.chances[3]


def test_lists_that_never_change_tell_nothing_and_that_is_said() -> None:
    with pytest.raises(Unidentified, match="0 clicks are of companies that stood at several places"):
        estimated(*impressions(sessions(market(3), 20, 4, shared=False)))


def test_places_that_nothing_connects_have_the_chance_before_them() -> None:
    world = market(3)
    items, places, clicked = impressions(sessions(world, 30, 4, shared=True))
    alone = np.arange(10_000, 10_300, dtype=np.int32)
    found = estimated(
        np.append(items, alone),
        np.append(places, np.full(300, 200, np.int32)),
        np.append(clicked, np.ones(300)),
    )
    assert found.chances[-1] == found.chances[-2] == found.chances[-3]


def test_the_estimate_is_right_on_average_and_its_interval_holds_where_the_naive_one_does_not() -> None:
    gains, held, naive_held = [], 0, 0
    for seed in range(12):
        world = market(seed)
        lists = logged(world, sessions(world, 12, seed + 100, shared=False))
        draws = np.random.default_rng(seed)
        told = compare(lists, world.examination, TERMS, draws)
        naive = compare(lists, NAIVE, TERMS, draws)
        assert isinstance(told, Estimate)
        assert isinstance(naive, Estimate)
        truth = world.gain(TERMS.k)
        gains.append((1.0 + told.gain.value) / (1.0 + truth))
        held += told.gain.low <= truth <= told.gain.high
        naive_held += naive.gain.low <= truth <= naive.gain.high
        assert told.better > 0.99
    assert np.mean(gains) == pytest.approx(1.0, abs=0.05)
    assert held >= 9
    assert naive_held <= 2


def test_chances_found_in_shared_lists_serve_the_estimate_too() -> None:
    """From end to end: nothing about the customers is given."""
    world = market(5)
    found = estimated(*impressions(sessions(world, 60, 6, shared=True)))
    told = compare(
        logged(world, sessions(world, 30, 7, shared=False)), found, TERMS, np.random.default_rng(1)
    )
    assert isinstance(told, Estimate)
    assert told.gain.value == pytest.approx(world.gain(TERMS.k), rel=0.25)


def test_what_is_not_known_of_the_chances_is_part_of_the_interval() -> None:
    """Chances found in the same lists are noisy: an interval that takes them as known is too narrow."""
    held, fixed_held = 0, 0
    for seed in (2, 5, 9, 12):
        world = market(seed, 0.5)
        shown = sessions(world, 15, seed + 50, shared=True)
        items, places, clicked = impressions(shown)
        _, units = np.unique([str(each.prompt) for each in shown], return_inverse=True)
        of_impressions = np.repeat(units, COMPANIES)

        def again(counts: IntArray) -> Examination:
            return estimated(items, places, clicked, counts[of_impressions].astype(np.float64))  # noqa: B023

        terms, draws = replace(TERMS, draws=60), np.random.default_rng(seed)
        lists, found = logged(world, shown), estimated(items, places, clicked)
        fixed, told = (compare(lists, found, terms, draws, each) for each in (None, again))
        assert isinstance(fixed, Estimate)
        assert isinstance(told, Estimate)
        assert told.gain.value == fixed.gain.value
        truth = _value(world, lists, np.array([each.order for each in shown]))
        held += told.gain.low <= truth <= told.gain.high
        fixed_held += fixed.gain.low <= truth <= fixed.gain.high
    assert held == 4
    assert fixed_held <= 2


def _value(world: Market, lists: list[LoggedList], orders: IntArray) -> float:
    """The better order's true gain over these lists."""
    prompts = np.array([int(each.unit) for each in lists])
    together = replace(world, worth=world.worth[prompts], served=orders, better=world.better[prompts])
    return together.gain(TERMS.k)


def test_resamples_that_tell_no_chances_are_not_guessed() -> None:
    world = market(1)
    lists = logged(world, sessions(world, 10, 2, shared=False))
    told = compare(lists, world.examination, TERMS, np.random.default_rng(1), lambda _: None)
    assert isinstance(told, Refused)
    assert "tell no chances" in told.reason


def test_the_same_ranking_gains_nothing() -> None:
    world = market(1)
    lists = logged(replace(world, better=world.served), sessions(world, 10, 2, shared=False))
    told = compare(lists, world.examination, TERMS, np.random.default_rng(1))
    assert isinstance(told, Estimate)
    assert (told.gain.value, told.gain.low, told.gain.high) == (0.0, 0.0, 0.0)


def test_what_the_logs_did_not_show_is_refused() -> None:
    world = market(1)
    lists = logged(world, sessions(world, 10, 2, shared=False))
    strange = [
        replace(each, other=[f"new-{place}" for place in range(5)] + list(each.other)) for each in lists
    ]
    told = compare(strange, world.examination, TERMS, np.random.default_rng(1))
    assert isinstance(told, Refused)
    assert told.reason == "the logs show 50% of the other ranking's first 10; 80% are needed"
    assert told.support.coverage == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("terms", "reason"),
    [(replace(TERMS, effective=1e6), "rewards count as"), (replace(TERMS, units=61), "60 prompts; 61")],
)
def test_too_little_is_refused(terms: Terms, reason: str) -> None:
    world = market(1)
    lists = logged(world, sessions(world, 10, 2, shared=False))
    told = compare(lists, world.examination, terms, np.random.default_rng(1))
    assert isinstance(told, Refused)
    assert reason in told.reason


def test_nothing_logged_is_refused() -> None:
    told = compare([], NAIVE, TERMS, np.random.default_rng(1))
    assert isinstance(told, Refused)
    assert told.support.coverage == 0.0


def test_a_floor_bounds_the_weights_and_says_how_often() -> None:
    world = market(1, power=2.0)
    lists = logged(world, sessions(world, 40, 2, shared=False))
    told = compare(
        lists, world.examination, replace(TERMS, floor=0.5, effective=1.0), np.random.default_rng(1)
    )
    assert told.support.floored > 0.0


def duels(seed: int, *, alike: bool) -> list[Duel]:
    world = market(seed, 0.7)
    if alike:
        draws = np.random.default_rng(seed)
        worse = np.argsort(-(world.worth + 0.05 * draws.normal(size=world.worth.shape)), axis=1)
        world = replace(world, served=worse.astype(np.int32))
    return [
        Duel(tuple(TEAMS[team] for team in each.teams[each.clicked].tolist()))
        for each in sessions(world, 10, seed, shared=True)
    ]


def test_the_better_ranking_wins_its_duels() -> None:
    told = judge(duels(3, alike=False))
    assert isinstance(told, Verdict)
    assert told.share.low > 0.5
    assert told.p < 0.001


def test_rankings_of_equal_worth_rarely_win() -> None:
    verdicts = [judge(duels(seed, alike=True)) for seed in range(10)]
    assert sum(isinstance(each, Verdict) and each.p < 0.05 for each in verdicts) <= 2


def test_credit_and_sign_test_as_arithmetic() -> None:
    won, lost = Duel(("challenger", "challenger", "standing")), Duel(("standing",))
    told = judge([won] * 9 + [lost] + [Duel(())] * 5 + [Duel(("standing", "challenger"))], fewest=10)
    assert isinstance(told, Verdict)
    assert (told.score.lists, told.score.standing, told.score.challenger) == (16, 1, 9)
    assert told.score.rewards == (9 + 1 + 1, 18 + 1)
    assert told.p == pytest.approx(2 * (1 + 10) / 2**10)
    assert told.share.value == 0.9


def test_too_few_decided_lists_are_refused() -> None:
    told = judge([Duel(("challenger",))] * 29 + [Duel(())] * 100)
    assert isinstance(told, Undecided)
    assert told.reason == "29 of 129 shared lists are decided; 30 are needed"
