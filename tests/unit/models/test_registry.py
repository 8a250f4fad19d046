"""The registry serves what was promoted, refuses what must not serve, and goes back exactly."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models import registry_log
from models.artefacts import read_manifest
from models.promotion import OF_PARENT, Intention, Promotions
from models.registry import ModelRegistry
from models.registry_log import Change
from ranking.errors import ArtifactError
from tests.fixtures.boosters import small_booster

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ASKED = Intention("somebody", NOW, "a try")
FORCED = Intention("somebody", NOW, "we know why", forced=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three artefacts, each better by its own figures than the one before."""
    root = tmp_path_factory.mktemp("made")
    for number, figure in enumerate((0.7, 0.8, 0.9)):
        small_booster(root, number, auc_held_out=figure)
    return root


def by_age(root: Path) -> list[str]:
    manifests = [read_manifest(folder) for folder in root.glob("booster-*")]
    return [each.version for each in sorted(manifests, key=lambda each: each.created_at)]


@pytest.fixture
def registry(made: Path, tmp_path: Path) -> ModelRegistry:
    """The oldest is the fallback, from elsewhere; the two others are registered."""
    oldest, *others = by_age(made)
    shutil.copytree(made / f"booster-{oldest}", tmp_path / "fallback")
    for version in others:
        shutil.copytree(made / f"booster-{version}", tmp_path / "registry" / f"booster-{version}")
    return ModelRegistry(tmp_path / "registry", tmp_path / "fallback")


def states(registry: ModelRegistry) -> list[str]:
    return [entry.state for entry in registry.entries()]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_fallback_serves_until_something_is_promoted(registry: ModelRegistry, made: Path) -> None:
    assert states(registry) == ["production", "candidate", "candidate"]
    assert read_manifest(registry.serving()).version == by_age(made)[0]


def test_a_promotion_is_served_and_told(registry: ModelRegistry, made: Path) -> None:
    oldest, second, _ = by_age(made)
    Promotions(registry).promote(second[:5], ASKED)
    assert states(registry) == ["archived", "production", "candidate"]
    assert registry.serving() == registry.root / f"booster-{second}"
    last = registry.changes()[-1]
    assert (last.action, last.version, last.replaced, last.by, last.reason) == (
        "promote", second, oldest, "somebody", "a try",
    )  # fmt: skip
    with pytest.raises(ArtifactError, match="is in production already"):
        Promotions(registry).promote(second, ASKED)


def test_a_roll_back_restores_what_served_though_a_release_has_replaced_it(
    registry: ModelRegistry, made: Path, tmp_path: Path
) -> None:
    oldest, second, newest = by_age(made)
    before = contents(made / f"booster-{oldest}")
    Promotions(registry).promote(second, ASKED)
    shutil.rmtree(tmp_path / "fallback")
    shutil.copytree(made / f"booster-{newest}", tmp_path / "fallback")
    assert Promotions(registry).roll_back(ASKED).manifest.version == oldest
    served = contents(registry.serving())
    assert {name: served[name] for name in before if name != "manifest.json"} == {
        name: content for name, content in before.items() if name != "manifest.json"
    }
    assert read_manifest(registry.serving()) == read_manifest(made / f"booster-{oldest}")
    with pytest.raises(ArtifactError, match="no version that served before"):
        Promotions(registry).roll_back(ASKED)


def test_roll_backs_go_further_back_each_time(registry: ModelRegistry, made: Path) -> None:
    oldest, second, newest = by_age(made)
    promotions = Promotions(registry)
    promotions.promote(second, ASKED)
    promotions.promote(newest, ASKED)
    assert [promotions.roll_back(ASKED).manifest.version for _ in range(2)] == [second, oldest]


def test_what_is_worse_serves_only_by_force(registry: ModelRegistry, made: Path) -> None:
    _, second, newest = by_age(made)
    promotions = Promotions(registry)
    promotions.promote(newest, ASKED)
    with pytest.raises(
        ArtifactError, match=r"is worse: auc_held_out 0.8000, and .* 0.9000 on its own held-out rows"
    ):
        promotions.promote(second, ASKED)
    assert promotions.promote(second, FORCED).state == "production"
    assert registry.changes()[-1].forced


