"""Whom to ask: the value of one judgement against simulation, what it grows and falls with, and the choice."""

from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from ranking.asking import AskingConfig, Cut, Outlook, choose, cuts, outlook, spread_points
from ranking.asking import value_of_asking as value_among
from ranking.money import NanoUsd, nanousd
from ranking.types import BoolArray, FloatArray

WEIGHTS = np.array([0.6, 0.4])
CONFIG = AskingConfig()
DRAWS = 60_000


def value_of_asking(
    scores: FloatArray, after: Outlook, places: Sequence[Cut], min_score: float
) -> FloatArray:
    """Of all of the pool."""
    return value_among(scores, np.arange(len(scores), dtype=np.int32), after, places, min_score)


def certain(scores: list[float], spread: list[float] | float = 0.05) -> tuple[FloatArray, Outlook]:
    """Scores in the middle of [-10, 10]: nothing is clipped."""
    mean = np.array(scores)
    wide = np.full(len(mean), 10.0)
    return mean.copy(), Outlook(
        mean, np.broadcast_to(np.asarray(spread, dtype=float), mean.shape), -wide, wide
    )


def pool(seed: int, count: int) -> tuple[FloatArray, Outlook]:
    """A pool such as queries have: clipped at both ends."""
    rng = np.random.default_rng(seed)
    fit, base = rng.uniform(0, 1, count), 100 * rng.beta(0.7, 1.2, count)
    boosts = np.where(rng.random(count) < 0.3, rng.uniform(0, 35, count), 0.0)
    scores = 0.6 * fit + 0.4 * np.minimum(100.0, base + boosts) / 100.0
    return scores, outlook(fit, base, boosts, spread_points(base, CONFIG), WEIGHTS)


def draw(after: Outlook, rng: np.random.Generator, count: int) -> FloatArray:
    """float64[count, m] judged scores."""
    normal = rng.standard_normal((count, len(after.mean)))
    return np.clip(after.mean + after.spread * normal, after.low, after.high)


def worth(scores: FloatArray, kept: BoolArray, min_score: float) -> FloatArray:
    """What lists are worth: each lead counts by how far it is above the least score."""
    return np.where(kept, scores - min_score, 0.0).sum(axis=-1)


def best(scores: FloatArray, rank: int, min_score: float) -> BoolArray:
    """bool[..., m]; the best `rank` of each row."""
    places = np.argsort(np.argsort(-scores, axis=-1, kind="stable"), axis=-1, kind="stable")
    return (places < rank) & (scores >= min_score)


def simulated(scores: FloatArray, after: Outlook, at: int, cut: Cut, min_score: float) -> tuple[float, float]:
    """Gain by judging one candidate, and the standard error of that: the list chosen anew against the list kept."""
    judged = np.tile(scores, (DRAWS, 1))
    judged[:, at] = draw(after, np.random.default_rng(at), DRAWS)[:, at]
    kept = best(scores, cut.rank, min_score)
    gain = worth(judged, best(judged, cut.rank, min_score), min_score) - worth(judged, kept, min_score)
    return cut.weight * float(gain.mean()), cut.weight * float(gain.std() / np.sqrt(DRAWS))


@pytest.mark.parametrize(
    ("seed", "count", "rank", "min_score"),
    [(1, 12, 5, 0.0), (2, 12, 1, 0.0), (3, 8, 8, 0.45), (4, 6, 9, 0.5)],
)
def test_the_value_of_one_judgement_is_what_simulation_finds(seed, count, rank, min_score):
    scores, after = pool(seed, count)
    value = value_of_asking(scores, after, [Cut(rank, 0.5)], min_score)
    for at in range(count):
        gain, error = simulated(scores, after, at, Cut(rank, 0.5), min_score)
        assert value[at] == pytest.approx(gain, abs=5 * error + 1e-6)
    assert value.max() > 0.002


def test_cuts_add_up():
    scores, after = pool(5, 20)
    each = [value_of_asking(scores, after, [cut], 0.0) for cut in cuts(10, CONFIG)]
    assert value_of_asking(scores, after, cuts(10, CONFIG), 0.0) == pytest.approx(sum(each))


