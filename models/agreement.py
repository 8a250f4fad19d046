"""How well a booster foretells the language model: rank agreement, how far off it is, and what that says of whom to ask (F-10)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.training import area_under_curve
from ranking.asking import AskingConfig, spread_points
from ranking.correlation import rank_correlation
from ranking.types import BoolArray, FloatArray

NEEDED: Final = 60.0
"""A company with this score or more is one that the language model says needs the product."""
_RESAMPLES: Final = 1_000
_BANDS: Final = (0.0, 5.0, 10.0, 20.0, 35.0, 50.0, 100.0)
_FEW: Final = 5
_GRID: Final = np.arange(0.5, 60.1, 0.5)

Statistic = Callable[[FloatArray, FloatArray], float]


class _Reported(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Reported):
    """A figure with its 95 % bootstrap interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class Band(_Reported):
    """Companies whose booster's base intent lies in [low, high): by how much the model's lies above it, in points."""

    low: float
    high: float
    labels: int
    bias: float
    rms: float


class Agreement(_Reported):
    """One booster against the model's scores. `edge_points` and `middle_points` fit `AskingConfig` to what is left."""

    spearman: Interval
    auc: Interval
    rms: float
    bands: tuple[Band, ...]
    edge_points: float
    middle_points: float


def agreement(
    base: FloatArray, scores: FloatArray, needed: BoolArray, drawn: Sequence[NDArray[np.int64]]
) -> Agreement:
    """Compare.

    Args:
        base: float64[n] in [0, 100]; the booster's. `scores` float64[n] in [0, 100]; the model's.
        needed: bool[n]; companies that the model says need the product.
        drawn: resamples of positions, see `resamples`.
    """
    asking = measured_asking(base, scores)
    return Agreement(
        spearman=interval(rank_correlation, base, scores, drawn),
        auc=interval(auc, base, needed.astype(np.float64), drawn),
        rms=_rms(scores - base),
        bands=bands(base, scores),
        edge_points=asking.edge_points,
        middle_points=asking.middle_points,
    )


def resamples(companies: NDArray[np.str_], seed: int) -> list[NDArray[np.int64]]:
    """Positions of companies drawn with replacement, all labels of a company together."""
    random = np.random.default_rng(seed)
    _, group = np.unique(companies, return_inverse=True)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    count = len(members)
    return [
        np.concatenate([members[at] for at in random.integers(0, count, count)]) for _ in range(_RESAMPLES)
    ]


def interval(
    statistic: Statistic, values: FloatArray, truth: FloatArray, drawn: Sequence[NDArray[np.int64]]
) -> Interval:
    """The statistic and its interval; resamples that do not define it are left out."""
    return _interval(statistic(values, truth), np.array([statistic(values[at], truth[at]) for at in drawn]))


def gain(
    statistic: Statistic,
    before: FloatArray,
    after: FloatArray,
    truth: FloatArray,
    drawn: Sequence[NDArray[np.int64]],
) -> Interval:
    """By how much the statistic is higher for `after`, on the same resamples."""
    differences = [statistic(after[at], truth[at]) - statistic(before[at], truth[at]) for at in drawn]
    return _interval(statistic(after, truth) - statistic(before, truth), np.array(differences))


def _interval(value: float, drawn: FloatArray) -> Interval:
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, (0.025, 0.975)).tolist() if len(known) else (None, None)
    return Interval(value=value if np.isfinite(value) else None, low=low, high=high)


def auc(values: FloatArray, labels: FloatArray) -> float:
    """Chance that one labelled 1 has a higher value than one labelled 0, ties half; NaN where there is only one kind."""
    positive = labels > 0.0
    return area_under_curve(values, positive) if positive.any() and not positive.all() else float("nan")


def bands(base: FloatArray, scores: FloatArray) -> tuple[Band, ...]:
    """How far off the booster is, by its own score."""
    found = []
    for low, high in pairwise(_BANDS):
        inside = (base >= low) & ((base < high) | (high == _BANDS[-1]))
        if inside.sum() >= _FEW:
            off = scores[inside] - base[inside]
            found.append(
                Band(low=low, high=high, labels=int(inside.sum()), bias=float(off.mean()), rms=_rms(off))
            )
    return tuple(found)


def measured_asking(base: FloatArray, scores: FloatArray) -> AskingConfig:
    """`AskingConfig` with the spread under which what was seen is the likeliest: normal round the booster's base, in steps of 0.5."""
    squares = (scores - base) ** 2
    best, likeliest = AskingConfig(), -np.inf
    for edge in _GRID.tolist():
        for middle in _GRID[edge <= _GRID].tolist():
            asking = AskingConfig(edge_points=edge, middle_points=middle)
            spread = spread_points(base, asking)
            likelihood = -float(np.sum(np.log(spread) + squares / (2.0 * spread**2)))
            if likelihood > likeliest:
                best, likeliest = asking, likelihood
    return best


def _rms(off: FloatArray) -> float:
    return float(np.sqrt(np.mean(off**2)))
