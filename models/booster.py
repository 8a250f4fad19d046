"""The booster: LightGBM over `ranking.features`, and its monotone map to the 0-100 intent scale (F-5, F-10)."""

from collections.abc import Mapping
from pathlib import Path

import lightgbm
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.artefacts import BOOSTER, open_artefact
from models.booster_kernel import probabilities
from models.booster_probe import PROBE_FILE, check_probe, read_probe
from models.booster_tables import TreeTables, UnsupportedTreesError, probe, tables_of
from ranking.errors import ArtifactError
from ranking.features import FEATURES, schema_hash
from ranking.types import Float32Array, FloatArray

MODEL_FILE = "model.txt"
SCALE_FILE = "scale.json"
_LARGEST_DIFFERENCE = 1e-12  # on the machine it was written on the difference is 0; another libm may round an exponential otherwise


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
    """A verified booster artefact, ready to score.

    LightGBM reads the model and answers a probe once; rows are scored by tables made of its trees (`models.booster_tables`), which must
    give a recorded probe the scores that training gave it (`models.booster_probe`).
    """

    def __init__(self, folder: Path) -> None:
        manifest, files = open_artefact(folder, kind=BOOSTER, schema_hash=schema_hash())
        self.version = manifest.version
        try:
            booster = lightgbm.Booster(model_str=files[MODEL_FILE].decode())
            self._scale = IntentScale.model_validate_json(files[SCALE_FILE])
        except (KeyError, ValueError, lightgbm.basic.LightGBMError) as err:
            raise ArtifactError(folder.name, f"is not a booster ({type(err).__name__})") from err
        if booster.feature_name() != list(FEATURES):
            raise ArtifactError(folder.name, "the model's feature names are not this code's")
        self._tables = _checked_tables(booster, folder.name)
        self._check_probe(files, folder.name)

    def probability(self, features: Float32Array) -> FloatArray:
        """Chance of a purchase as the training data has it, float64[n], for features float32[n, len(FEATURES)]."""
        return probabilities(self._tables, features)

    def score(self, features: Float32Array) -> FloatArray:
        """Base intent in [0, 100], float64[n]."""
        return self._scale.apply(self.probability(features))

    def _check_probe(self, files: Mapping[str, bytes], artefact: str) -> None:
        """Score the recorded probe as training did; an artefact without one cannot say what its scores should be."""
        if PROBE_FILE not in files:
            raise ArtifactError(artefact, "has no recorded probe scores; train again")
        rows, scores = read_probe(files[PROBE_FILE], artefact)
        if rows.shape[1] != len(FEATURES):
            raise ArtifactError(
                artefact, f"{PROBE_FILE} has {rows.shape[1]} features, this code {len(FEATURES)}"
            )
        check_probe(scores, self.score(rows), artefact)


def _checked_tables(booster: lightgbm.Booster, artefact: str) -> TreeTables:
    """The model's tables, once they have said what LightGBM says on every range of every feature."""
    try:
        tables = tables_of(booster.dump_model())
    except UnsupportedTreesError as err:
        raise ArtifactError(artefact, f"cannot be compiled: {err}") from err
    rows = probe(tables)
    difference = np.abs(probabilities(tables, rows) - booster.predict(rows, num_threads=1))
    if not np.all(difference <= _LARGEST_DIFFERENCE):
        raise ArtifactError(artefact, f"compiled trees differ from LightGBM by {np.max(difference):.1e}")
    return tables
