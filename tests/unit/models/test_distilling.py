"""Training from outcomes and judgements: a company on one side only, deterministic, and better at what was judged."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from models.artefacts import write_artefact
from models.booster import BoosterModel
from models.distilling import REPORT_FILE, DistillationReport, TooLittle, digest, distil, side_of
from models.judge_scale import judge_scale_of
from models.judged_rows import JudgedRows, encounters
from models.training import TrainedBooster, TrainingRows, save, train
from ranking.errors import ArtifactError
from ranking.features import FEATURES, schema_hash
from tests.fixtures.judged_rows import DAY_S, LISTED_S, judged_rows, lists
from tests.fixtures.labelled_rows import labelled_rows

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    return labelled_rows()


@pytest.fixture(scope="module")
def judged(rows: TrainingRows) -> JudgedRows:
    return judged_rows(rows)


@pytest.fixture(scope="module")
def trained(rows: TrainingRows, judged: JudgedRows) -> TrainedBooster:
    return distil(rows, lists(), judged, 7)


@pytest.fixture(scope="module")
def folder(
    trained: TrainedBooster, rows: TrainingRows, judged: JudgedRows, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return save(trained, digest(rows, judged), tmp_path_factory.mktemp("artefacts"), "abc", AT)


def _report(trained: TrainedBooster) -> DistillationReport:
    return DistillationReport.model_validate_json(trained.reports[REPORT_FILE])


def test_the_same_rows_make_the_same_artefact(
    rows: TrainingRows, judged: JudgedRows, folder: Path, tmp_path: Path
) -> None:
    again = distil(rows, lists(), judged_rows(rows), 7)
    assert save(again, digest(rows, judged_rows(rows)), tmp_path, "abc", AT).name == folder.name
    assert digest(rows, judged) != digest(rows, replace(judged, scores=judged.scores + 0.5))


def test_what_only_the_judge_saw_is_learned(trained: TrainedBooster) -> None:
    report = _report(trained)
    assert report.after.spearman.value > report.before.spearman.value + 0.1
    assert report.spearman_gain.low > 0.0
    assert report.auc_gain.value == pytest.approx(report.after.auc.value - report.before.auc.value)
    assert report.labels == 900
    assert 100 < report.held_out_labels < 260
    assert trained.metrics["label_spearman"] == report.after.spearman.value


def test_held_out_companies_are_learned_from_by_neither_route(
    rows: TrainingRows, judged: JudgedRows, trained: TrainedBooster
) -> None:
    """Whatever outcomes and judgements say of them, the model and the map of scores are the same."""
    row_sides = np.array([side_of(each) for each in rows.companies.tolist()])
    judged_sides = np.array([side_of(each) for each in judged.companies.tolist()])
    other = distil(
        replace(
            rows, labels=rows.labels ^ ((row_sides == "held out") & (np.arange(len(row_sides)) % 3 == 0))
        ),
        lists(),
        replace(judged, scores=np.where(judged_sides == "held out", 100.0 - judged.scores, judged.scores)),
        7,
    )
    assert other.booster.model_to_string() == trained.booster.model_to_string()
    assert other.reports["judge.json"] == trained.reports["judge.json"]
    assert _report(other).after.spearman.value < 0.0


def test_the_artefact_is_served_and_scores_are_lightgbms(
    rows: TrainingRows, trained: TrainedBooster, folder: Path
) -> None:
    model = BoosterModel(folder)
    oracle = lightgbm.Booster(model_file=str(folder / "model.txt")).predict(rows.features, num_threads=1)
    np.testing.assert_array_equal(model.probability(rows.features), oracle)
    swept = np.repeat(rows.features[:1], 50, axis=0)
    swept[:, FEATURES.index("base")] = np.linspace(0.0, 100.0, 50)
    assert np.all(np.diff(model.score(swept)) >= 0.0)


def test_the_map_of_scores_is_read_back_and_belongs_to_the_artefact(
    rows: TrainingRows, folder: Path, tmp_path: Path
) -> None:
    judge = judge_scale_of(folder)
    assert judge is not None
    assert np.all(np.diff(judge.apply(np.linspace(0.0, 100.0, 50))) >= 0.0)
    assert judge_scale_of(save(train(rows, 7), rows.digest(), tmp_path, "abc", AT)) is None
    damaged = write_artefact(
        tmp_path, kind="booster", schema_hash=schema_hash(), data_hash="d", code_version="c", metrics={},
        files={"judge.json": b"{}"}, created_at=AT,
    )  # fmt: skip
    with pytest.raises(ArtifactError, match="judge"):
        judge_scale_of(damaged)


def test_a_judge_who_finds_nobody_in_need_leaves_a_figure_out_and_the_artefact_whole(
    rows: TrainingRows, judged: JudgedRows, tmp_path: Path
) -> None:
    trained = distil(rows, lists(), replace(judged, scores=0.5 * judged.scores), 7)
    assert "label_auc" not in trained.metrics
    assert _report(trained).after.auc.value is None
    folder = save(trained, "d", tmp_path, "abc", AT)
    assert BoosterModel(folder).score(rows.features[:3]).shape == (3,)


def test_too_few_judgements_are_said_to_be_too_few(rows: TrainingRows) -> None:
    with pytest.raises(TooLittle, match="are judged"):
        distil(rows, lists(), judged_rows(rows, 60), 7)
    with pytest.raises(TooLittle):
        distil(rows, lists(), JudgedRows.of([]), 7)
    with pytest.raises(TooLittle, match=r"\[0, 0, 0\] bought"):
        distil(replace(rows, labels=np.zeros_like(rows.labels)), lists(), judged_rows(rows), 7)


def _meeting(company: str, day: float, product: str = "crm") -> JudgedRows:
    of = judged_rows(labelled_rows(), 1)
    return replace(
        of, companies=np.array([company]), products=np.array([product]), as_of_s=np.array([LISTED_S + day * DAY_S])
    )  # fmt: skip


@pytest.mark.parametrize(
    ("company", "day", "product", "bought"),
    [("c0", 5.0, "crm", 1.0), ("c1", 5.0, "crm", 0.0), ("c0", 90.0, "crm", None), ("c0", 5.0, "erp", None), ("x", 5.0, "crm", None)],
)  # fmt: skip
def test_an_outcome_says_something_of_a_judgement_of_the_same_product_and_time(
    company: str, day: float, product: str, bought: float | None
) -> None:
    rows = labelled_rows(queries=1)
    rows = replace(rows, labels=np.arange(60) == 0)
    found = encounters(rows, lists(1), _meeting(company, day, product)).bought[0]
    assert np.isnan(found) if bought is None else found == bought


def test_a_company_that_no_list_showed_is_overruled_by_its_judgement_and_says_nothing_of_it() -> None:
    rows = labelled_rows(queries=1)
    rows = replace(rows, shown=np.arange(60) != 0)
    met = encounters(rows, lists(1), _meeting("c0", 5.0))
    assert met.overruled.tolist() == [True] + [False] * 59
    assert np.isnan(met.bought[0])
