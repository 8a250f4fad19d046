"""From the language model's score to a chance of purchase and to the one scale of intent, monotone (F-5); read where scores are used."""

from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.artefacts import BOOSTER, open_artefact
from ranking.errors import ArtifactError
from ranking.features import schema_hash
from ranking.types import FloatArray

JUDGE_FILE: Final = "judge.json"


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
    _, files = open_artefact(folder, kind=BOOSTER, schema_hash=schema_hash())
    if JUDGE_FILE not in files:
        return None
    try:
        return JudgeScale.model_validate_json(files[JUDGE_FILE])
    except ValidationError as err:
        raise ArtifactError(folder.name, f"{JUDGE_FILE} is damaged") from err
