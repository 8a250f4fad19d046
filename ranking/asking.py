"""Whom to ask the language model about: whose judgement is expected to better the list most per dollar (F-5, F-10).

Expected value of information, one candidate at a time. If candidate i were judged, its final score would be S', a normal
variable round its present score with the booster's spread, clipped to what intent allows. The best k are worth the sum of
their scores. Judging i betters it when i changes places with its rival at the cut:

    outside the best k:  E[(S' - l)+],  l the k-th best score
    inside:              E[(u - S')+],  u the (k+1)-th best score

and not at all otherwise: the order on either side of a cut does not count. Cuts above K count too, by less, so that the head
of the list is asked about even when everybody is returned. Exact for one judgement; several are chosen as if each were alone.

Source: R. A. Howard, "Information Value Theory", IEEE Transactions on Systems Science and Cybernetics 2 (1966); the normal
loss function, e.g. D. Jones et al., "Efficient Global Optimization", Journal of Global Optimization 13 (1998).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ranking.money import NanoUsd
from ranking.strict import Strict
from ranking.types import BoolArray, FloatArray, IntArray

_TAIL: Final = 8.0
_KNOTS_PER_UNIT: Final = 512
_LEAST_SPREAD: Final = 1e-12


class AskingConfig(Strict):
    """What is taken to be unknown about a candidate, and what is worth asking."""

    edge_points: float = Field(
        4.0,
        ge=0.0,
        le=100.0,
        description="spread of the model's base intent round the booster's 0 or 100, in points",
    )
    middle_points: float = Field(
        20.0, ge=0.0, le=100.0, description="the same round the booster's 50, in points"
    )
    inner_weight: float = Field(
        0.25,
        ge=0.0,
        le=1.0,
        description="weight of the cuts at K/2, K/4, ... 1 beside the one at K, no unit",
    )
    least_gain: float = Field(
        0.0002,
        ge=0.0,
        le=1.0,
        description="expected gain of the list's score below which nobody is asked about",
    )

    @model_validator(mode="after")
    def _middle_is_less_certain(self) -> "AskingConfig":
        if self.middle_points < self.edge_points:
            raise ValueError("middle_points must not be below edge_points")
        return self


class Cut(NamedTuple):
    """A place in the list that counts: after the best `rank`, by `weight`."""

    rank: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """Final scores as they would be after a judgement: normal, clipped to what is possible; columns of length m.

    Attributes:
        mean, spread: float64[m]; of the score before it is clipped.
        low, high: float64[m]; the least and the most that the score can be.
    """

    mean: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray


def spread_points(base: FloatArray, config: AskingConfig) -> FloatArray:
    """How far the model's base intent may lie from the booster's, as a standard deviation in points, float64[m].

    edge + (middle - edge) x 4p(1 - p), p = base / 100: a purchase that the booster holds for a toss-up is the least certain.

    Args:
        base: float64[m] in [0, 100]; the booster's.
    """
    chance = base / 100.0
    return config.edge_points + (config.middle_points - config.edge_points) * 4.0 * chance * (1.0 - chance)


def outlook(
    fit: FloatArray, base: FloatArray, boosts: FloatArray, spread: FloatArray, final_weights: FloatArray
) -> Outlook:
    """Final scores after a judgement that puts the base intent at a normal draw round `base`.

    Args:
        fit: float64[m] in [0, 1].
        base: float64[m] in [0, 100]; `boosts` float64[m] >= 0 is churn + job; intent = min(100, base + boosts).
        spread: float64[m] >= 0; in points of base intent.
        final_weights: float64[2] for fit and intent.

    Source: F-6, F-7.
    """
    weight_fit, weight_intent = final_weights.tolist()
    per_point = weight_intent / 100.0
    ground = weight_fit * fit
    return Outlook(
        mean=ground + per_point * (base + boosts),
        spread=per_point * spread,
        low=ground + per_point * np.minimum(boosts, 100.0),
        high=ground + per_point * 100.0,
    )


def cuts(limit: int, config: AskingConfig) -> tuple[Cut, ...]:
    """The cut at K with weight 1, and those at K/2, K/4, ... 1, which share `inner_weight` equally."""
    inner: list[int] = []
    rank = limit // 2
    while rank >= 1:
        inner.append(rank)
        rank //= 2
    return (Cut(limit, 1.0), *(Cut(rank, config.inner_weight / len(inner)) for rank in inner))


def value_of_asking(
    scores: FloatArray, among: IntArray, after: Outlook, places: Sequence[Cut], min_score: float
) -> FloatArray:
    """Expected gain of the list's score by judging each of some candidates alone, float64[n], >= 0.

    Args:
        scores: float64[m]; present final scores of the pool, -inf for whom nobody can contact.
        among: int32[n]; positions in the pool of those who may be judged.
        after: what the score of each of those may become; columns of length n.
        places: the cuts that count.
        min_score: the list ends there, however short it is.
    """
    count = len(scores)
    ranks = np.array([cut.rank for cut in places], dtype=np.int64)
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    ranked = np.append(np.maximum(scores[order], min_score), min_score)
    last_in, first_out = ranked[np.minimum(ranks - 1, count)], ranked[np.minimum(ranks, count)]
    now = scores[among]
    inside = (rank[among] < ranks[:, None]) & (now >= min_score)
    gain = _expected_gain(after, inside, last_in[:, None], first_out[:, None])
    value: FloatArray = np.array([cut.weight for cut in places]) @ gain
    value[np.isneginf(now)] = 0.0
    return value


def choose(
    value: FloatArray,
    may_ask: BoolArray,
    cost: NDArray[np.int64],
    most: int,
    budget: NanoUsd,
    least_gain: float,
) -> IntArray:
    """Positions to ask about, the most value per dollar first, int32[k].

    The list ends before the first that the budget does not pay: costs differ little, so what is left is small.

    Args:
        value: float64[m], see `value_of_asking`.
        may_ask: bool[m]; undecided by BM25, with evidence, not in the cache.
        cost: int64[m] > 0; nano-dollars.
        most: how many may be asked about (`AskedShare.room`).
        budget: what they may cost together.
    """
    eligible = np.flatnonzero(may_ask & (value > 0.0) & (value >= least_gain))
    best = eligible[np.argsort(-(value[eligible] / cost[eligible]), kind="stable")][:most]
    affordable = np.cumsum(cost[best]) <= budget
    return best[affordable].astype(np.int32)


def _expected_gain(
    after: Outlook, inside: BoolArray, last_in: FloatArray, first_out: FloatArray
) -> FloatArray:
    """E[(S' - last_in)+] outside, E[(first_out - S')+] inside, float64[cuts, m]; S' clipped to [low, high].

    A fall is the rise of what is mirrored at the mean: `start` and `end` are distances above it, from where S' gains to where
    it can go no further.
    """
    level = np.where(inside, after.mean - first_out, last_in - after.mean)
    low = np.where(inside, after.mean - after.high, after.low - after.mean)
    end = np.where(inside, after.mean - after.low, after.high - after.mean)
    start = np.clip(level, low, end)
    beyond = np.where(
        inside, _loss(after.mean - after.low, after.spread), _loss(after.high - after.mean, after.spread)
    )
    rise = start - level + _loss(start, after.spread) - beyond
    return np.where(level < end, np.maximum(rise, 0.0), 0.0)


def _loss(distance: FloatArray, spread: FloatArray) -> FloatArray:
    """E[(spread x Z - distance)+] for a standard normal Z: read linearly between knots, off by at most 2e-7 x spread."""
    spread = np.maximum(spread, _LEAST_SPREAD)
    standard = distance / spread
    place = (np.clip(standard, -_TAIL, _TAIL) + _TAIL) * _KNOTS_PER_UNIT
    knot = place.astype(np.int64)
    losses = _unit_loss()
    read = losses[knot]
    unit: FloatArray = read + (losses[knot + 1] - read) * (place - knot) + np.maximum(-standard - _TAIL, 0.0)
    return spread * unit


@cache
def _unit_loss() -> FloatArray:
    """E[(Z - z)+] = phi(z) - z (1 - Phi(z)) at knots from -8 to 8, 0 at the last and after it; convex, as the function is."""
    knots = np.linspace(-_TAIL, _TAIL, int(2 * _TAIL) * _KNOTS_PER_UNIT + 1)
    losses = [
        math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi) - z * math.erfc(z / math.sqrt(2.0)) / 2.0
        for z in knots.tolist()
    ]
    return np.array([*losses[:-1], 0.0, 0.0])
