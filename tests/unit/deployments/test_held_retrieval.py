"""When retrieval keeps its engine, with the sets it has computed, and when it is set up again."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from db.snapshot.additions import Addition
from db.snapshot.engine import SnapshotRetrieval
from db.snapshot.reader import Snapshot
from deployments.nodes import HeldRetrieval
from ranking.types import Generation


class Engine:
    """An engine that counts how often it was set up again."""

    def __init__(self, times: int = 0) -> None:
        self.times = times

    def followed(self, _snapshot: Snapshot) -> "Engine":
        return Engine(self.times + 1)


def addition(**changes: Any) -> Addition:
    plain = SimpleNamespace(new=None, gone_companies=np.empty(0, dtype=np.int32))
    plain.__dict__.update(changes)
    return cast(Addition, plain)


def snapshot(*additions: Addition) -> Snapshot:
    return cast(Snapshot, SimpleNamespace(generation=Generation(f"g+{len(additions)}"), additions=additions))


HELD = HeldRetrieval(Generation("g"), cast(SnapshotRetrieval, Engine()))
SNIPPETS, NEW = addition(), addition(new=object())
GONE = addition(gone_companies=np.array([3], dtype=np.int32))


@pytest.mark.parametrize(
    ("additions", "times"),
    [
        ((), 0),
        ((SNIPPETS,), 0),
        ((NEW,), 1),
        ((GONE,), 1),
        ((SNIPPETS, NEW, GONE, NEW, SNIPPETS), 1),
    ],
    ids=["nothing", "snippets", "a company", "one less", "several changes found at one look"],
)
def test_the_engine_is_set_up_once_for_all_changes_of_companies_and_not_for_snippets(
    additions: tuple[Addition, ...], times: int
) -> None:
    held = HELD.followed(snapshot(*additions))
    assert cast(Engine, held.engine).times == times
    assert (held.generation, held.additions) == (f"g+{len(additions)}", len(additions))
    assert held.followed(snapshot(*additions, SNIPPETS)).engine is held.engine, "it knows what it has"
