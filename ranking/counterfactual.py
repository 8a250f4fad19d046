"""What a ranking that was not served would have got, from clicks on lists that were (self-normalised inverse propensity).

A click is a draw from what is worth one, by the chance that its place was looked at; weighed by 1 / that chance it is a draw by
worth alone. Over such draws the value of a ranking is the mean chance that its own place for the company is looked at, in its first
K: expected clicks, relative to those that a ranking would get that put everything worth a click first.

Source: self-normalised estimator: Swaminathan and Joachims, NeurIPS 2015; weights by place: Joachims et al., WSDM 2017.
"""

from collections.abc import Sequence
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
    lists: Sequence[LoggedList], examination: Examination, terms: Terms, draws: np.random.Generator
) -> Estimate | Refused:
    """Value of the other ranking beside that of the lists that were shown.

    What the logs did not show counts nothing, so with less than full coverage the other ranking is valued too low; below the
    coverage of `terms` nothing is said.
    """
    sums = np.array([_sums(each, examination, terms) for each in lists]).reshape(len(lists), _WIDTH)
    names, units = np.unique([each.unit for each in lists], return_inverse=True)
    support = _support(sums, len(names))
    reason = _lacking(support, terms)
    if reason:
        return Refused(support, reason)
    per_unit = np.zeros((len(names), 3))
    np.add.at(per_unit, units, sums[:, :3])
    picked = draws.integers(len(names), size=(terms.draws, len(names)))
    worth, shown, other = np.moveaxis(per_unit[picked].sum(axis=1), 1, 0)
    kept = shown > 0.0
    worth, shown, other = worth[kept], shown[kept], other[kept]
    total = per_unit.sum(axis=0)
    return Estimate(
        support,
        _interval(total[1] / total[0], shown / worth),
        _interval(total[2] / total[0], other / worth),
        _interval(total[2] / total[1] - 1.0, other / shown - 1.0),
        float((other > shown).mean()),
    )


_WIDTH = 8


def _sums(each: LoggedList, examination: Examination, terms: Terms) -> tuple[float, ...]:
    """Of one list: worth, shown and other; the weights' sum and sum of squares; rewards, floored ones, coverage."""
    first = {company: rank for rank, company in enumerate(each.other[: terms.k], start=1)}
    covered = len(first.keys() & set(each.companies)) / len(first) if first else 0.0
    at = np.flatnonzero(each.rewarded)
    places = each.places[at]
    chances = examination.at(places)
    weights = 1.0 / np.maximum(chances, terms.floor)
    ranks = np.array([first.get(each.companies[place], 0) for place in at.tolist()], dtype=np.int32)
    theirs = np.where(ranks > 0, examination.at(np.maximum(ranks, 1)), 0.0)
    ours = np.where(places <= terms.k, chances, 0.0)
    ratios = weights * theirs
    return (
        float(weights.sum()), float(weights @ ours), float(ratios.sum()), float(ratios.sum()),
        float(ratios @ ratios), float(len(at)), float((chances < terms.floor).sum()), covered,
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


def _interval(value: float, drawn: FloatArray) -> Interval:
    low, high = np.percentile(drawn, (2.5, 97.5))
    return Interval(float(value), float(low), float(high))
