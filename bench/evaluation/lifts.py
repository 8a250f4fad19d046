"""How much richer the top of an order is than the whole, with intervals and paired comparisons: for one list of many candidates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranking.types import BoolArray, FloatArray

SHARES = (0.05, 0.1)
_RESAMPLES = 500


@dataclass(frozen=True)
class Field:
    """Candidates of one list: bool[n] whether the thing came true, and float64[n] scores by ranking."""

    labels: BoolArray
    scores: Mapping[str, FloatArray]


def rows(field: Field, reference: str, seed: int) -> dict[str, Any]:
    """Per ranking: lift at each share and area under the curve with 95 % intervals over candidates, and the gain over the reference."""
    draws = np.random.default_rng(seed)
    count = len(field.labels)
    weights = np.vstack(
        [np.ones(count), draws.multinomial(count, np.full(count, 1.0 / count), size=_RESAMPLES)]
    ).astype(np.float64)  # the first row is the field itself
    drawn = {
        name: {
            **{f"lift_at_{share:g}": _lifts(score, field.labels, weights, share) for share in SHARES},
            "auc": _areas(score, field.labels, weights),
        }
        for name, score in field.scores.items()
    }
    return {name: _row(found, drawn[reference], name != reference) for name, found in drawn.items()}


def _row(
    found: Mapping[str, FloatArray], reference: Mapping[str, FloatArray], compared: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for measure, values in found.items():
        row[measure] = _interval(values)
        if compared:
            gain = values - reference[measure]
            better = float((gain[1:] > 0).mean() + 0.5 * (gain[1:] == 0).mean())
            row[f"{measure}_gain"] = {**_interval(gain), "better": round(better, 3)}
    return row


def _interval(values: FloatArray) -> dict[str, float]:
    low, high = np.nanquantile(values[1:], (0.025, 0.975))
    return {
        name: round(float(each), 4) + 0.0
        for name, each in (("mean", values[0]), ("low", low), ("high", high))
    }


def _lifts(scores: FloatArray, labels: BoolArray, weights: FloatArray, share: float) -> FloatArray:
    """float64[r]: rate among the first `share` of each draw's candidates over the draw's rate; equal scores share theirs."""
    positive, count = _by_score(-scores, labels, weights)
    total = count.sum(axis=1, keepdims=True)
    inside = np.clip(share * total - (np.cumsum(count, axis=1) - count), 0.0, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = np.where(count > 0.0, inside / count * positive, 0.0).sum(axis=1)
        found: FloatArray = hits / inside.sum(axis=1) / (positive.sum(axis=1) / total[:, 0])
    return found


def _areas(scores: FloatArray, labels: BoolArray, weights: FloatArray) -> FloatArray:
    """float64[r]: chance that a positive scores above a negative in each draw, ties half."""
    positive, count = _by_score(scores, labels, weights)
    negative = count - positive
    below = np.cumsum(negative, axis=1) - negative
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = (positive * (below + 0.5 * negative)).sum(axis=1) / (
            positive.sum(axis=1) * negative.sum(axis=1)
        )
    return found


def _by_score(scores: FloatArray, labels: BoolArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """float64[r, distinct] each: positives and candidates at each distinct score, ascending, in every draw."""
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    times = weights[:, order]
    return np.add.reduceat(times * labels[order], starts, axis=1), np.add.reduceat(times, starts, axis=1)
