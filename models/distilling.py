"""Training from outcomes and from the language model's judgements together, and the report of what that changed (F-10).

A company is on one side only: its outcomes and its judgements are fitted to, or stop the fitting, or are kept for the report.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.agreement import (
    NEEDED,
    Agreement,
    Interval,
    agreement,
    auc,
    gain,
    interval,
    resamples,
)
from models.booster import IntentScale
from models.judge_calibration import fit_judge_scale
from models.judge_scale import JUDGE_FILE, JudgeScale
from models.judged_rows import Encounters, JudgedRows, Lists, encounters
from models.training import Sample, TrainedBooster, TrainingRows, fit_scale, fitted, predict
from ranking.correlation import rank_correlation
from ranking.features import FEATURES
from ranking.types import BoolArray

REPORT_FILE: Final = "distillation.json"
LABEL_WEIGHT: Final = 2.0
"""What one judgement counts in fitting; a shown or unshown company of a list counts 1."""
_PLACES: Final = 10
_HELD_OUT, _STOP = (0, 1), 2
_LEAST: Final = 50
_BASE: Final = FEATURES.index("base")


Side = Literal["fit", "stop", "held out"]


class TooLittle(ValueError):
    """Too few judgements or purchases to learn from both and to report on it."""


class DistillationReport(BaseModel):
    """What was learned from and how the boosters of the same outcomes without and with judgements do on companies neither has seen.

    Attributes:
        labels, held_out_labels: judgements in all, and those kept for this report.
        known_outcomes: judgements of which the outcome is known and was used for `judge.json`.
        overruled: rows of companies that no list showed and that were left out because they were judged.
        before, after: against held-out judgements as the model gave them.
        after_on_scale: against held-out judgements on the scale of `judge.json`.
        spearman_gain, auc_gain: of `after` over `before`, on the same resamples.
        outcome_auc_before, outcome_auc_after: on held-out outcomes.
        trees: of the booster with judgements.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: int
    held_out_labels: int
    label_weight: float
    known_outcomes: int
    overruled: int
    trees: int
    before: Agreement
    after: Agreement
    after_on_scale: Agreement
    spearman_gain: Interval
    auc_gain: Interval
    outcome_auc_before: Interval
    outcome_auc_after: Interval


class _Sides(NamedTuple):
    """bool[n] each: rows to fit to, to stop by, to report on."""

    fit: BoolArray
    stop: BoolArray
    held_out: BoolArray


@dataclass(frozen=True, slots=True)
class _Material:
    """Everything that is learned from, by sides."""

    rows: TrainingRows
    sides: _Sides
    judged: JudgedRows
    judged_sides: _Sides
    met: Encounters
    seed: int

    def known(self) -> BoolArray:
        """bool[judged]; judgements that may be learned from and of which the outcome is known."""
        return ~self.judged_sides.held_out & ~np.isnan(self.met.bought)


def distil(
    rows: TrainingRows, lists: Lists, judged: JudgedRows, seed: int, *, label_weight: float = LABEL_WEIGHT
) -> TrainedBooster:
    """Fit to both on seven tenths of the companies, stop on one, report on two.

    Raises:
        TooLittle: train on outcomes alone.
    """
    met = encounters(rows, lists, judged)
    material = _Material(rows, _sides(rows.companies), judged, _sides(judged.companies), met, seed)
    _require(material)
    learned = rows.take(~material.sides.held_out)
    scale = fit_scale(learned.features[:, _BASE].astype(np.float64), learned.labels)
    known = material.known()
    judge = fit_judge_scale(judged.scores[known], met.bought[known] > 0.0, scale)
    before = _fitted_to_outcomes(material)
    after = _fitted_to_both(material, judge, label_weight)
    report = _report(material, scale, judge, before, after, label_weight)
    reports = {
        JUDGE_FILE: judge.model_dump_json().encode(),
        REPORT_FILE: report.model_dump_json(indent=2).encode(),
    }
    return TrainedBooster(after, scale, _metrics(report, rows), reports, rows.take(material.sides.held_out))


def digest(rows: TrainingRows, judged: JudgedRows) -> str:
    """Digest of all that was learned from."""
    return hashlib.sha256(f"{rows.digest()} {judged.digest()}".encode()).hexdigest()[:16]


