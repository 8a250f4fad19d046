"""A process serves the current generation and the one before it."""

from pathlib import Path

import pytest

from db.snapshot import Snapshot, SnapshotStore
from db.snapshot.publishing import publish
from ranking.errors import ArtifactError, UnknownGeneration
from ranking.types import Generation
from tests.fixtures.snapshot_columns import TAXONOMY_VERSION, draft


def publish_world(root: Path, name: str, day: int) -> Generation:
    return publish(root, draft(root, name, built_at=day * 86_400.0))


def store_of(root: Path) -> SnapshotStore:
    return SnapshotStore(root, taxonomy_version=TAXONOMY_VERSION)


def test_the_current_generation_is_opened_on_first_use(tmp_path: Path) -> None:
    generation = publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    assert store.current().generation == generation
    assert store.get().generation == generation
    assert store.refresh() is False


def test_an_empty_root_is_refused_until_something_is_published(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    with pytest.raises(ArtifactError, match="nothing is published"):
        store.current()
    publish_world(tmp_path, "one", 0)
    assert store.current().catalogue.companies([0])[0].name == "one"


def test_a_refresh_swaps_and_keeps_the_previous_generation(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    held = store.current()
    second = publish_world(tmp_path, "two", 1)
    assert store.current() is held
    assert store.refresh() is True
    assert store.current().generation == second
    assert store.get(first) is held


def test_a_generation_two_steps_back_is_unknown(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    store.current()
    for day, name in enumerate(("two", "three"), 1):
        publish_world(tmp_path, name, day)
        store.refresh()
    with pytest.raises(UnknownGeneration) as raised:
        store.get(first)
    assert raised.value.generation == first


def test_asking_for_a_fresh_generation_refreshes_once(tmp_path: Path) -> None:
    publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    store.current()
    second = publish_world(tmp_path, "two", 1)
    assert store.get(second).generation == second


def test_a_fresh_process_knows_the_previous_generation_too(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "one", 0)
    publish_world(tmp_path, "two", 1)
    assert store_of(tmp_path).get(first).catalogue.companies([0])[0].name == "one"


def test_a_previous_generation_that_is_gone_is_unknown(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "one", 0)
    publish_world(tmp_path, "two", 1)
    (tmp_path / first).rename(tmp_path / "elsewhere")
    with pytest.raises(UnknownGeneration):
        store_of(tmp_path).get(first)


def test_a_damaged_publication_leaves_the_old_one_served(tmp_path: Path) -> None:
    publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    held = store.current()
    second = publish_world(tmp_path, "two", 1)
    (tmp_path / second / "leads.seniority.npy").unlink()
    for _ in range(2):
        with pytest.raises(ArtifactError, match="missing"):
            store.refresh()
    assert store.current() is held
    third = publish_world(tmp_path, "three", 2)
    assert store.refresh() is True
    assert store.current().generation == third
    assert store.get(held.generation) is held


def test_listeners_see_each_snapshot_before_it_is_served(tmp_path: Path) -> None:
    first = publish_world(tmp_path, "one", 0)
    second = publish_world(tmp_path, "two", 1)
    store = store_of(tmp_path)
    seen: list[tuple[str, bool]] = []
    late: list[str] = []

    def listener(snapshot: Snapshot) -> None:
        seen.append((snapshot.generation, bool(store.held())))

    store.listen(listener)
    store.current()
    assert seen == [(first, False), (second, False)]
    store.listen(lambda snapshot: late.append(snapshot.generation))
    assert late == [first, second]
    third = publish_world(tmp_path, "three", 2)
    store.refresh()
    assert seen[2:] == [(third, True)]
    assert [snapshot.generation for snapshot in store.held()] == [second, third]


def test_a_failing_listener_keeps_the_old_snapshot_served_and_is_asked_again(tmp_path: Path) -> None:
    publish_world(tmp_path, "one", 0)
    store = store_of(tmp_path)
    held = store.current()
    refusals = [ArtifactError("lexical index", "cannot be read")]

    def listener(snapshot: Snapshot) -> None:
        if snapshot is not held and refusals:
            raise refusals.pop()

    store.listen(listener)
    publish_world(tmp_path, "two", 1)
    with pytest.raises(ArtifactError, match="lexical"):
        store.refresh()
    assert store.current() is held
