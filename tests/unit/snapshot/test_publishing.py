"""A generation is served whole or not at all, and old ones stay as long as somebody may need them."""

from pathlib import Path

import orjson
import pytest

from db.snapshot.layout import CURRENT, MANIFEST, open_array
from db.snapshot.manifest import SCHEMA_VERSION, read_manifest
from db.snapshot.publishing import publish, remove_leftovers
from db.snapshot.reader import current_generation, open_snapshot
from ranking.errors import ArtifactError
from ranking.types import Generation
from tests.fixtures.snapshot_columns import TAXONOMY_VERSION, draft


def publish_world(root: Path, name: str, day: int = 0) -> Generation:
    return publish(root, draft(root, name, built_at=day * 86_400.0))


def generations(root: Path) -> set[str]:
    return {path.name for path in root.iterdir() if path.is_dir()}


def test_a_published_generation_is_the_current_one(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "acme")
    assert generation.startswith("19700101T000000Z-")
    assert current_generation(tmp_path) == generation
    snapshot = open_snapshot(tmp_path, taxonomy_version=TAXONOMY_VERSION)
    assert snapshot.generation == generation
    assert snapshot.catalogue.companies([0])[0].name == "acme"
    assert snapshot.catalogue.leads([0])[0].lead_id == "l"
    assert snapshot.catalogue.snippets([0])[0].snippet_id == "s"
    assert snapshot.manifest.previous is None
    assert snapshot.manifest.origin.xmin == 7


def test_nothing_published_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nothing is published yet; import"):
        open_snapshot(tmp_path)


def test_equal_contents_keep_the_served_generation(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "acme", day=0)
    assert publish_world(tmp_path, "acme", day=1) == first
    assert generations(tmp_path) == {first}


def test_equal_contents_replace_a_damaged_generation(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "acme", day=0)
    (tmp_path / first / "companies.industry.npy").write_bytes(b"")
    second = publish_world(tmp_path, "acme", day=1)
    assert second != first
    assert open_snapshot(tmp_path).generation == second


def test_a_generation_damaged_and_rebuilt_in_the_same_second_is_mended(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "acme")
    (tmp_path / first / "companies.industry.npy").write_bytes(b"")
    assert publish_world(tmp_path, "acme") == first
    assert open_snapshot(tmp_path).manifest.previous is None


def test_the_last_three_generations_are_kept(tmp_path: Path) -> None:
    published = [publish_world(tmp_path, f"name {day}", day) for day in range(5)]
    assert generations(tmp_path) == set(published[2:])
    assert read_manifest(tmp_path / published[4]).previous == published[3]


def test_a_removed_generation_goes_on_for_those_who_map_it(tmp_path: Path) -> None:
    publish_world(tmp_path, "first", 0)
    held = open_snapshot(tmp_path)
    for day in range(1, 5):
        publish_world(tmp_path, f"name {day}", day)
    assert not (tmp_path / held.generation).exists()
    assert held.catalogue.companies([0])[0].name == "first"


@pytest.mark.parametrize("file", ["companies.industry.npy", "display.snippets.blob.npy"])
def test_a_damaged_file_is_refused(tmp_path: Path, file: str) -> None:
    generation = publish_world(tmp_path, "acme")
    path = tmp_path / generation / file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="damaged"):
        open_snapshot(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "acme")
    (tmp_path / generation / "leads.roles.npy").unlink()
    with pytest.raises(ArtifactError, match="missing"):
        open_snapshot(tmp_path)


def test_another_taxonomy_or_schema_is_refused(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "acme")
    with pytest.raises(ArtifactError, match="taxonomy t1; build again"):
        open_snapshot(tmp_path, taxonomy_version="t2")
    path = tmp_path / generation / MANIFEST
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(ArtifactError, match=f"schema {SCHEMA_VERSION + 1}"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", orjson.dumps({"schema_version": SCHEMA_VERSION})])
def test_an_unreadable_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    generation = publish_world(tmp_path, "acme")
    (tmp_path / generation / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match="no usable manifest"):
        open_snapshot(tmp_path)


def test_leftovers_of_a_crash_disturb_nobody_and_go_with_the_next_build(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "acme")
    crashed = draft(tmp_path, "half")
    (crashed.folder / "snippets.kind.npy").unlink()
    assert open_snapshot(tmp_path).generation == generation
    remove_leftovers(tmp_path)
    assert generations(tmp_path) == {generation}


def test_current_moves_in_one_step(tmp_path: Path) -> None:
    publish_world(tmp_path, "one")
    before = (tmp_path / CURRENT).stat().st_ino
    publish_world(tmp_path, "two")
    assert (tmp_path / CURRENT).stat().st_ino != before
    assert not list(tmp_path.glob("*.draft"))


def test_columns_are_shared_maps_of_the_files(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "acme")
    vectors = open_array(tmp_path / generation / "companies.vectors.npy")
    assert vectors.shape == (1, 384)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 1.0
