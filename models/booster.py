"""The booster: LightGBM over `ranking.features`, and its monotone map to the 0-100 intent scale (F-5, F-10)."""

from pathlib import Path

import lightgbm
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.artefacts import open_artefact, promoted
from ranking.errors import ArtifactError
from ranking.features import FEATURES, schema_hash
from ranking.types import Float32Array, FloatArray

KIND = "booster"
MODEL_FILE = "model.txt"
SCALE_FILE = "scale.json"


class IntentScale(BaseModel):
    """A monotone, piecewise linear map from the booster's probability to base intent.

    `probability` and `intent` are knots, both non-decreasing; outside the knots the ends hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    probability: tuple[float, ...] = Field(min_length=2)
    intent: tuple[float, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _monotone(self) -> "IntentScale":
        if len(self.probability) != len(self.intent):
            raise ValueError("as many intents as probabilities")
        if any(np.diff(self.probability) < 0) or any(np.diff(self.intent) < 0):
            raise ValueError("knots must not decrease")
        if self.intent[0] < 0 or self.intent[-1] > 100:
            raise ValueError("intent lies in [0, 100]")
        return self

    def apply(self, probability: FloatArray) -> FloatArray:
        """float64[n] in [0, 100]."""
        return np.interp(probability, self.probability, self.intent)


class BoosterModel:
    """A verified booster artefact, ready to score."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        manifest, files = open_artefact(promoted(folder), kind=KIND, schema_hash=schema_hash())
        self.version = manifest.version
        self._threads = threads
        try:
            self._booster = lightgbm.Booster(model_str=files[MODEL_FILE].decode())
            self._scale = IntentScale.model_validate_json(files[SCALE_FILE])
        except (KeyError, ValueError, lightgbm.basic.LightGBMError) as err:
            raise ArtifactError(folder.name, f"is not a booster ({type(err).__name__})") from err
        if self._booster.feature_name() != list(FEATURES):
            raise ArtifactError(folder.name, "the model's feature names are not this code's")

    def probability(self, features: Float32Array) -> FloatArray:
        """Chance of a purchase as the training data has it, float64[n], for features float32[n, len(FEATURES)]."""
        if len(features) == 0:
            return np.zeros(0)
        scores = self._booster.predict(features, num_threads=self._threads)
        return np.asarray(scores, dtype=np.float64)

    def score(self, features: Float32Array) -> FloatArray:
        """Base intent in [0, 100], float64[n]."""
        return self._scale.apply(self.probability(features))
