"""Training of the booster: labelled feature rows in, a verified artefact out (F-10).

Deterministic: the same rows, seed and library give the same model text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray

from models.artefacts import BOOSTER, write_artefact
from models.booster import MODEL_FILE, SCALE_FILE, IntentScale
from models.booster_probe import PROBE_FILE, probe_rows, recorded
from ranking.features import FEATURES, schema_hash
from ranking.types import BoolArray, Float32Array, FloatArray

_PARAMETERS = {
    "learning_rate": 0.05, "num_leaves": 7, "min_data_in_leaf": 100, "feature_fraction": 0.8,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "max_bin": 127, "verbosity": -1, "deterministic": True,
    "force_row_wise": True, "num_threads": 1,
}  # fmt: skip
_RISING = frozenset({
    "fit_industry", "fit_size", "fit_region", "base", "churn", "job", "best_raw", "first_contribution", "second_contribution",
    "first_decay", "on_topic", "on_topic_30d", "on_topic_90d", "on_topic_180d", "raw_best", "raw_best_share", "raw_sum",
    "evidence_sum", "kinds", "terms_matched", "terms_matched_share", "miners", "source_types", "job_rel", "churn_rel", "postings",
    "log_employees",
})  # fmt: skip
_FALLING = frozenset({
    "unverified", "step", "on_topic_newest_days", "on_topic_undated_share", "job_days", "churn_days", "discarded", "repeats",
    "stuffed", "no_need", "settled", "vendor_talk", "sells", "doubtful", "posting_newest_days",
})  # fmt: skip
_NOT_LEARNED = frozenset({"founded", "technologies", "people", "snippets", "snippet_newest_days"})
_ROUNDS = 200
_PATIENCE = 30
_KNOTS = 33
_HELD_OUT = 5
Objective = Literal["binary", "cross_entropy"]
_FULL = 99.9  # a mean base of 100 would leave no room for any other probability


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Labelled candidates of many queries.

    Attributes:
        features: float32[n, len(FEATURES)].
        labels: bool[n]; bought.
        queries: int32[n]; which query the row belongs to, so that no query is on both sides of a split.
        companies: str[n]; company ids.
        shown: bool[n]; whether the company was on the list, so that it is known whether it bought; the others are taken not to have.
    """

    features: Float32Array
    labels: BoolArray
    queries: NDArray[np.int32]
    companies: NDArray[np.str_]
    shown: BoolArray

    def take(self, chosen: BoolArray) -> "TrainingRows":
        """Some of the rows."""
        return TrainingRows(
            self.features[chosen], self.labels[chosen], self.queries[chosen], self.companies[chosen], self.shown[chosen]
        )  # fmt: skip

    def digest(self) -> str:
        """Digest of what is learned from."""
        parts = (self.features.tobytes(), self.labels.tobytes(), self.queries.tobytes())
        return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TrainedBooster:
    """A fitted model, its scale and how it does on what it has not seen; `reports` are files to lie beside it, by name.

    `held_out` are the rows that `auc_held_out` is of: what serves now can be asked about the same.
    """

    booster: lightgbm.Booster
    scale: IntentScale
    metrics: dict[str, float]
    reports: Mapping[str, bytes] = field(default_factory=dict)
    held_out: TrainingRows | None = None


class Sample(NamedTuple):
    """Rows with the chance that each is a purchase, and what each counts (None: the same)."""

    features: Float32Array
    targets: BoolArray | FloatArray
    weights: FloatArray | None = None


def train(rows: TrainingRows, seed: int) -> TrainedBooster:
    """Fit on four fifths of the queries, stop early and calibrate on the rest.

    Raises:
        ValueError: fewer than five queries, or no row is positive on either side.
    """
    held_out = rows.queries % _HELD_OUT == 0
    if len(np.unique(rows.queries)) < _HELD_OUT or not (
        rows.labels[held_out].any() and rows.labels[~held_out].any()
    ):
        raise ValueError(
            "at least five queries, and purchases on both sides of the split, are needed to train"
        )
    booster = fitted(
        Sample(rows.features[~held_out], rows.labels[~held_out]),
        Sample(rows.features[held_out], rows.labels[held_out]),
        "binary",
        seed,
    )
    predicted = predict(booster, rows.features[held_out])
    metrics = {
        "auc_held_out": area_under_curve(predicted, rows.labels[held_out]),
        "base_rate": float(rows.labels.mean()),
        "rows": float(len(rows.labels)),
        "queries": float(len(np.unique(rows.queries))),
        "trees": float(booster.best_iteration or booster.num_trees()),
    }
    base = rows.features[:, FEATURES.index("base")].astype(np.float64)
    return TrainedBooster(booster, fit_scale(base, rows.labels), metrics, held_out=rows.take(held_out))


