"""The language model's scores held against outcomes: the map that `models.judge_scale` applies (F-5)."""

from typing import Final

import numpy as np

from models.booster import IntentScale
from models.judge_scale import JudgeScale
from ranking.types import BoolArray, FloatArray

_KNOTS: Final = tuple(float(score) for score in range(0, 101, 5))
_BELIEVED: Final = 40.0
"""The model's own word counts as much as so many companies of which both the score and the outcome are known."""


def fit_judge_scale(scores: FloatArray, bought: BoolArray, scale: IntentScale) -> JudgeScale:
    """The rising map that foretells purchases best by squares (isotonic regression), drawn towards the model's own word.

    Taken at its word, a score is base intent and its chance is what `scale` has for that intent. Without outcomes the map is
    just that, and `apply` changes nothing where the scale reaches.

    Args:
        scores: float64[n] in [0, 100]; of companies whose outcome is known. `bought` bool[n].

    Source: R. E. Barlow, H. D. Brunk, "The Isotonic Regression Problem and its Dual", JASA 67 (1972).
    """
    knots = np.array(_KNOTS)
    word = np.interp(knots, scale.intent, scale.probability)
    at = np.concatenate((knots, scores))
    order = np.argsort(at, kind="stable")
    values = np.concatenate((word, bought.astype(np.float64)))[order]
    weights = np.concatenate((np.full(len(knots), _BELIEVED / len(knots)), np.ones(len(scores))))[order]
    level = np.interp(knots, at[order], rising(values, weights))
    return JudgeScale(
        score=_KNOTS, probability=tuple(level.tolist()), intent=tuple(scale.apply(level).tolist())
    )


def rising(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The non-decreasing sequence nearest to `values` by weighted squares, float64[n] (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, count = value, weight, 1
        while blocks and blocks[-1][0] >= mean:
            before, its_mass, its_count = blocks.pop()
            mean = (before * its_mass + mean * mass) / (its_mass + mass)
            mass, count = its_mass + mass, its_count + count
        blocks.append((mean, mass, count))
    return np.repeat([mean for mean, _, _ in blocks], [count for _, _, count in blocks])
