"""An artefact is opened only where it scores its recorded probe as training did."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from configs.schema import DEFAULT_BOOSTER
from models.booster import BoosterModel, IntentScale
from models.booster_probe import PROBE_FILE, check_probe, read_probe
from models.training import save, train
from ranking.errors import ArtifactError
from ranking.features import FEATURES
from tests.fixtures.labelled_rows import labelled_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = labelled_rows()
    return save(train(rows, 7), rows.digest(), tmp_path, "abc", datetime(2026, 1, 1, tzinfo=UTC))


def replaced(folder: Path, name: str, content: bytes) -> None:
    """Put other content into an artefact, with the digest that vouches for it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / name).write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("artefact", ["fresh", "default"])
def test_recorded_scores_are_lightgbms_on_nan_infinity_and_codes_never_seen(
    artefact: str, folder: Path
) -> None:
    opened = folder if artefact == "fresh" else DEFAULT_BOOSTER
    rows, scores = read_probe((opened / PROBE_FILE).read_bytes(), "a")
    assert np.isnan(rows).any()
    assert np.isinf(rows).any()
    assert any((row == np.float32(1e6)).all() for row in rows)
    booster = lightgbm.Booster(model_file=str(opened / "model.txt"))
    scale = IntentScale.model_validate_json((opened / "scale.json").read_bytes())
    np.testing.assert_allclose(scale.apply(booster.predict(rows, num_threads=1)), scores, rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(BoosterModel(opened).score(rows), scores, rtol=0.0, atol=1e-9)


def test_an_artefact_that_scores_otherwise_than_in_training_is_refused(folder: Path) -> None:
    scale = json.loads((folder / "scale.json").read_text())
    scale["intent"] = [each * 0.999 for each in scale["intent"]]
    replaced(folder, "scale.json", json.dumps(scale).encode())
    with pytest.raises(ArtifactError, match="otherwise than in training, by"):
        BoosterModel(folder)


def test_a_changed_leaf_is_refused(folder: Path) -> None:
    text = (folder / "model.txt").read_text()
    at = text.index("leaf_value=") + len("leaf_value=")
    digit = next(place for place in range(at, len(text)) if text[place] in "12345678")
    changed = f"{text[:digit]}{int(text[digit]) + 1}{text[digit + 1 :]}"  # as long as before: the text says how long its trees are
    replaced(folder, "model.txt", changed.encode())
    with pytest.raises(ArtifactError, match="otherwise than in training, by"):
        BoosterModel(folder)


def test_an_artefact_without_a_probe_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"][PROBE_FILE]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="no recorded probe scores; train again"):
        BoosterModel(folder)


@pytest.mark.parametrize("content", [b"", b"rows", b"\x93NUMPY\x01\x00"])
def test_a_probe_that_cannot_be_read_is_refused(folder: Path, content: bytes) -> None:
    replaced(folder, PROBE_FILE, content)
    with pytest.raises(ArtifactError, match=r"probe\.npy"):
        BoosterModel(folder)


def test_a_score_that_is_no_number_differs() -> None:
    with pytest.raises(ArtifactError, match="otherwise"):
        check_probe(np.array([1.0]), np.array([np.nan]), "a")


def test_the_probe_does_not_change_the_version(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    names = sorted(name for name in manifest["files"] if name != PROBE_FILE)
    content = "".join([manifest["schema_hash"], *(manifest["files"][name] for name in names)])
    assert manifest["version"] == hashlib.sha256(content.encode()).hexdigest()[:12]
    assert read_probe((folder / PROBE_FILE).read_bytes(), "a")[0].shape[1] == len(FEATURES)
