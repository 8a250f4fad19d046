"""The compiled evidence against the same steps by whole columns in numpy: equal to the last bit, in every field."""

import sys
from dataclasses import fields
from types import ModuleType

import numpy as np
import pytest

from ranking.decay import DecayConfig
from ranking.evidence import gather, warm_up
from ranking.intent import IntentConfig
from ranking.types import PoolEvidence
from tests.fixtures.evidence_worlds import RandomWorld
from tests.oracles import evidence_pool as oracle

UNUSUAL = IntentConfig(
    decay=DecayConfig(tau_days=60.0, tau_days_by_kind={"job_posting": 20.0, "news": 300.0}, floor=0.2),
    source_weights={"source 1": 0.5, "source 3": 0.0},
    doubt_weight=0.3,
    rank_discount=0.7,
)


def assert_same(found: PoolEvidence, expected: PoolEvidence) -> None:
    for field in fields(PoolEvidence):
        one, two = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(two, np.ndarray):
            assert (one.dtype, one.shape) == (two.dtype, two.shape), field.name
            assert np.array_equal(one, two, equal_nan=two.dtype.kind == "f"), field.name
        else:
            assert one == two, field.name


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("config", [IntentConfig(), UNUSUAL], ids=["usual", "unusual"])
def test_compiled_evidence_equals_whole_columns_to_the_last_bit(config: IntentConfig, private: bool) -> None:
    world = RandomWorld(companies=613, snippets=6_000, seed=5 + private, private=private)
    with_evidence = 0
    for tenant, request in enumerate(world.requests(150)):
        expected = oracle.gather(request, world.postings, world.tables, config, tenant % 3)
        assert_same(gather(request, world.postings, world.tables, config, tenant % 3), expected)
        with_evidence += expected.considered > 20
    assert with_evidence > 50


def test_kernels_say_the_same_uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up()
    for module in [*sys.modules.values()]:
        if module.__name__.startswith("ranking.") and isinstance(module, ModuleType):
            for name, value in [*vars(module).items()]:
                if hasattr(value, "py_func"):
                    monkeypatch.setattr(module, name, value.py_func)
    for seed in range(3):
        world = RandomWorld(companies=41, snippets=200, seed=seed, private=bool(seed))
        for tenant, request in enumerate(world.requests(40)):
            expected = oracle.gather(request, world.postings, world.tables, UNUSUAL, tenant % 3)
            assert_same(gather(request, world.postings, world.tables, UNUSUAL, tenant % 3), expected)