def test_the_nearer_to_the_cut_the_more_it_is_worth_on_both_sides():
    scores, after = certain([0.9, 0.7, 0.6, 0.5, 0.4, 0.2])
    value = value_of_asking(scores, after, [Cut(3, 1.0)], 0.0)
    assert value[0] < value[1] < value[2]
    assert value[3] > value[4] > value[5]
    # The distance counts, not the side: 0.6 and 0.5 are each other's rivals.
    assert value[2] == pytest.approx(value[3])


def test_at_the_cut_itself_half_of_the_mean_deviation_is_won():
    scores, after = certain([0.5, 0.5], 0.1)
    expected = 0.1 / np.sqrt(2 * np.pi)  # E[max(0, 0.1 Z)]
    assert value_of_asking(scores, after, [Cut(1, 1.0)], 0.0) == pytest.approx(expected, abs=1e-7)


def test_the_less_certain_the_more_it_is_worth():
    scores = [0.6, 0.5, 0.4]
    values = [
        value_of_asking(*certain(scores, spread), [Cut(1, 1.0)], 0.0)
        for spread in (0.0, 0.01, 0.05, 0.2, 1.0)
    ]
    assert np.all(np.diff(values, axis=0) >= 0)
    assert np.all(values[0] == 0)
    assert np.all(values[-1] > values[1])


def test_a_judgement_known_beforehand_is_worth_the_difference_it_makes():
    scores = np.array([0.5, 0.4])
    ten = np.full(2, 10.0)
    # What would be said is certain: 0.3 and 0.7, on the other sides of the cut at 0.5 and 0.4.
    after = Outlook(np.array([0.3, 0.7]), np.zeros(2), -ten, ten)
    value = value_of_asking(scores, after, [Cut(1, 1.0)], 0.0)
    assert value == pytest.approx([0.4 - 0.3, 0.7 - 0.5])


def test_who_can_no_longer_come_in_is_worth_nothing():
    fit, base = np.array([1.0, 0.1]), np.array([80.0, 50.0])
    after = outlook(fit, base, np.zeros(2), np.array([20.0, 20.0]), WEIGHTS)
    scores = 0.6 * fit + 0.4 * base / 100
    # At most 0.6 x 0.1 + 0.4 = 0.46 and at least 0.6: they cannot change places.
    assert value_of_asking(scores, after, [Cut(1, 1.0)], 0.0).tolist() == [0.0, 0.0]


def test_boosts_narrow_what_a_judgement_may_do():
    after = outlook(np.array([0.5]), np.array([90.0]), np.array([35.0]), np.array([20.0]), WEIGHTS)
    assert (after.low[0], after.high[0]) == pytest.approx((0.6 * 0.5 + 0.4 * 0.35, 0.6 * 0.5 + 0.4))
    assert after.mean[0] == pytest.approx(0.6 * 0.5 + 0.4 * 1.25)
    assert after.spread[0] == pytest.approx(0.4 * 0.2)


def test_when_everybody_is_returned_only_the_head_of_the_list_counts():
    scores, after = certain([0.9, 0.8, 0.3, 0.1])
    assert value_of_asking(scores, after, [Cut(10, 1.0)], -10.0).max() == pytest.approx(0.0, abs=1e-7)
    assert value_of_asking(scores, after, cuts(10, CONFIG), -10.0)[:2].min() > 1e-5


def test_nobody_is_asked_about_whom_nobody_can_contact():
    scores, after = certain([0.5, 0.5, 0.5])
    scores[1] = -np.inf
    value = value_of_asking(scores, after, [Cut(1, 1.0)], 0.0)
    assert value[1] == 0.0
    assert value[2] > 0.0


def test_the_order_of_candidates_does_not_matter():
    scores, after = pool(6, 40)
    turned = np.random.default_rng(0).permutation(40)
    mixed = Outlook(after.mean[turned], after.spread[turned], after.low[turned], after.high[turned])
    value = value_of_asking(scores, after, cuts(10, CONFIG), 0.0)
    assert value_of_asking(scores[turned], mixed, cuts(10, CONFIG), 0.0) == pytest.approx(value[turned])


