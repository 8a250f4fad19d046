"""What a ranking that was not served would have got, from clicks on lists that were (self-normalised inverse propensity).

A click is a draw from what is worth one, by the chance that its place was looked at; weighed by 1 / that chance it is a draw by
worth alone. Over such draws the value of a ranking is the mean chance that its own place for the company is looked at, in its first
K: expected clicks, relative to those that a ranking would get that put everything worth a click first.

Source: self-normalised estimator: Swaminathan and Joachims, NeurIPS 2015; weights by place: Joachims et al., WSDM 2017.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.examination import Examination
from ranking.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class LoggedList:
    """A list that was shown, with what came of it, and what another ranking would have shown.

    Attributes:
        unit: lists of one unit are resampled together (the prompt: what one customer clicks today he clicks tomorrow).
        companies: as they were shown, each once; `places` int32[n] from 1, `rewarded` bool[n].
        other: companies of the ranking that is judged, best first.
    """

    unit: str
    companies: Sequence[str]
    places: IntArray
    rewarded: BoolArray
    other: Sequence[str]


@dataclass(frozen=True, slots=True)
class Terms:
    """When an answer is given: at least so much `coverage`, `effective` rewards and `units`; chances count as `floor` at least."""

    k: int = 25
    floor: float = 0.05
    coverage: float = 0.8
    effective: float = 50.0
    units: int = 20
    draws: int = 1_000


@dataclass(frozen=True, slots=True)
class Support:
    """What the logs say about the other ranking at all.

    Attributes:
        coverage: mean share of its first K that the list had shown.
        effective: Kish's effective number of rewards, (sum w)^2 / sum w^2 with w = p(its place) / p(place shown).
        rewards: how many there are; `floored`: the share of them whose chance was raised to the floor.
        units: resampled units.
    """

    coverage: float
    effective: float
    rewards: int
    floored: float
    units: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """`shown` and `other` in [0, 1]; `gain` is other / shown - 1, paired; `better` the share of resamples in which it is positive."""

    support: Support
    shown: Interval
    other: Interval
    gain: Interval
    better: float


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer, and why."""

    support: Support
    reason: str


def compare(
    lists: Sequence[LoggedList],
    examination: Examination,
    terms: Terms,
    draws: np.random.Generator,
    again: Callable[[IntArray], Examination | None] | None = None,
) -> Estimate | Refused:
    """Value of the other ranking beside that of the lists that were shown.

    What the logs did not show counts nothing, so with less than full coverage the other ranking is valued too low; below the
    coverage of `terms` nothing is said.

    Args:
        again: the chances that a resample tells in which unit u, by the order of their names, counts int32[units][u] times, None where it
            tells none: where chances were found in the same lists, what is not known of them belongs into the intervals.
    """
    sums = np.array([_sums(each, examination, terms) for each in lists]).reshape(len(lists), _WIDTH)
    names, units = np.unique([each.unit for each in lists], return_inverse=True)
    support = _support(sums, len(names))
    reason = _lacking(support, terms)
    if reason:
        return Refused(support, reason)
    total = sums[:, :3].sum(axis=0)
    if again is None:
        per_unit = np.zeros((len(names), 3))
        np.add.at(per_unit, units, sums[:, :3])
        drawn = per_unit[draws.integers(len(names), size=(terms.draws, len(names)))].sum(axis=1)
    else:
        drawn = _drawn_again(lists, units.astype(np.int32), terms, draws, again)
        if 2 * len(drawn) < min(terms.draws, _AGAIN):
            return Refused(support, "most resamples of prompts tell no chances of places")
    worth, shown, other = np.moveaxis(drawn[drawn[:, 1] > 0.0], 1, 0)
    values = (total[1] / total[0], total[2] / total[0], total[2] / total[1])
    resamples = [shown / worth, other / worth, other / shown]
    if again is not None:
        resamples = [_reflected(*each) for each in zip(values, resamples, strict=True)]
    return Estimate(
        support,
        _interval(values[0], resamples[0]),
        _interval(values[1], resamples[1]),
        _interval(values[2] - 1.0, resamples[2] - 1.0),
        float((resamples[2] > 1.0).mean()),
    )


