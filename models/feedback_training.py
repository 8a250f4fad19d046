"""Training on what customers clicked or bought, without learning where it stood (F-10).

A company that nobody clicked was not looked at, or was not worth it; the deeper it stood the likelier the first. So a reward counts 1, and
a company without one as much as it is likely that it was looked at and not worth one: together the chance that its place is looked at,
of which its worth is reward. What was shown first counts more, but not as better, so a model cannot gain by learning the order that
was served.

This is inverse propensity (1 / chance of a reward's place) times that chance: every place has the same share of rewards in
both, but no click counts twenty times, and no weight has to be cut off.

Source: chance of a miss: Wang et al., WSDM 2018; inverse propensity: Joachims et al., WSDM 2017.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.feedback_log import FeedbackList, Reward
from models.training import Sample, TrainedBooster, TrainingRows, fit_scale, fitted, predict
from models.training_set import Example
from ranking.examination import EDGES, Examination, Unidentified, estimated
from ranking.features import FEATURES
from ranking.types import BoolArray, Float32Array, FloatArray, IntArray

EXAMINATION_FILE: Final = "examination.json"
_ROUNDS: Final = 2
_PARTS: Final = 5
_MOST_WORTH: Final = 0.5
_FEWEST_REWARDS: Final = 50


@dataclass(frozen=True, slots=True)
class FeedbackRows:
    """Companies that were shown.

    Attributes:
        rows: `labels` says who was rewarded.
        places: int32[n] from 1.
        prompts: int32[n]; rows of one prompt are on one side of the split.
    """

    rows: TrainingRows
    places: IntArray
    prompts: NDArray[np.int32]

    def digest(self) -> str:
        """Digest of what is learned from."""
        told = self.rows.digest().encode() + self.places.tobytes() + self.prompts.tobytes()
        return hashlib.sha256(told).hexdigest()[:16]


def as_examples(lists: Sequence[FeedbackList], reward: Reward) -> list[Example]:
    """What `models.training_set.collect` makes rows of: each list at the time it was made, so that nothing later is a feature."""
    return [
        Example(
            each.query, each.as_of_s, dict(zip(each.companies, each.rewarded(reward).tolist(), strict=True))
        )
        for each in lists
    ]


def with_places(rows: TrainingRows, lists: Sequence[FeedbackList]) -> FeedbackRows:
    """The rows that a list showed, with their places; `rows.queries` are positions in `lists`."""
    places = {
        (number, company): place
        for number, each in enumerate(lists)
        for company, place in zip(each.companies, each.places.tolist(), strict=True)
    }
    found = np.array(
        [
            places.get(key, 0)
            for key in zip(rows.queries.tolist(), rows.companies.tolist(), strict=True)
        ],
        dtype=np.int32,
    )  # fmt: skip
    _, prompts = np.unique([each.prompt for each in lists] or [""], return_inverse=True)
    shown = rows.take(rows.shown & (found > 0))
    return FeedbackRows(shown, found[rows.shown & (found > 0)], prompts.astype(np.int32)[shown.queries])


def examination_of(lists: Sequence[FeedbackList], reward: Reward) -> Examination:
    """Chances of places from the same lists.

    Raises:
        Unidentified: nothing in them tells place from worth.
    """
    return estimated(*_impressions(lists, reward))


def found_again(lists: Sequence[FeedbackList], reward: Reward) -> Callable[[IntArray], Examination | None]:
    """What the same lists tell, or None, where the u-th prompt by name counts as often as the u-th of int32[prompts] says."""
    items, places, clicked = _impressions(lists, reward)
    _, prompts = np.unique([each.prompt for each in lists], return_inverse=True)
    of_impressions = np.repeat(prompts, [len(each.companies) for each in lists])

    def again(counts: IntArray) -> Examination | None:
        drawn = counts[of_impressions].astype(np.float64)
        there = drawn > 0.0
        try:
            return estimated(items[there], places[there], clicked[there], drawn[there], fewest=1)
        except Unidentified:
            return None

    return again


def _impressions(lists: Sequence[FeedbackList], reward: Reward) -> tuple[IntArray, IntArray, FloatArray]:
    """As `ranking.examination.estimated` takes them."""
    keys = [(each.prompt, each.setting, company) for each in lists for company in each.companies]
    number = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    items = np.array([number[key] for key in keys], dtype=np.int32)
    if not lists:
        return items, np.zeros(0, dtype=np.int32), np.zeros(0)
    clicked = np.concatenate([each.rewarded(reward) for each in lists]).astype(np.float64)
    return items, np.concatenate([each.places for each in lists]), clicked


def train_on_feedback(
    told: FeedbackRows,
    examination: Examination,
    seed: int,
    serving: Callable[[Float32Array], FloatArray] | None = None,
) -> TrainedBooster:
    """Fit on four fifths of the prompts, twice: the second time knowing how likely each company was worth a reward.

    Args:
        serving: what serves, asked about the same held-out rows.

    Raises:
        ValueError: fewer than five prompts, or too few rewards on either side.
    """
    rows, held_out = told.rows, told.prompts % _PARTS == 0
    rewards = (int(rows.labels[~held_out].sum()), int(rows.labels[held_out].sum()))
    if len(np.unique(told.prompts)) < _PARTS or sum(rewards) < _FEWEST_REWARDS or not min(rewards):
        raise ValueError(
            f"{sum(rewards)} rewards of {len(np.unique(told.prompts))} prompts: at least {_FEWEST_REWARDS} of {_PARTS}, on both "
            "sides of the split, are needed to train"
        )
    chances = examination.at(told.places)
    overall = min(float(rows.labels.sum() / chances.sum()), _MOST_WORTH)
    worth = np.full(len(chances), overall)
    for _ in range(_ROUNDS):
        weights = counted(rows.labels, chances, worth)
        booster = fitted(
            Sample(rows.features[~held_out], rows.labels[~held_out], weights[~held_out]),
            Sample(rows.features[held_out], rows.labels[held_out], weights[held_out]),
            "binary",
            seed,
        )
        worth = np.minimum(predict(booster, rows.features), _MOST_WORTH)
    weights = counted(rows.labels, chances, worth)
    of_held_out = (rows.labels[held_out], weights[held_out])
    metrics = {
        "auc_held_out": weighted_area(predict(booster, rows.features[held_out]), *of_held_out),
        "base_rate": float(np.average(rows.labels, weights=weights)),
        "reward_rate_as_logged": float(rows.labels.mean()),
        "rows": float(len(rows.labels)),
        "queries": float(len(np.unique(rows.queries))),
        "trees": float(booster.best_iteration or booster.num_trees()),
        "chance_of_place_10": float(examination.at(np.array([10], dtype=np.int32))[0]),
    }
    if serving is not None:
        metrics["auc_held_out_of_parent"] = weighted_area(serving(rows.features[held_out]), *of_held_out)
    base = rows.features[:, FEATURES.index("base")].astype(np.float64)
    report = {"first_places": EDGES, "chances": examination.chances.tolist(), "clicks": examination.clicks}
    return TrainedBooster(
        booster,
        fit_scale(base, rows.labels, weights),
        metrics,
        {EXAMINATION_FILE: json.dumps(report).encode()},
    )


def counted(rewarded: BoolArray, chances: FloatArray, worth: FloatArray) -> FloatArray:
    """What each row counts, float64[n]: a reward 1, a miss the chance that it was looked at and not worth one.

    A company worth r at a place with chance p: p r x 1 + (1 - p r) x p (1 - r) / (1 - p r) = p, of which the share r is reward.

    Args:
        chances: float64[n] > 0 that the place was looked at; `worth` float64[n] in [0, 1) as far as known.
    """
    seen = np.minimum(chances, 1.0)
    return np.where(rewarded, 1.0, seen * (1.0 - worth) / (1.0 - seen * worth))


def weighted_area(scores: FloatArray, labels: BoolArray, weights: FloatArray) -> float:
    """Chance that a rewarded row scores above another, by weights, ties half."""
    _, at = np.unique(scores, return_inverse=True)
    others = np.bincount(at, np.where(labels, 0.0, weights))
    below = np.cumsum(others) - others / 2.0
    positives = np.where(labels, weights, 0.0)
    return float((positives * below[at]).sum() / (positives.sum() * others.sum()))
