"""What a replica derives from snapshots: swapped under readers, two held, never dead."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from deployments.generations import Generations
from ranking.errors import ArtifactError, UnknownGeneration


@dataclass(frozen=True)
class FakeSnapshot:
    """`of` is the generation without additions; both are the same object where there are none."""

    generation: str
    of: "FakeSnapshot | None" = None

    @property
    def built(self) -> "FakeSnapshot":
        return self.of or self


class FakeStore:
    """The store's contract in memory: listeners are called before a snapshot is served, one refresh at a time."""

    def __init__(self, generation: str | None = "g1") -> None:
        self.published = generation
        self._served: FakeSnapshot | None = None
        self._listeners: list[Callable[[Any], None]] = []
        self.refreshes = 0
        self.broken: Exception | None = None
        self._refreshing = threading.Lock()

    def current(self) -> FakeSnapshot:
        if self._served is None:
            self.refresh()
        assert self._served is not None
        return self._served

    def listen(self, listener: Callable[[Any], None]) -> None:
        listener(self.current())
        self._listeners.append(listener)

    def refresh(self) -> bool:
        self.refreshes += 1
        if self.broken is not None:
            raise self.broken
        if self.published is None:
            raise ArtifactError("snapshot", "nothing is published yet")
        with self._refreshing:
            if self._served is not None and self._served.generation == self.published:
                return False
            fresh = self._opened(self.published)
            for listener in self._listeners:
                listener(fresh)
            self._served = fresh
            return True

    def _opened(self, name: str) -> FakeSnapshot:
        base, mark, _ = name.partition("+")
        if not mark:
            return FakeSnapshot(name)
        served = self._served
        built = served.built if served is not None and served.built.generation == base else FakeSnapshot(base)
        return FakeSnapshot(name, built)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def made(store: FakeStore, clock: Clock | None = None, **options: Any) -> Generations[str]:
    build = options.pop("build", lambda snapshot: f"of {snapshot.generation}")
    extend = options.pop("extend", lambda held, snapshot: f"{held}, then {snapshot.generation}")
    return Generations(
        "leaf", store, build, extend, poll_s=3600.0, settle_s=2.0, clock=clock or Clock(), **options
    )  # type: ignore[arg-type]


def test_without_a_snapshot_a_replica_does_not_start() -> None:
    with pytest.raises(ArtifactError):
        made(FakeStore(None))


def test_the_current_and_the_previous_generation_are_held() -> None:
    store = FakeStore()
    held = made(store)
    for store.published in ("g2", "g3"):
        store.refresh()
    assert (held.get(), held.get("g3"), held.get("g2")) == ("of g3", "of g3", "of g2")
    with pytest.raises(UnknownGeneration):
        held.get("g1")
    held.close()


def test_a_generation_named_before_it_was_seen_is_looked_for_at_once() -> None:
    store = FakeStore()
    held = made(store)
    store.published = "g2"
    assert held.get("g2") == "of g2"
    held.close()


def test_a_rollback_keeps_what_queries_may_still_name() -> None:
    store = FakeStore()
    held = made(store)
    for store.published in ("g2", "g1", "g3"):
        store.refresh()
    assert (held.get("g1"), held.get("g3")) == ("of g1", "of g3")
    held.close()


def test_new_queries_wait_until_the_other_replicas_have_loaded_too() -> None:
    store, clock = FakeStore(), Clock()
    held = made(store, clock)
    assert held.settled == "g1"
    store.published = "g2"
    store.refresh()
    assert (held.newest, held.settled) == ("g2", "g1")
    clock.now_s = 1.9
    assert held.settled == "g1"
    clock.now_s = 2.0
    assert held.settled == "g2"
    held.close()


def test_a_slow_build_means_that_others_are_slow_too() -> None:
    store, clock = FakeStore(), Clock()

    def slow(snapshot: Any) -> str:
        clock.now_s += 10.0
        return str(snapshot.generation)

    held = made(store, clock, build=slow)
    assert held.settled == "g1"  # at the start there is nothing else to use
    store.published = "g2"
    store.refresh()
    clock.now_s = 20.0 + 2 * 10.0 - 0.1
    assert held.settled == "g1"
    clock.now_s = 20.0 + 2 * 10.0
    assert held.settled == "g2"
    held.close()


def test_additions_are_added_to_what_is_held() -> None:
    store, clock = FakeStore(), Clock()
    held = made(store, clock)
    for store.published in ("g1+1", "g1+3"):
        store.refresh()
    assert held.get() == "of g1, then g1+1, then g1+3"
    assert (held.get("g1+1"), held.get("g1")) == ("of g1, then g1+1", "of g1")
    clock.now_s = 0.6
    assert held.settled == "g1+3"
    held.close()


def test_a_replica_that_starts_late_begins_with_what_was_built() -> None:
    store = FakeStore("g1+7")
    held = made(store)
    assert held.get() == "of g1, then g1+7"
    held.close()


def test_what_no_query_can_be_using_any_more_is_let_go() -> None:
    store, clock = FakeStore(), Clock()
    held = made(store, clock)
    for number in range(1, 9):
        store.published = f"g1+{number}"
        store.refresh()
        clock.now_s += 1.0
    assert held.get("g1+4").startswith("of g1")
    with pytest.raises(UnknownGeneration):
        held.get("g1+1")
    for store.published in ("g2", "g3"):
        store.refresh()
    with pytest.raises(UnknownGeneration):
        held.get("g1+8")
    assert (held.get("g2"), held.get("g3")) == ("of g2", "of g3")
    held.close()


def test_what_cannot_be_extended_is_built_again() -> None:
    store, broken = FakeStore(), [True]

    def extend(held: str, snapshot: Any) -> str:
        if broken.pop() if broken else False:
            raise ArtifactError("snapshot", "half an addition")
        return f"{held}, then {snapshot.generation}"

    held = made(store, extend=extend)
    store.published = "g1+1"
    with pytest.raises(ArtifactError):
        store.refresh()
    assert held.get() == "of g1"
    store.refresh()
    assert held.get("g1+1") == "of g1, then g1+1"
    held.close()


@pytest.mark.parametrize(
    "error", [ArtifactError("snapshot", "damaged"), OSError(), KeyError("a defect of ours")]
)
def test_the_follower_survives_whatever_a_new_snapshot_does(error: Exception) -> None:
    store = FakeStore()
    held = Generations(
        "leaf", store, lambda snapshot: snapshot.generation, lambda held, _: held, poll_s=0.001
    )  # type: ignore[arg-type]
    store.broken = error
    _until(lambda seen=store.refreshes: store.refreshes > seen + 3)
    assert held.get() == "g1"
    store.broken, store.published = None, "g2"
    _until(lambda: held.newest == "g2")
    held.close()
    assert not held._thread.is_alive()


def test_readers_never_see_a_half_made_swap() -> None:
    store = FakeStore()
    held = made(store)
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                generation = held.newest
                assert held.get(generation) == f"of {generation}"
                assert held.get(held.settled).startswith("of g")
            except (AssertionError, KeyError, RuntimeError) as err:
                failures.append(err)
                return
            except UnknownGeneration:
                continue  # two swaps between naming it and asking for it

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(2, 300):
        store.published = f"g{number}"
        store.refresh()
    stop.set()
    for reader in readers:
        reader.join()
    held.close()
    assert failures == []


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if holds():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not come to hold")
