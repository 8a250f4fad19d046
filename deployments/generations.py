"""What a replica derives from the serving snapshot, for the current and the previous generation, swapped without a restart."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from db.snapshot import Snapshot, SnapshotStore
from db.snapshot.additions import parted
from ranking.deadline import Clock
from ranking.errors import UnknownGeneration
from ranking.types import Generation

Derived = TypeVar("Derived")
_log = logging.getLogger(__name__)
_HELD = 2
_HELD_LONGER = 16


class Generations(Generic[Derived]):
    """Holds `build(snapshot)` for two generations and follows the store in a thread of its own.

    A query that is under way keeps the generation it began with; a query that names a newer one than this replica
    has seen makes it look at once.

    Args:
        build: makes what is derived of a generation without additions.
        extend: what is derived of a snapshot that has more additions than the one given, both of the same generation.
        settle_s: how long after this replica the others may need to load a new generation.
        settle_addition_s: likewise an addition.
        keep_s: how long one that has additions is held after the next, which comes within a second or two.

    Raises:
        ArtifactError: at construction, when no usable snapshot is published.
    """

    def __init__(
        self,
        node: str,
        store: SnapshotStore,
        build: Callable[[Snapshot], Derived],
        extend: Callable[[Derived, Snapshot], Derived],
        poll_s: float = 0.5,
        settle_s: float = 1.5,
        settle_addition_s: float = 0.6,
        keep_s: float = 5.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._node = node
        self._store = store
        self._build = build
        self._extend = extend
        self._settle_s = settle_s
        self._settle_addition_s = settle_addition_s
        self._keep_s = keep_s
        self._last: tuple[Snapshot, Derived] | None = None
        self._left_at_s: dict[Generation, float] = {}
        self._clock = clock
        self._held: dict[Generation, Derived] = {}
        self._settles_at_s: dict[Generation, float] = {}
        self._stop = threading.Event()
        store.current()
        store.listen(self._derive)
        self._settles_at_s = {}
        self._thread = threading.Thread(
            target=self._follow, args=(poll_s,), name=f"{node}-snapshots", daemon=True
        )
        self._thread.start()

    @property
    def newest(self) -> Generation:
        """The newest generation that is held here."""
        return self._store.current().generation

    @property
    def settled(self) -> Generation:
        """The generation for new queries: the newest, once the other replicas have had time to load it, too.

        Without that, the first queries after a publication would wait for leaves that are loading, past their deadlines.
        """
        now_s, settles_at_s = self._clock(), self._settles_at_s
        for generation in reversed(tuple(self._held)):
            if now_s >= settles_at_s.get(generation, 0.0):
                return generation
        return self.newest

    def get(self, generation: Generation | None = None) -> Derived:
        """What was derived from `generation` (the newest when None); raises `UnknownGeneration`."""
        wanted = generation or self.newest
        if wanted not in self._held:
            self._store.refresh()
        try:
            return self._held[wanted]
        except KeyError as err:
            raise UnknownGeneration(self._node, wanted) from err

    def close(self) -> None:
        """Stop following the store."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _derive(self, snapshot: Snapshot) -> None:
        """Called by the store before it serves `snapshot`; readers see the old pair or the new one."""
        started_s = self._clock()
        is_addition = self._last is not None and self._last[0].built is snapshot.built
        derived = self._derived(snapshot)
        now_s = self._clock()
        least_s = self._settle_addition_s if is_addition else self._settle_s
        self._last = (snapshot, derived)
        self._settles_at_s = {
            **self._settles_at_s,
            snapshot.generation: now_s + max(least_s, 2.0 * (now_s - started_s)),
        }
        self._hold(snapshot.generation, derived, now_s)

    def _derived(self, snapshot: Snapshot) -> Derived:
        before, derived = self._last if self._last is not None else (None, None)
        if before is None or derived is None or before.built is not snapshot.built:
            before, derived = snapshot.built, self._build(snapshot.built)
        if before.generation == snapshot.generation:
            return derived
        self._last = None  # what is shared with the next may be half extended when this fails
        return self._extend(derived, snapshot)

    def _hold(self, generation: Generation, derived: Derived, now_s: float) -> None:
        """Take it up as the newest, and let go of what no query can be using any more."""
        left_at_s = self._left_at_s
        for name in self._held:
            left_at_s.setdefault(name, now_s)
        left_at_s.pop(generation, None)
        others = [name for name in self._held if name != generation]
        kept = [name for name in others[:-1] if now_s - left_at_s[name] < self._keep_s]
        bases = {parted(name)[0] for name in (*others[-1:], generation)}
        kept = [name for name in kept if parted(name)[0] in bases][-_HELD_LONGER:]
        self._held = {
            **{name: self._held[name] for name in (*kept, *others[1 - _HELD :])},
            generation: derived,
        }
        self._left_at_s = {name: left_at_s[name] for name in self._held if name in left_at_s}
        self._settles_at_s = {name: self._settles_at_s.get(name, 0.0) for name in self._held}

    def _follow(self, poll_s: float) -> None:
        while not self._stop.wait(poll_s):
            try:
                self._store.refresh()
            except Exception:  # noqa: BLE001 - whatever is wrong with a new snapshot, the old one goes on and the next is tried
                _log.exception(
                    "%s keeps serving %s: the newer snapshot cannot be used", self._node, self.newest
                )