def test_asking_those_of_most_value_betters_the_list_more_than_other_ways_to_ask():
    rng = np.random.default_rng(7)
    gains: dict[str, list[float]] = {"value": [], "best": [], "least certain": [], "any": []}
    for seed in range(30):
        scores, after = pool(100 + seed, 80)
        truth = draw(after, rng, 400)
        value = value_of_asking(scores, after, [Cut(20, 1.0)], 0.0)
        ways = {
            "value": value, "best": scores, "least certain": after.spread, "any": rng.random(80),
        }  # fmt: skip
        kept = best(scores, 20, 0.0)
        for way, measure in ways.items():
            asked = np.argsort(-measure)[:15]
            judged = np.tile(scores, (400, 1))
            judged[:, asked] = truth[:, asked]
            better = worth(truth, best(judged, 20, 0.0), 0.0) - worth(truth, kept, 0.0)
            gains[way].append(float(better.mean()))
    won = {way: np.mean(each) for way, each in gains.items()}
    assert won["value"] > 1.3 * max(won["best"], won["least certain"], won["any"])


def test_the_spread_is_largest_where_the_booster_is_undecided():
    points = spread_points(np.array([0.0, 25.0, 50.0, 75.0, 100.0]), CONFIG)
    assert points == pytest.approx([4.0, 4.0 + 16.0 * 0.75, 20.0, 16.0, 4.0])


def test_cuts_are_halves_down_to_the_first_lead():
    assert cuts(25, CONFIG) == (
        Cut(25, 1.0),
        *(Cut(rank, 0.0625) for rank in (12, 6, 3, 1)),
    )
    assert cuts(1, CONFIG) == (Cut(1, 1.0),)


def chosen(value, cost, **other):
    given = {"may_ask": np.full(len(value), True), "most": 10, "budget": nanousd(1.0), "least_gain": 0.0}
    return choose(np.array(value), cost=np.array(cost), **(given | other)).tolist()


def test_the_most_value_per_dollar_comes_first():
    assert chosen([0.3, 0.2, 0.1], [300, 100, 200]) == [1, 0, 2]


def test_the_choice_ends_with_the_budget_the_share_and_what_is_too_little():
    assert chosen([0.3, 0.2, 0.1], [100, 100, 100], budget=NanoUsd(200)) == [0, 1]
    assert chosen([0.3, 0.2, 0.1], [100, 100, 100], budget=NanoUsd(99)) == []
    assert chosen([0.3, 0.2, 0.1], [100, 100, 100], most=1) == [0]
    assert chosen([0.3, 0.2, 0.1], [100, 100, 100], least_gain=0.15) == [0, 1]
    assert chosen([0.3, 0.2, 0.0], [100, 100, 100]) == [0, 1]


def test_only_those_may_be_chosen_who_may_be_asked_about():
    assert chosen([0.3, 0.2, 0.1], [1, 1, 1], may_ask=np.array([False, True, True])) == [1, 2]


def test_the_value_of_one_depends_on_the_pool_and_not_on_who_else_may_be_asked_about():
    scores, after = pool(11, 60)
    among = np.array([3, 17, 18, 59], dtype=np.int32)
    part = Outlook(after.mean[among], after.spread[among], after.low[among], after.high[among])
    each = value_among(scores, among, part, cuts(10, CONFIG), 0.0)
    assert each.tolist() == value_of_asking(scores, after, cuts(10, CONFIG), 0.0)[among].tolist()


def test_nobody_is_chosen_of_an_empty_pool():
    nothing = np.zeros(0)
    after = Outlook(nothing, nothing, nothing, nothing)
    value = value_of_asking(nothing, after, cuts(5, CONFIG), 0.0)
    assert chosen(value, np.zeros(0, dtype=np.int64)) == []


def test_a_certain_middle_is_refused():
    with pytest.raises(ValidationError, match="must not be below"):
        AskingConfig(edge_points=10.0, middle_points=5.0)
