"""Training and the booster artefact: deterministic, honest about too little data, equal to LightGBM itself."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from pydantic import ValidationError

from configs.schema import DEFAULT_BOOSTER
from models.artefacts import write_artefact
from models.booster import BoosterModel, IntentScale
from models.training import (
    TrainingRows,
    area_under_curve,
    contribution,
    direction,
    fit_scale,
    save,
    train,
)
from ranking.errors import ArtifactError
from ranking.features import FEATURES, schema_hash
from tests.fixtures.labelled_rows import labelled_rows

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    return labelled_rows()


@pytest.fixture(scope="module")
def folder(rows: TrainingRows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(train(rows, 7), rows.digest(), tmp_path_factory.mktemp("artefacts"), "abc", AT)


def test_the_same_rows_make_the_same_artefact(rows: TrainingRows, folder: Path, tmp_path: Path) -> None:
    assert save(train(rows, 7), rows.digest(), tmp_path, "abc", AT).name == folder.name
    assert rows.digest() == labelled_rows().digest() != labelled_rows(seed=4).digest()


def test_a_signal_in_the_rows_is_learned(rows: TrainingRows) -> None:
    metrics = train(rows, 7).metrics
    assert metrics["auc_held_out"] > 0.6
    assert (metrics["rows"], metrics["queries"]) == (20 * 60, 20)
    assert metrics["base_rate"] == pytest.approx(rows.labels.mean())


def test_too_little_data_is_refused(rows: TrainingRows) -> None:
    few = rows.queries < 4
    refused = (
        rows.take(few),
        replace(rows, labels=np.zeros_like(rows.labels)),
        replace(rows, labels=rows.labels & (rows.queries % 5 == 0)),
        replace(rows, labels=rows.labels & (rows.queries % 5 != 0)),
    )
    for each in refused:
        with pytest.raises(ValueError, match="needed to train"):
            train(each, 7)


def test_without_a_purchase_among_lexical_evidence_there_is_no_scale(rows: TrainingRows) -> None:
    base = rows.features[:, FEATURES.index("base")].astype(np.float64)
    with pytest.raises(ValueError, match="scale of BM25"):
        fit_scale(base, rows.labels & (base <= 0.0))


def test_scores_are_lightgbms_on_the_scale(rows: TrainingRows, folder: Path) -> None:
    model = BoosterModel(folder)
    oracle = lightgbm.Booster(model_file=str(folder / "model.txt")).predict(rows.features, num_threads=1)
    np.testing.assert_array_equal(model.probability(rows.features), oracle)
    scale = IntentScale.model_validate_json((folder / "scale.json").read_bytes())
    np.testing.assert_array_equal(
        model.score(rows.features), np.interp(oracle, scale.probability, scale.intent)
    )
    assert model.score(rows.features[:0]).shape == (0,)


def test_scores_of_a_row_do_not_depend_on_its_neighbours(rows: TrainingRows, folder: Path) -> None:
    model = BoosterModel(folder)
    together = model.score(rows.features[:50])
    alone = np.concatenate([model.score(rows.features[at : at + 1]) for at in range(50)])
    np.testing.assert_array_equal(together, alone)
    order = np.random.default_rng(1).permutation(50)
    np.testing.assert_array_equal(model.score(rows.features[order]), together[order])


@pytest.mark.parametrize(("rate", "mean"), [(0.3, 30.0), (0.01, 5.0), (1.0, 0.5), (1.0, 100.0), (0.5, 99.95)])
def test_the_scale_rises_and_maps_the_purchase_rate_to_the_mean_base(rate: float, mean: float) -> None:
    count = 1000
    labels = np.arange(count) < rate * count
    scale = fit_scale(np.full(count, mean), labels)
    grid = np.linspace(-0.1, 1.1, 500)
    intent = scale.apply(grid)
    assert np.all(np.diff(intent) >= 0.0)
    assert (intent[0], scale.intent[0]) == (0.0, 0.0)
    assert intent[-1] <= 100.0
    assert scale.apply(np.array([rate]))[0] == pytest.approx(min(mean, 99.9), rel=0.05)


@pytest.mark.parametrize(
    "knots",
    [
        {"probability": (0.0, 1.0), "intent": (0.0,)},
        {"probability": (0.0, 1.0, 0.5), "intent": (0.0, 1.0, 2.0)},
        {"probability": (0.0, 1.0), "intent": (5.0, 1.0)},
        {"probability": (0.0, 1.0), "intent": (0.0, 101.0)},
        {"probability": (0.0, 1.0), "intent": (-1.0, 50.0)},
        {"probability": (0.0,), "intent": (0.0,)},
        {"probability": (0.0, 1.0), "intent": (0.0, 1.0), "unknown": 1},
    ],
)
def test_a_scale_that_is_no_scale_is_refused(knots: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntentScale.model_validate(knots)


def _artefact(root: Path, model: bytes | None, scale: bytes) -> Path:
    files = {"scale.json": scale, **({} if model is None else {"model.txt": model})}
    return write_artefact(
        root, kind="booster", schema_hash=schema_hash(), data_hash="d", code_version="c", metrics={}, files=files,
        created_at=AT,
    )  # fmt: skip


def test_what_is_no_booster_is_refused(folder: Path, tmp_path: Path, rows: TrainingRows) -> None:
    model, scale = (folder / "model.txt").read_bytes(), (folder / "scale.json").read_bytes()
    other = lightgbm.train(
        {"verbosity": -1, "num_threads": 1}, lightgbm.Dataset(np.nan_to_num(rows.features), rows.labels), 2
    )
    for bad in (
        _artefact(tmp_path, None, scale),
        _artefact(tmp_path, model, b"{}"),
        _artefact(tmp_path, other.model_to_string().encode(), scale),
    ):
        with pytest.raises(ArtifactError):
            BoosterModel(bad)


def test_area_under_curve_counts_ties_half() -> None:
    labels = np.array([True, False, True, False])
    assert area_under_curve(np.array([0.9, 0.1, 0.8, 0.2]), labels) == 1.0
    assert area_under_curve(np.array([0.5, 0.5, 0.5, 0.5]), labels) == 0.5
    # pairs: (.9 > .1) + (.9 > .8) + (.3 > .1) + (.3 < .8) = 3 of 4
    assert area_under_curve(np.array([0.9, 0.1, 0.3, 0.8]), labels) == 3 / 4


def test_every_learned_feature_has_a_stated_direction_or_none_on_purpose() -> None:
    free = {each for each in FEATURES if direction(each) == 0 and contribution(each) > 0.0}
    assert free == {"similarity", "settled_days"}


def test_stronger_evidence_never_lowers_the_score(rows: TrainingRows, folder: Path) -> None:
    model = BoosterModel(folder)
    for name in ("base", "job", "churn"):
        assert np.all(np.diff(swept(model, rows, name)) >= 0.0), name


def test_whoever_is_larger_or_hired_more_or_later_is_never_scored_lower_for_it() -> None:
    model, rows = BoosterModel(DEFAULT_BOOSTER), labelled_rows()
    steps = {
        name: np.diff(swept(model, rows, name))
        for name in ("log_employees", "postings", "posting_newest_days")
    }
    assert np.all(steps["log_employees"] >= 0.0)
    assert steps["log_employees"].any()
    assert np.all(steps["postings"] >= 0.0)
    assert np.all(steps["posting_newest_days"] <= 0.0)
    assert steps["posting_newest_days"].any()


def swept(model: BoosterModel, rows: TrainingRows, name: str) -> np.ndarray:
    """Scores of one company without evidence or unknowns, whose feature goes from 0 to 100."""
    one = np.repeat(np.nan_to_num(rows.features[:1]), 50, axis=0)
    one[:, FEATURES.index(name)] = np.linspace(0.0, 100.0, 50)
    return model.score(one)