def _drawn_again(
    lists: Sequence[LoggedList],
    units: IntArray,
    terms: Terms,
    draws: np.random.Generator,
    again: Callable[[IntArray], Examination | None],
) -> FloatArray:
    """Worth, shown and other of resamples, float64[*, 3], each by the chances that it tells itself."""
    placed = [_placed(each, terms.k) for each in lists]
    places, ranks = (np.concatenate(column) for column in zip(*placed, strict=True))
    of_rewards = np.repeat(units, [len(each) for each, _ in placed])
    count, found = int(units.max()) + 1, []
    for _ in range(min(terms.draws, _AGAIN)):
        counts = np.bincount(draws.integers(count, size=count), minlength=count).astype(np.int32)
        chances = again(counts)
        if chances is not None:
            found.append(_valued(places, ranks, chances, terms) @ counts[of_rewards])
    return np.array(found).reshape(-1, 3)


def _placed(each: LoggedList, k: int) -> tuple[IntArray, IntArray]:
    """Of each reward the place at which it was shown and its rank in the other ranking's first `k`, 0 beyond: int32[rewards] each."""
    first = {company: rank for rank, company in enumerate(each.other[:k], start=1)}
    at = np.flatnonzero(each.rewarded)
    ranks = [first.get(each.companies[place], 0) for place in at.tolist()]
    return each.places[at], np.array(ranks, dtype=np.int32)


def _valued(places: IntArray, ranks: IntArray, examination: Examination, terms: Terms) -> FloatArray:
    """Of each reward its weight, and what that is worth where it was shown and in the other ranking: float64[3, rewards]."""
    chances = examination.at(places)
    weights = 1.0 / np.maximum(chances, terms.floor)
    theirs = np.where(ranks > 0, examination.at(np.maximum(ranks, 1)), 0.0)
    return np.array([weights, weights * np.where(places <= terms.k, chances, 0.0), weights * theirs])


_WIDTH = 8
_AGAIN = 200
_LEAST = 1e-12


def _sums(each: LoggedList, examination: Examination, terms: Terms) -> tuple[float, ...]:
    """Of one list: worth, shown and other; the weights' sum and sum of squares; rewards, floored ones, coverage."""
    first = set(each.other[: terms.k])
    covered = len(first & set(each.companies)) / len(first) if first else 0.0
    places, ranks = _placed(each, terms.k)
    weights, ours, theirs = _valued(places, ranks, examination, terms)
    return (
        float(weights.sum()), float(ours.sum()), float(theirs.sum()), float(theirs.sum()), float(theirs @ theirs),
        float(len(places)), float((examination.at(places) < terms.floor).sum()), covered,
    )  # fmt: skip


def _support(sums: FloatArray, units: int) -> Support:
    if not len(sums):
        return Support(0.0, 0.0, 0, 0.0, 0)
    _, _, _, ratios, squares, rewards, floored, _ = sums.sum(axis=0).tolist()
    return Support(
        coverage=float(sums[:, -1].mean()),
        effective=ratios**2 / squares if squares else 0.0,
        rewards=int(rewards),
        floored=floored / rewards if rewards else 0.0,
        units=units,
    )


def _lacking(support: Support, terms: Terms) -> str:
    """What is missing for an answer; "" for nothing."""
    if support.coverage < terms.coverage:
        return f"the logs show {support.coverage:.0%} of the other ranking's first {terms.k}; {terms.coverage:.0%} are needed"
    if support.effective < terms.effective:
        return f"{support.rewards} rewards count as {support.effective:.1f} under its weights; {terms.effective:g} are needed"
    if support.units < terms.units:
        return f"{support.units} prompts; {terms.units} are needed for an interval"
    return ""


def _reflected(value: float, drawn: FloatArray) -> FloatArray:
    """The draws mirrored at the value on a log scale: as far as chances of resamples are off from those found, these are off themselves.

    Source: basic bootstrap, Davison and Hinkley, Bootstrap Methods and their Application (1997), 5.2.
    """
    return value**2 / np.maximum(drawn, _LEAST)


def _interval(value: float, drawn: FloatArray) -> Interval:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Interval(float(value), float(low), float(high))