def fitted(
    fit: Sample, stop: Sample, objective: Objective, seed: int, names: Sequence[str] = FEATURES
) -> lightgbm.Booster:
    """A model of `fit`, stopped when `stop` is foretold no better; "cross_entropy" is "binary" for targets between 0 and 1.

    `names` are those of the columns; only names in `FEATURES` are held to a direction.
    """
    fit_set = lightgbm.Dataset(fit.features, fit.targets, weight=fit.weights, feature_name=list(names))
    stop_set = fit_set.create_valid(stop.features, stop.targets, weight=stop.weights)
    return lightgbm.train(
        {
            **_PARAMETERS,
            "objective": objective,
            "seed": seed,
            "monotone_constraints": [direction(each) for each in names],
            "feature_contri": [contribution(each) for each in names],
        },
        fit_set,
        num_boost_round=_ROUNDS,
        valid_sets=[stop_set],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )


def tree_settings() -> dict[str, object]:
    """What every model's trees are grown with, whatever it learns."""
    return dict(_PARAMETERS)


def predict(booster: lightgbm.Booster, features: Float32Array) -> FloatArray:
    """Probabilities, float64[n]."""
    return np.asarray(booster.predict(features, num_threads=1), dtype=np.float64)


def direction(feature: str) -> int:
    """1 where more must never lower the score, -1 where it must never raise it, else 0.

    So a fresher, stronger or better corroborated signal never costs a company its place, whatever the rows say (F-5).
    """
    return int(feature in _RISING) - int(feature in _FALLING)


def contribution(feature: str) -> float:
    """0 for what says how a company is but not what it needs, else 1; size and hiring alone tell apart those without evidence.

    Who buys by age differs from market to market, and who was heard of lately has often just begun (decision 0053).
    """
    return 0.0 if feature in _NOT_LEARNED else 1.0


def fit_scale(base: FloatArray, labels: BoolArray, weights: FloatArray | None = None) -> IntentScale:
    """Map probabilities to the scale of BM25's base, so that the routes compare (F-5).

    Companies that BM25 decides have a mean base B and a purchase rate R. The map is 100 x (1 - 2^(-p / h)), the base's
    own curve, with h such that a probability of R comes to B: a candidate of the booster scores what evidence of the
    same worth scores, and one without any chance scores 0.

    Args:
        base: float64[n] base of training rows, 0 without evidence; labels: bool[n] whether they bought.
        weights: float64[n] what each row counts; None: the same.
    """
    decided = base > 0.0
    counts = np.ones(len(base)) if weights is None else weights
    if not labels[decided].any():
        raise ValueError(
            "no company with lexical evidence bought: the booster cannot be put on the scale of BM25"
        )
    rate = float(np.average(labels[decided], weights=counts[decided]))
    mean = min(float(np.average(base[decided], weights=counts[decided])), _FULL)
    half = -rate / float(np.log2(1.0 - mean / 100.0))
    knots = np.concatenate(([0.0], np.geomspace(min(half, 1.0) / 64.0, 1.0, _KNOTS - 1)))
    return IntentScale(
        probability=tuple(knots.tolist()), intent=tuple((100.0 * (1.0 - np.exp2(-knots / half))).tolist())
    )


def area_under_curve(scores: FloatArray, labels: BoolArray) -> float:
    """Chance that a positive scores above a negative, ties half."""
    order = np.argsort(scores, kind="stable")
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = np.empty(len(scores))
    ranks[order] = (ends - (counts - 1) / 2.0)[inverse]
    positives = int(labels.sum())
    negatives = len(labels) - positives
    return float((ranks[labels].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def save(
    trained: TrainedBooster,
    data_hash: str,
    root: Path,
    code_version: str,
    created_at: datetime,
    parent: str | None = None,
) -> Path:
    """Write the artefact with its probe; its folder. `parent` is the version that served meanwhile."""
    model = trained.booster.model_to_string(num_iteration=trained.booster.best_iteration)
    scale = trained.scale.model_dump_json()
    return write_artefact(
        root,
        kind=BOOSTER,
        schema_hash=schema_hash(),
        data_hash=data_hash,
        code_version=code_version,
        metrics=trained.metrics,
        files={MODEL_FILE: model.encode(), SCALE_FILE: scale.encode(), **trained.reports},
        vouchers={PROBE_FILE: probe_of(model, trained.scale)},
        created_at=created_at,
        features=FEATURES,
        parent=parent,
    )


def probe_of(model: str, scale: IntentScale) -> bytes:
    """The probe of a model's text, scored by LightGBM itself."""
    booster = lightgbm.Booster(model_str=model)
    rows = probe_rows(booster)
    return recorded(rows, scale.apply(predict(booster, rows)))
