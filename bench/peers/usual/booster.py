"""The booster artefact through LightGBM's own Python package."""

import json
from collections.abc import Mapping
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray


class Booster:
    """The model and its map to base intent."""

    def __init__(self, folder: Path) -> None:
        self._model = lightgbm.Booster(model_file=folder / "model.txt")
        self._names = self._model.feature_name()
        scale = json.loads((folder / "scale.json").read_text("utf-8"))
        self._probability, self._intent = scale["probability"], scale["intent"]

    def table(self, columns: Mapping[str, NDArray[np.float64]], count: int) -> NDArray[np.float64]:
        """float64[count, features] in the model's order, NaN for features that no column has."""
        table = np.full((count, len(self._names)), np.nan)
        for place, name in enumerate(self._names):
            if name in columns:
                table[:, place] = columns[name]
        return table

    def score(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Base intent in [0, 100], float64[n]."""
        if not len(table):
            return np.zeros(0)
        return np.interp(self._model.predict(table, num_threads=1), self._probability, self._intent)