def test_figures_of_the_same_rows_go_before_figures_of_others(registry: ModelRegistry) -> None:
    serving = read_manifest(registry.serving()).version
    better = small_booster(registry.root, 4, serving, auc_held_out=0.6, **{OF_PARENT: 0.5})
    worse = small_booster(registry.root, 5, serving, auc_held_out=0.95, **{OF_PARENT: 0.96})
    with pytest.raises(ArtifactError, match=r"0\.9600 on the same held-out rows"):
        Promotions(registry).promote(worse.name, ASKED)
    assert Promotions(registry).promote(better.name, ASKED).state == "production"


def test_what_cannot_be_compared_is_refused(registry: ModelRegistry, made: Path) -> None:
    newest = by_age(made)[-1]
    _alter(registry.root / f"booster-{newest}", metrics={})
    with pytest.raises(ArtifactError, match="cannot be compared"):
        Promotions(registry).promote(newest, ASKED)


def _alter(folder: Path, **fields: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"schema_hash": "0"}, "made for feature schema 0"), ({"files": {}}, "is not a booster")],
)
def test_what_replicas_would_refuse_is_not_promoted_even_by_force(
    registry: ModelRegistry, made: Path, fields: dict[str, object], reason: str
) -> None:
    newest = by_age(made)[-1]
    _alter(registry.root / f"booster-{newest}", **fields)
    with pytest.raises(ArtifactError, match=reason):
        Promotions(registry).promote(newest, FORCED)
    assert registry.changes() == ()


def test_a_probe_that_scores_otherwise_is_refused(registry: ModelRegistry, made: Path) -> None:
    _, second, newest = by_age(made)
    folder, other = (registry.root / f"booster-{each}" for each in (newest, second))
    shutil.copy(other / "probe.npy", folder)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    others = json.loads((other / "manifest.json").read_text())["files"]
    _alter(folder, files={**files, "probe.npy": others["probe.npy"]})
    with pytest.raises(ArtifactError, match="scores its recorded probe otherwise"):
        Promotions(registry).promote(newest, FORCED)


def test_a_shadow_is_another_version_and_ends_when_it_serves(registry: ModelRegistry, made: Path) -> None:
    oldest, second, _ = by_age(made)
    promotions = Promotions(registry)
    with pytest.raises(ArtifactError, match="is in production"):
        promotions.shadow(oldest, 0.1, ASKED)
    entry = promotions.shadow(second, 0.1, ASKED)
    assert entry is not None
    assert (entry.state, entry.share) == ("candidate", 0.1)
    promotions.promote(second, ASKED)
    assert (registry.in_force().shadow, registry.in_force().share) == (None, 0.0)


def test_a_shadow_can_be_ended(registry: ModelRegistry, made: Path) -> None:
    Promotions(registry).shadow(by_age(made)[1], 1.0, ASKED)
    assert Promotions(registry).shadow(None, 0.0, ASKED) is None
    assert registry.in_force().shadow is None


@pytest.mark.parametrize("name", ["", "booster-", "zz", "../registry", "*"])
def test_a_name_that_is_no_versions_is_refused(registry: ModelRegistry, name: str) -> None:
    with pytest.raises(ArtifactError, match="names no versions"):
        registry.find(name)


def test_what_another_has_changed_is_seen(registry: ModelRegistry, made: Path, tmp_path: Path) -> None:
    assert registry.in_force().production is None
    second = by_age(made)[1]
    Promotions(ModelRegistry(registry.root, tmp_path / "fallback")).promote(second, ASKED)
    assert registry.in_force().production == second


def test_of_two_writers_who_saw_the_same_one_is_refused(registry: ModelRegistry) -> None:
    change = Change(action="promote", version="a", replaced=None, at=NOW, by="one")
    registry_log.append(registry.root, 0, change)
    with pytest.raises(ArtifactError, match="changed by somebody else"):
        registry_log.append(registry.root, 0, change.model_copy(update={"version": "b"}))
    assert registry.changes() == (change,)
    assert [file.name for file in (registry.root / "history").iterdir()] == ["00000001.json"]


@pytest.mark.parametrize(
    ("damaged", "reason"), [(b"{", "change 1 .* is damaged"), (None, "change 1 .* is missing")]
)
def test_a_history_with_a_hole_is_an_error(
    registry: ModelRegistry, damaged: bytes | None, reason: str
) -> None:
    change = Change(action="promote", version="a", replaced=None, at=NOW, by="one")
    for seen in range(2):
        registry_log.append(registry.root, seen, change)
    first = registry.root / "history" / "00000001.json"
    if damaged is None:
        first.unlink()
    else:
        first.write_bytes(damaged)
    with pytest.raises(ArtifactError, match=reason):
        registry.in_force()
