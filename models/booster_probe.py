"""Rows with the scores that training gave them, kept in the artefact: who scores them otherwise must not serve (F-10).

Digests vouch for the files, not for what a later LightGBM, a later compiler of trees or another machine makes of them. A lead
scores the same in training, online and in a batch because all three open the same artefact, and this is checked whenever one does.
"""

import io
from typing import Final

import lightgbm
import numpy as np

from models.booster_tables import probe, tables_of
from ranking.errors import ArtifactError
from ranking.types import Float32Array, FloatArray

PROBE_FILE: Final = "probe.npy"
_ROWS: Final = 128
_UNKNOWN: Final = (np.nan, 0.0, -1.0, 1e6)
"""Whole rows of what training hardly saw: everything unknown, nothing, and codes beyond any category."""
_LARGEST_DIFFERENCE: Final = 1e-9
"""In points of 100. On the machine that wrote it the difference is 0; another libm may round an exponential otherwise."""


def probe_rows(booster: lightgbm.Booster) -> Float32Array:
    """float32[n, features]: values at and beside every threshold, NaN and infinities among them, and rows of one value."""
    rows = probe(tables_of(booster.dump_model()))[:_ROWS]
    return np.concatenate([rows, [np.full(rows.shape[1], value) for value in _UNKNOWN]]).astype(np.float32)


def recorded(rows: Float32Array, scores: FloatArray) -> bytes:
    """The probe as a file: float64[n, features + 1], the scores in the last column."""
    buffer = io.BytesIO()
    np.save(buffer, np.column_stack([rows.astype(np.float64), scores]), allow_pickle=False)
    return buffer.getvalue()


def read_probe(content: bytes, artefact: str) -> tuple[Float32Array, FloatArray]:
    """Rows and scores of a recorded probe.

    Raises:
        ArtifactError: it is no probe.
    """
    try:
        table = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError) as err:
        raise ArtifactError(artefact, f"{PROBE_FILE} cannot be read") from err
    if table.ndim != 2 or table.dtype != np.float64 or len(table) == 0:
        raise ArtifactError(artefact, f"{PROBE_FILE} is no table of rows and scores")
    return table[:, :-1].astype(np.float32), table[:, -1]


def check_probe(expected: FloatArray, found: FloatArray, artefact: str) -> None:
    """Compare scores with the recorded ones.

    Raises:
        ArtifactError: any differs by more than 1e-9 points.
    """
    difference = np.abs(found - expected)
    if not np.all(difference <= _LARGEST_DIFFERENCE):
        raise ArtifactError(
            artefact,
            f"scores its recorded probe otherwise than in training, by {np.max(difference):.1e} points",
        )