def _fitted_to_outcomes(material: _Material) -> lightgbm.Booster:
    rows, sides = material.rows, material.sides
    fit, stop = (Sample(rows.features[each], rows.labels[each]) for each in (sides.fit, sides.stop))
    return fitted(fit, stop, "binary", material.seed)


def _fitted_to_both(material: _Material, judge: JudgeScale, label_weight: float) -> lightgbm.Booster:
    rows, judged = material.rows, material.judged
    chances = judge.chance(judged.scores)

    def sample(outcomes: BoolArray, judgements: BoolArray) -> Sample:
        chosen = outcomes & ~material.met.overruled
        return Sample(
            np.concatenate((rows.features[chosen], judged.features[judgements])),
            np.concatenate((rows.labels[chosen].astype(np.float64), chances[judgements])),
            np.concatenate(
                (np.ones(np.count_nonzero(chosen)), np.full(np.count_nonzero(judgements), label_weight))
            ),
        )

    fit = sample(material.sides.fit, material.judged_sides.fit)
    stop = sample(material.sides.stop, material.judged_sides.stop)
    return fitted(fit, stop, "cross_entropy", material.seed)


def _report(
    material: _Material,
    scale: IntentScale,
    judge: JudgeScale,
    before: lightgbm.Booster,
    after: lightgbm.Booster,
    label_weight: float,
) -> DistillationReport:
    judged, held = material.judged, material.judged_sides.held_out
    scores, drawn = judged.scores[held], resamples(judged.companies[held], material.seed)
    needed = scores >= NEEDED
    old, new = (scale.apply(predict(each, judged.features[held])) for each in (before, after))
    outcomes = material.rows.take(material.sides.held_out)
    bought = outcomes.labels.astype(np.float64)
    drawn_outcomes = resamples(outcomes.companies, material.seed)
    return DistillationReport(
        labels=len(judged),
        held_out_labels=int(held.sum()),
        label_weight=label_weight,
        known_outcomes=int(material.known().sum()),
        overruled=int(material.met.overruled.sum()),
        trees=after.best_iteration or after.num_trees(),
        before=agreement(old, scores, needed, drawn),
        after=agreement(new, scores, needed, drawn),
        after_on_scale=agreement(new, judge.apply(scores), needed, drawn),
        spearman_gain=gain(rank_correlation, old, new, scores, drawn),
        auc_gain=gain(auc, old, new, needed.astype(np.float64), drawn),
        outcome_auc_before=interval(auc, predict(before, outcomes.features), bought, drawn_outcomes),
        outcome_auc_after=interval(auc, predict(after, outcomes.features), bought, drawn_outcomes),
    )


def _metrics(report: DistillationReport, rows: TrainingRows) -> dict[str, float]:
    """What is defined of the report's figures, by their names in the manifest."""
    before, after = report.before, report.after
    figures = {
        "auc_held_out": report.outcome_auc_after.value,
        "auc_without_labels": report.outcome_auc_before.value,
        "base_rate": float(rows.labels.mean()),
        "rows": float(len(rows.labels)),
        "queries": float(len(np.unique(rows.queries))),
        "trees": float(report.trees),
        "labels": float(report.labels),
        "label_spearman": after.spearman.value,
        "label_spearman_without": before.spearman.value,
        "label_auc": after.auc.value,
        "label_auc_without": before.auc.value,
        "label_rms_points": after.rms,
        "label_rms_points_without": before.rms,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _require(material: _Material) -> None:
    sides, judged_sides = material.sides, material.judged_sides
    judgements = [int(each.sum()) for each in judged_sides]
    bought = [int(material.rows.labels[each].sum()) for each in sides]
    if min(judgements[0], judgements[2]) < _LEAST or not judgements[1] or not all(bought):
        raise TooLittle(
            f"of the companies to fit to, to stop by and to report on {judgements} are judged ({_LEAST}, 1 and {_LEAST} are "
            f"needed) and {bought} bought (1 each)"
        )


def side_of(company: str) -> Side:
    """By a hash of its id, so that a company stays where it is when others come."""
    place = int.from_bytes(hashlib.blake2b(company.encode(), digest_size=4).digest()) % _PLACES
    return "held out" if place in _HELD_OUT else "stop" if place == _STOP else "fit"


def _sides(companies: NDArray[np.str_]) -> _Sides:
    known = {each: side_of(each) for each in set(companies.tolist())}
    sides = np.array([known[each] for each in companies.tolist()], dtype=np.str_)
    return _Sides(sides == "fit", sides == "stop", sides == "held out")
