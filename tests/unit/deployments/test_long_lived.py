"""Kept objects are out of the collector's sight, and still freed when nobody refers to them."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from deployments.long_lived import keep_all


class Thing:
    """Something that the collector tracks."""


@pytest.fixture
def collector() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_lives_is_not_looked_at_again(collector: None) -> None:
    thing = Thing()
    keep_all()
    assert not any(each is thing for each in gc.get_objects())
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] == 10_000


def test_what_nobody_refers_to_is_freed_though_it_was_kept(collector: None) -> None:
    thing = Thing()
    gone = weakref.ref(thing)
    keep_all()
    del thing
    assert gone() is None
