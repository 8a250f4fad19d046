"""The booster's tables on trees small enough to check by hand, and what they refuse."""

import math
from typing import Any

import lightgbm
import numpy as np
import pytest

from models.booster_kernel import probabilities
from models.booster_tables import TreeTables, UnsupportedTreesError, probe, tables_of


def leaf(value: float) -> dict[str, Any]:
    return {"leaf_value": value}


def split(
    feature: int, threshold: float, left: dict[str, Any], right: dict[str, Any], **other: Any
) -> dict[str, Any]:
    node = {"decision_type": "<=", "missing_type": "None", "default_left": True}
    return {
        **node,
        "split_feature": feature,
        "threshold": threshold,
        "left_child": left,
        "right_child": right,
        **other,
    }


def model(*trees: dict[str, Any], **other: Any) -> dict[str, Any]:
    head = {
        "objective": "binary sigmoid:1",
        "num_tree_per_iteration": 1,
        "average_output": False,
        "max_feature_idx": 2,
    }
    return {**head, "tree_info": [{"tree_structure": tree} for tree in trees], **other}


def raw(tables: TreeTables, *row: float) -> float:
    (probability,) = probabilities(tables, np.asarray([row], dtype=np.float32))
    return math.log(probability / (1.0 - probability))


def test_a_row_takes_one_leaf_of_each_tree_and_adds_them() -> None:
    first = split(0, 1.5, leaf(0.25), split(2, 7.0, leaf(-0.5), leaf(1.0)))
    second = split(2, 3.0, leaf(0.125), leaf(2.0))
    tables = tables_of(model(first, second))
    assert tables.used.tolist() == [0, 2]
    assert tables.thresholds.tolist() == [1.5, 3.0, 7.0]
    assert raw(tables, 1.5, 0.0, 3.0) == pytest.approx(0.25 + 0.125)
    assert raw(tables, 1.6, 0.0, 3.1) == pytest.approx(-0.5 + 2.0)
    assert raw(tables, 9.0, 0.0, 7.1) == pytest.approx(1.0 + 2.0)


@pytest.mark.parametrize(
    ("missing_type", "default_left", "threshold", "goes_left"),
    [
        ("NaN", True, 1.0, True),
        ("NaN", False, 1.0, False),
        ("None", False, 1.0, True),
        ("None", True, -1.0, False),
    ],
)
def test_nan_goes_where_the_split_says_and_else_where_zero_goes(
    missing_type: str, default_left: bool, threshold: float, goes_left: bool
) -> None:
    node = split(1, threshold, leaf(-1.0), leaf(1.0), missing_type=missing_type, default_left=default_left)
    assert raw(tables_of(model(node)), 0.0, math.nan, 0.0) == pytest.approx(-1.0 if goes_left else 1.0)


@pytest.mark.parametrize(
    ("threshold", "goes_left"), [(1e-35, True), (0.0, True), (-1e-35, False), (-1e-36, False)]
)
def test_values_next_to_zero_are_zero_as_lightgbm_reads_them(threshold: float, goes_left: bool) -> None:
    tables = tables_of(model(split(1, threshold, leaf(-1.0), leaf(1.0))))
    for value in (0.0, 1e-36, -1e-36, 1e-35, -1e-35):
        assert raw(tables, 0.0, value, 0.0) == pytest.approx(-1.0 if goes_left else 1.0)


def test_a_tree_without_a_split_adds_its_one_leaf() -> None:
    assert raw(tables_of(model(leaf(0.5), leaf(0.25))), 1.0, 2.0, 3.0) == pytest.approx(0.75)


def test_more_trees_than_one_word_holds_are_all_counted() -> None:
    tables = tables_of(model(*(split(0, float(at), leaf(0.0), leaf(0.5)) for at in range(9))))
    assert tables.alive.shape == (9 + 2, 2)
    assert raw(tables, 4.5, 0.0, 0.0) == pytest.approx(5 * 0.5)


def eight_leaves_and_one_more() -> dict[str, Any]:
    tree = leaf(0.0)
    for at in range(8):
        tree = split(0, float(at), tree, leaf(0.0))
    return tree


@pytest.mark.parametrize(
    ("dump", "reason"),
    [
        (model(leaf(0.0), objective="regression"), "objective"),
        (model(leaf(0.0), objective="binary sigmoid:2"), "objective"),
        (model(leaf(0.0), num_tree_per_iteration=3), "objective"),
        (model(leaf(0.0), average_output=True), "objective"),
        (model(eight_leaves_and_one_more()), "9 leaves"),
        (model(split(0, 1.0, leaf(0.0), leaf(1.0), decision_type="==")), "categorical"),
        (model(split(0, 1.0, leaf(0.0), leaf(1.0), missing_type="Zero")), "zeros"),
        (model({"leaf_value": 0.0, "leaf_const": 0.0}), "linear"),
    ],
)
def test_what_the_tables_cannot_say_is_refused(dump: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedTreesError, match=reason):
        tables_of(dump)


def test_the_probe_meets_every_range_of_every_feature() -> None:
    tables = tables_of(
        model(
            split(0, 1.5, leaf(0.0), split(0, 4.0, leaf(0.0), leaf(0.0))), split(2, 3.0, leaf(0.0), leaf(0.0))
        )
    )
    rows = probe(tables)
    for column, edges in ((0, (1.5, 4.0)), (2, (3.0,))):
        values = rows[:, column]
        assert np.isnan(values).any()
        for edge in edges:
            assert {True, False} == set((values <= edge).tolist())
            assert np.any(values == np.float32(edge))
    assert not rows[:, 1].any()


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 4)])
def test_a_table_of_another_width_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        probabilities(tables_of(model(leaf(0.0))), np.zeros(shape, dtype=np.float32))


def test_a_trained_model_with_linear_leaves_is_refused() -> None:
    features = np.random.default_rng(1).normal(size=(300, 3))
    parameters = {
        "objective": "binary",
        "linear_tree": True,
        "num_leaves": 4,
        "verbosity": -1,
        "num_threads": 1,
    }
    labels = features[:, 0] > 0
    trained = lightgbm.train(parameters, lightgbm.Dataset(features, labels, params=parameters), 2)
    with pytest.raises(UnsupportedTreesError, match="linear"):
        tables_of(trained.dump_model())
