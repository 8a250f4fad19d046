"""LightGBM as we train it on somebody else's rows: the `learning_to_rank` sample, graded 0 to 4, 300 features.

`cross_entropy` is our booster's own training (`models.training.fitted`) with a grade of g as a chance of g / 4; `lambdarank` is the
objective that the sample is made for, with the same settings of the trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np

from bench.evaluation.cases import HALVES, half_of
from bench.evaluation.measures import discounts, graded_ndcg
from bench.evaluation.resampling import Resampler
from models.training import Sample, fitted, predict, tree_settings
from ranking.types import Float32Array, FloatArray, IntArray

WIDTH: Final = 300
DEPTH: Final = 10
_STOPS: Final = 5
_TOP_GRADE: Final = 4.0
REFERENCE: Final = "booster (cross entropy)"


@dataclass(frozen=True)
class Lists:
    """Graded rows of many queries: float32[n, 300] with NaN where a feature is absent, grades float64[n], query of each int32[n]."""

    features: Float32Array
    grades: FloatArray
    queries: IntArray

    def of(self, queries: Sequence[int]) -> "Lists":
        """The rows of some queries."""
        chosen = np.isin(self.queries, list(queries))
        return Lists(self.features[chosen], self.grades[chosen], self.queries[chosen])

    def numbers(self) -> list[int]:
        """The queries, ascending."""
        return [int(each) for each in np.unique(self.queries)]


def read(folder: Path, part: str) -> Lists:
    """The rows of `rank.train` or `rank.test`, in SVMlight form, with the sizes of the queries beside them."""
    sizes = [int(line) for line in (folder / f"rank.{part}.query").read_text("utf-8").split()]
    lines = (folder / f"rank.{part}").read_text("utf-8").splitlines()
    features = np.full((len(lines), WIDTH), np.nan, dtype=np.float32)
    grades = np.zeros(len(lines))
    for row, line in enumerate(lines):
        grade, *pairs = line.split()
        grades[row] = float(grade)
        for pair in pairs:
            column, value = pair.split(":")
            features[row, int(column) - 1] = float(value)
    return Lists(features, grades, np.repeat(np.arange(len(sizes)), sizes).astype(np.int32))


def judge(folder: Path, seed: int) -> dict[str, Any]:
    """nDCG@10 of each ranking of the test queries, by half."""
    train, test = read(folder, "train"), read(folder, "test")
    stop = [each for each in train.numbers() if each % _STOPS == 0]
    fit = [each for each in train.numbers() if each % _STOPS]
    learned, held = train.of(fit), train.of(stop)
    names = [f"column_{each}" for each in range(WIDTH)]
    booster = fitted(
        Sample(learned.features, learned.grades / _TOP_GRADE), Sample(held.features, held.grades / _TOP_GRADE), "cross_entropy",
        seed, names,
    )  # fmt: skip
    single = best_column(train)
    scores = {
        REFERENCE: predict(booster, test.features), "lambdarank": _lambdarank(learned, held, test, seed),
        "best single feature": np.nan_to_num(test.features[:, single].astype(np.float64)), "random": None,
    }  # fmt: skip
    values = {name: _by_query(test, score) for name, score in scores.items()}
    half = np.array([half_of(f"query {each}") for each in test.numbers()])
    found: dict[str, Any] = {
        "learned": f"{len(fit)} queries, stopped on {len(stop)}",
        "judged": f"{len(half)} queries",
    }
    for name in HALVES:
        inside = half == name
        draws = Resampler([str(each) for each in np.flatnonzero(inside)], seed)
        found[name] = {
            each: _row(draws, ndcg[inside], values[REFERENCE][inside], each) for each, ndcg in values.items()
        }
    return found


def _row(draws: Resampler, ours: FloatArray, reference: FloatArray, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"ndcg_at_10": draws.mean(ours).rounded()}
    if name != REFERENCE:
        gain, better = draws.better(ours, reference)
        row["ndcg_at_10_gain"] = {**gain.rounded(), "better": round(better, 3)}
    return row


def best_column(train: Lists) -> int:
    """The feature that alone ranks the training queries best, higher first, absent as 0."""
    means = [
        _by_query(train, np.nan_to_num(train.features[:, column].astype(np.float64))).mean()
        for column in range(WIDTH)
    ]
    return int(np.argmax(means))


def _lambdarank(learned: Lists, held: Lists, test: Lists, seed: int) -> FloatArray:
    def sizes(lists: Lists) -> IntArray:
        return np.unique(lists.queries, return_counts=True)[1].astype(np.int32)

    fit_set = lightgbm.Dataset(learned.features, learned.grades, group=sizes(learned))
    stop_set = fit_set.create_valid(held.features, held.grades, group=sizes(held))
    settings = {
        **tree_settings(),
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [DEPTH],
        "seed": seed,
    }
    booster = lightgbm.train(
        settings, fit_set, num_boost_round=200, valid_sets=[stop_set],
        callbacks=[lightgbm.early_stopping(30, verbose=False)],
    )  # fmt: skip
    return predict(booster, test.features)


def _by_query(lists: Lists, scores: FloatArray | None) -> FloatArray:
    """float64[queries] nDCG@10, gains 2^grade - 1, ties in file order; without scores what any order comes to on average."""
    found = []
    for number in lists.numbers():
        inside = lists.queries == number
        gains = np.exp2(lists.grades[inside]) - 1.0
        if scores is not None:
            found.append(graded_ndcg(gains[np.argsort(-scores[inside], kind="stable")], DEPTH))
            continue
        depth = min(DEPTH, len(gains))
        best = float((np.sort(gains)[::-1][:depth] * discounts(depth)).sum())
        found.append(float(gains.mean() * discounts(depth).sum()) / best if best else 0.0)
    return np.array(found)
