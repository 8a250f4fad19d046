"""A replica takes up what was promoted without a restart, and keeps what it has when that cannot be used."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from deployments.boosters import Boosters
from deployments.nodes import GbdtNode
from models.artefacts import read_manifest
from models.promotion import Intention, Promotions
from models.registry import ModelRegistry
from ranking.errors import Unavailable
from ranking.features import FEATURES
from ranking.ports import Boosted
from tests.fixtures.boosters import small_booster

ASKED = Intention("somebody", datetime(2026, 2, 1, tzinfo=UTC), "a try", forced=True)
ROWS = np.zeros((3, len(FEATURES)), dtype=np.float32)
NEVER_S = 3600.0


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    fallback = small_booster(tmp_path / "elsewhere")
    small_booster(tmp_path / "registry", 1)
    return ModelRegistry(tmp_path / "registry", fallback)


@pytest.fixture
def boosters(registry: ModelRegistry) -> Iterator[Boosters]:
    held = Boosters(registry, NEVER_S)
    yield held
    held.close()


def versions(registry: ModelRegistry) -> tuple[str, str]:
    before, after = (entry.manifest.version for entry in registry.entries())
    return before, after


def test_a_promotion_is_taken_up_and_a_roll_back_too(registry: ModelRegistry, boosters: Boosters) -> None:
    before, after = versions(registry)
    assert boosters.held.serving.version == before
    Promotions(registry).promote(after, ASKED)
    boosters.look()
    assert boosters.held.serving.version == after
    Promotions(registry).roll_back(ASKED)
    boosters.look()
    assert boosters.held.serving.version == before


def test_a_version_that_is_damaged_after_its_promotion_does_not_serve(
    registry: ModelRegistry, boosters: Boosters, caplog: pytest.LogCaptureFixture
) -> None:
    before, after = versions(registry)
    Promotions(registry).promote(after, ASKED)
    model = registry.folder(after) / "model.txt"
    content = model.read_bytes()
    model.write_bytes(b"tree")
    for _ in range(3):
        boosters.look()
    assert boosters.held.serving.version == before
    assert caplog.text.count("model.txt differs from its digest") == 1
    model.write_bytes(content)
    boosters.look()
    assert boosters.held.serving.version == after


async def test_answers_name_the_version_and_the_shadow_its_own(registry: ModelRegistry) -> None:
    before, after = versions(registry)
    leaf = GbdtNode(str(registry.root), str(registry.folder(before)))
    try:
        (nothing,) = await leaf.shadow([ROWS], [1e4])
        assert isinstance(nothing, Unavailable)
        Promotions(registry).shadow(after, 0.5, ASKED)
        leaf._boosters.look()
        (served,), (shadowed,) = await leaf.score([ROWS], [1e4]), await leaf.shadow([ROWS], [1e4])
        assert isinstance(served, Boosted)
        assert isinstance(shadowed, Boosted)
        assert (served.version, shadowed.version) == (before, after)
        assert len(served.intent) == len(shadowed.intent) == 3
        assert read_manifest(registry.serving()).version == before
    finally:
        leaf._boosters.close()
