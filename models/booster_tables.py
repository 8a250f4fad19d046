"""The booster's trees as tables of bits, made once when a model is loaded.

Every tree has one byte whose bits are its leaves from left to right. A split that sends a value right rules out the leaves
of its left branch, so each range of values between two thresholds of a feature rules out a fixed set of leaves in all
trees. A row's leaf in a tree is the lowest bit that no feature has cleared.

Source: Lucchese et al., "QuickScorer: a Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees", SIGIR 2015.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.types import Float32Array, FloatArray

LEAVES = 8
_FULL_BYTE = np.uint8(255)
_OBJECTIVES = ("binary sigmoid:1", "cross_entropy")
"""Both make a probability of a sum of leaves by 1 / (1 + e^-x)."""
_PROBE_ROWS = 512
_SPECIAL = np.asarray([0.0, -np.inf, np.inf, np.nan, np.nan], dtype=np.float32)
_ZERO = float(np.float32(1e-35))
_LARGEST = float(np.finfo(np.float32).max)


class UnsupportedTreesError(ValueError):
    """The model has something that these tables cannot say."""


@dataclass(frozen=True, slots=True)
class TreeTables:
    """All trees of a binary model.

    Attributes:
        used: int64[k]; columns of the features that any split reads.
        thresholds: float64[t]; per used feature its distinct thresholds, rising.
        starts: int64[k + 1]; where each used feature's thresholds begin. Feature j has `starts[j+1] - starts[j] + 2` rows in
            `alive`, from row `starts[j] + 2 * j` on: values up to each threshold, values above all, NaN.
        alive: uint64[t + 2 * k, w]; the leaves that a value in that range leaves possible, eight trees to a word.
        leaves: float64[trees, 8]; leaf values from left to right.
        columns: width of a feature table.
    """

    used: NDArray[np.int64]
    thresholds: FloatArray
    starts: NDArray[np.int64]
    alive: NDArray[np.uint64]
    leaves: FloatArray
    columns: int


class _Split(NamedTuple):
    """One inner node: going right clears the bits from `first` to `middle`."""

    tree: int
    feature: int
    threshold: float
    nan_goes_left: bool
    first: int
    middle: int

    def goes_left(self, position: int, thresholds: Sequence[float]) -> bool:
        """Whether a value of the given range goes left; the last position but one is above all thresholds, the last is NaN."""
        if position == len(thresholds) + 1:
            return self.nan_goes_left
        return position <= thresholds.index(self.threshold)


def tables_of(dump: Mapping[str, Any]) -> TreeTables:
    """Tables of a model as `lightgbm.Booster.dump_model` tells it.

    Raises:
        UnsupportedTreesError: another objective than a plain binary one or cross-entropy, a categorical or linear split, zeros that mean
            missing, or a tree with more than eight leaves.
    """
    if dump["objective"] not in _OBJECTIVES or dump["num_tree_per_iteration"] != 1 or dump["average_output"]:
        raise UnsupportedTreesError(f"objective is {dump['objective']!r}, not one of {_OBJECTIVES}")
    trees = [each["tree_structure"] for each in dump["tree_info"]]
    leaves = np.zeros((len(trees), LEAVES))
    splits: list[_Split] = []
    for tree, root in enumerate(trees):
        values = list(_leaf_values(root))
        if len(values) > LEAVES:
            raise UnsupportedTreesError(f"a tree has {len(values)} leaves, more than {LEAVES}")
        leaves[tree, : len(values)] = values
        splits.extend(_splits(root, tree, 0))
    return _joined(splits, leaves, dump["max_feature_idx"] + 1)


def _joined(splits: Sequence[_Split], leaves: FloatArray, columns: int) -> TreeTables:
    """The tables of all splits; nothing may write to them."""
    trees = len(leaves)
    used = sorted({split.feature for split in splits})
    thresholds = [
        sorted({split.threshold for split in splits if split.feature == feature}) for feature in used
    ]
    alive = [
        _alive([split for split in splits if split.feature == feature], rising, trees)
        for feature, rising in zip(used, thresholds, strict=True)
    ]
    words = -(-trees // 8)
    tables = TreeTables(
        used=np.asarray(used, dtype=np.int64),
        thresholds=np.concatenate([np.zeros(0), *thresholds]),
        starts=np.cumsum([0, *map(len, thresholds)], dtype=np.int64),
        alive=np.concatenate([np.zeros((0, words), dtype=np.uint64), *alive]),
        leaves=leaves,
        columns=columns,
    )
    for array in (tables.used, tables.thresholds, tables.starts, tables.alive, tables.leaves):
        array.flags.writeable = False
    return tables


def probe(tables: TreeTables) -> Float32Array:
    """Feature rows that meet every range of every feature: its thresholds, their neighbours, zero, infinities and NaN."""
    rng = np.random.default_rng(0)
    rows = np.zeros((_PROBE_ROWS, tables.columns), dtype=np.float32)
    for place, column in enumerate(tables.used):
        edges = tables.thresholds[tables.starts[place] : tables.starts[place + 1]].astype(np.float32)
        low, high = np.nextafter(edges, np.float32(-np.inf)), np.nextafter(edges, np.float32(np.inf))
        values = np.concatenate([edges, low, high, _SPECIAL])
        rows[:, column] = rng.permutation(np.resize(values, _PROBE_ROWS))
    return rows


def _alive(splits: Sequence[_Split], thresholds: Sequence[float], trees: int) -> NDArray[np.uint64]:
    """uint64[len(thresholds) + 2, w] of one feature."""
    table = np.full((len(thresholds) + 2, -(-trees // 8) * 8), _FULL_BYTE, dtype=np.uint8)
    for split in splits:
        cleared = np.uint8((1 << split.middle) - (1 << split.first))
        for position in range(len(table)):
            if not split.goes_left(position, thresholds):
                table[position, split.tree] &= ~cleared
    return table.view(np.uint64)


def _leaf_values(node: Mapping[str, Any]) -> Iterator[float]:
    if "leaf_const" in node:
        raise UnsupportedTreesError("a leaf is linear")
    if "split_feature" not in node:
        yield node["leaf_value"]
        return
    yield from _leaf_values(node["left_child"])
    yield from _leaf_values(node["right_child"])


def _splits(node: Mapping[str, Any], tree: int, first: int) -> Iterator[_Split]:
    """The inner nodes below `node`, whose leftmost leaf is number `first`."""
    if "split_feature" not in node:
        return
    if node["decision_type"] != "<=":
        raise UnsupportedTreesError("a split is categorical")
    missing, threshold = node["missing_type"], _as_read(float(node["threshold"]))
    if missing not in ("None", "NaN"):
        raise UnsupportedTreesError("zeros mean missing")
    # Where training saw no NaN, LightGBM takes one for zero.
    nan_goes_left = bool(node["default_left"]) if missing == "NaN" else threshold >= 0.0
    middle = first + sum(1 for _ in _leaf_values(node["left_child"]))
    yield _Split(tree, node["split_feature"], threshold, nan_goes_left, first, middle)
    yield from _splits(node["left_child"], tree, first)
    yield from _splits(node["right_child"], tree, middle)


def _as_read(threshold: float) -> float:
    """The threshold that plain comparison needs where LightGBM 4.7 compares otherwise.

    Infinity, which splits NaN from all else, is 1e300 in what it dumps; and values of at most 1e-35 it reads as zero.
    """
    if threshold > _LARGEST:
        return math.inf
    if -_ZERO <= threshold < 0.0:
        return float(np.nextafter(np.float32(-_ZERO), np.float32(-1.0)))
    return max(threshold, _ZERO) if threshold >= 0.0 else threshold
