"""How good one ordered list is: precision, discounted gain, recall, and how far stated chances are from what happened."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ranking.types import BoolArray, FloatArray


def precision_at(hits: BoolArray, k: int) -> float:
    """Hits among the first k over k; a list that is too short is not forgiven."""
    return float(hits[:k].sum()) / k


def ndcg_at(hits: BoolArray, wanted: int, k: int) -> float:
    """Discounted gain of the hits among the first k over that of as many hits as there could be; 0 when nobody is wanted.

    Source: K. Jarvelin, J. Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002), binary gains.
    """
    best = float(discounts(min(k, wanted)).sum())
    return float(discounts(k)[: len(hits)][hits[:k]].sum()) / best if best else 0.0


def graded_ndcg(gains: FloatArray, k: int) -> float:
    """nDCG of a list whose places have gains 2^grade - 1, against its own best order; 0 when all gains are 0.

    Args:
        gains: float64[n] in list order, of everybody that could be listed.
    """
    best = float((np.sort(gains)[::-1][:k] * discounts(min(k, len(gains)))).sum())
    return float((gains[:k] * discounts(min(k, len(gains)))).sum()) / best if best else 0.0


def average_precision(hits: BoolArray, wanted: int) -> float:
    """Mean over the wanted of the precision at the place of each; those that are not listed count 0."""
    places = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(places) + 1) / places).sum()) / wanted if wanted else 0.0


def discounts(k: int) -> FloatArray:
    """float64[k]: what a hit counts at each place, 1 at the first."""
    return 1.0 / np.log2(np.arange(2, k + 2))


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions between `low` and `high`: their number, their mean, and how many came true."""

    low: float
    high: float
    count: int
    predicted: float
    happened: float


def reliability(predicted: FloatArray, happened: BoolArray, bins: int) -> tuple[ReliabilityBin, ...]:
    """The reliability curve in bins of equally many predictions; ties stay together, so there may be fewer bins."""
    if not len(predicted):
        return ()
    edges = np.unique(np.quantile(predicted, np.linspace(0.0, 1.0, bins + 1)))
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, max(0, len(edges) - 2))
    found = []
    for number in np.unique(place):
        inside = place == number
        found.append(
            ReliabilityBin(
                float(predicted[inside].min()), float(predicted[inside].max()), int(inside.sum()),
                float(predicted[inside].mean()), float(happened[inside].mean()),
            )
        )  # fmt: skip
    return tuple(found)


def calibration_error(curve: Sequence[ReliabilityBin]) -> float:
    """Mean distance between what was predicted and what happened, weighed by the bins' counts; NaN without predictions."""
    total = sum(each.count for each in curve)
    if not total:
        return float("nan")
    return sum(each.count * abs(each.predicted - each.happened) for each in curve) / total


def lift_at(labels: BoolArray, share: float) -> float:
    """Rate among the first `share` of an ordered list over the rate of all; NaN when nobody is positive.

    Args:
        labels: bool[n] in list order, best first. share: in (0, 1].
    """
    count = max(1, round(share * len(labels)))
    rate = float(labels.mean()) if len(labels) else 0.0
    return float(labels[:count].mean()) / rate if rate else float("nan")
