"""Artefacts vouch for themselves: what is damaged, foreign or of another kind is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.artefacts import open_artefact, write_artefact
from ranking.errors import ArtifactError

FILES = {"model.txt": b"tree", "scale.json": b"{}"}


def written(root: Path, kind: str = "booster", **changes: bytes) -> Path:
    return write_artefact(
        root, kind=kind, schema_hash="s1", data_hash="d1", code_version="abc", metrics={"auc": 0.7},
        files={**FILES, **changes}, created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def test_what_was_written_is_read(tmp_path: Path) -> None:
    folder = written(tmp_path / "deep" / "root")
    manifest, files = open_artefact(folder, kind="booster", schema_hash="s1")
    assert files == FILES
    assert (manifest.metrics, manifest.data_hash, manifest.code_version) == ({"auc": 0.7}, "d1", "abc")
    assert folder.name == f"booster-{manifest.version}"
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_the_version_is_the_contents(tmp_path: Path) -> None:
    first = written(tmp_path)
    assert written(tmp_path) == first
    assert written(tmp_path, **{"model.txt": b"other"}) != first


def test_several_writers_of_the_same_content_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: written(tmp_path), range(16)))
    (folder,) = folders
    assert open_artefact(folder, kind="booster", schema_hash="s1")[1] == FILES
    assert [each.name for each in tmp_path.iterdir()] == [folder.name]


def test_a_target_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path / "elsewhere")
    (tmp_path / folder.name).write_text("a file in the way")
    with pytest.raises(OSError, match="Not a directory"):
        written(tmp_path)


def damage_file(folder: Path) -> None:
    (folder / "model.txt").write_bytes(b"tree!")


def remove_file(folder: Path) -> None:
    (folder / "model.txt").unlink()


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def damage_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b'{"kind": "boo\xff')


def add_to_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "unknown": 1}))


def point_outside(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "files": {"../secret": "0"}}))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (damage_file, "differs from its digest"),
        (remove_file, "model.txt is missing"),
        (remove_manifest, "no manifest"),
        (damage_manifest, "manifest is damaged"),
        (add_to_manifest, "manifest is damaged"),
        (point_outside, "outside its folder"),
    ],
)
def test_a_damaged_artefact_is_refused(tmp_path: Path, damage: object, reason: str) -> None:
    folder = written(tmp_path)
    damage(folder)  # type: ignore[operator]
    with pytest.raises(ArtifactError, match=reason):
        open_artefact(folder, kind="booster", schema_hash="s1")


def test_another_kind_or_schema_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, kind="parser")
    with pytest.raises(ArtifactError, match="is a parser, not a booster"):
        open_artefact(folder, kind="booster", schema_hash="s1")
    with pytest.raises(ArtifactError, match="made for feature schema s1, this code has s2"):
        open_artefact(folder, kind="parser", schema_hash="s2")
