"""From the language model's score to a chance of purchase and to the one scale of intent, monotone (F-5)."""

from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.artefacts import open_artefact, promoted
from models.booster import KIND, IntentScale
from ranking.errors import ArtifactError
from ranking.features import schema_hash
from ranking.types import BoolArray, FloatArray

JUDGE_FILE: Final = "judge.json"
_KNOTS: Final = tuple(float(score) for score in range(0, 101, 5))
_BELIEVED: Final = 40.0
"""The model's own word counts as much as so many companies of which both the score and the outcome are known."""


class JudgeScale(BaseModel):
    """A monotone, piecewise linear map of scores in [0, 100]: `probability` and `intent` at the knots `score`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: tuple[float, ...] = Field(min_length=2)
    probability: tuple[float, ...]
    intent: tuple[float, ...]

    @model_validator(mode="after")
    def _monotone(self) -> "JudgeScale":
        if not len(self.score) == len(self.probability) == len(self.intent):
            raise ValueError("as many probabilities and intents as scores")
        if any(np.any(np.diff(knots) < 0) for knots in (self.score, self.probability, self.intent)):
            raise ValueError("knots must not decrease")
        return self

    def chance(self, scores: FloatArray) -> FloatArray:
        """Chance of a purchase, float64[n] in [0, 1]."""
        return np.interp(scores, self.score, self.probability)

    def apply(self, scores: FloatArray) -> FloatArray:
        """Base intent, float64[n] in [0, 100]."""
        return np.interp(scores, self.score, self.intent)


def judge_scale_of(folder: Path) -> JudgeScale | None:
    """The map that belongs to a booster artefact, None where it was trained without judgements.

    Raises:
        ArtifactError: the artefact, or the map in it, is damaged.
    """
    _, files = open_artefact(promoted(folder), kind=KIND, schema_hash=schema_hash())
    if JUDGE_FILE not in files:
        return None
    try:
        return JudgeScale.model_validate_json(files[JUDGE_FILE])
    except ValidationError as err:
        raise ArtifactError(folder.name, f"{JUDGE_FILE} is damaged") from err


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
