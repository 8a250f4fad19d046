"""Compiled trees against LightGBM itself, on models of every shape training can give."""

import lightgbm
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.booster_kernel import probabilities
from models.booster_tables import probe, tables_of

COLUMNS = 6


def trained(seed: int, leaves: int, rounds: int, missing: float) -> lightgbm.Booster:
    """A model on rows of which a share is missing: counts, shares, ages and negative numbers."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(400, COLUMNS)).astype(np.float32)
    rows[:, 0] = rng.integers(0, 4, 400)
    rows[:, 1] = rng.random(400) < 0.3
    rows[:, 2] = np.abs(rows[:, 2]) * 100.0
    rows[rng.random(rows.shape) < missing] = np.nan
    labels = np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 3]) + rng.normal(size=400) > 1.0
    parameters = {"objective": "binary", "num_leaves": leaves, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1,
                  "seed": seed, "deterministic": True, "force_row_wise": True}  # fmt: skip
    return lightgbm.train(parameters, lightgbm.Dataset(rows, labels), rounds)


COLUMN_VALUES = st.one_of(st.floats(width=32), st.sampled_from([0.0, 1e-35, -1e-35, 1.0, 2.0]))
ROWS = st.lists(st.lists(COLUMN_VALUES, min_size=COLUMNS, max_size=COLUMNS), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), leaves=st.integers(2, 8), rounds=st.integers(1, 20),
    missing=st.sampled_from([0.0, 0.1, 0.6]), rows=ROWS,
)  # fmt: skip
def test_compiled_trees_predict_what_lightgbm_predicts(
    seed: int, leaves: int, rounds: int, missing: float, rows: list[list[float]]
) -> None:
    booster = trained(seed, leaves, rounds, missing)
    tables = tables_of(booster.dump_model())
    for features in (np.asarray(rows, dtype=np.float32), probe(tables)):
        expected = booster.predict(features, num_threads=1)
        np.testing.assert_array_equal(probabilities(tables, features), expected)


def test_of_no_rows_comes_nothing() -> None:
    tables = tables_of(trained(1, 4, 3, 0.1).dump_model())
    assert probabilities(tables, np.zeros((0, COLUMNS), dtype=np.float32)).shape == (0,)
