"""What a replica derives from the serving snapshot, for the current and the previous generation, swapped without a restart."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from db.snapshot import Snapshot, SnapshotStore
from ranking.deadline import Clock
from ranking.errors import UnknownGeneration
from ranking.types import Generation

Derived = TypeVar("Derived")
_log = logging.getLogger(__name__)
_HELD = 2


class Generations(Generic[Derived]):
    """Holds `build(snapshot)` for two generations and follows the store in a thread of its own.

    A query that is under way keeps the generation it began with; a query that names a newer one than this replica
    has seen makes it look at once.

    Args:
        settle_s: how long after this replica the others may need to load a new generation.

    Raises:
        ArtifactError: at construction, when no usable snapshot is published.
    """

    def __init__(
        self,
        node: str,
        store: SnapshotStore,
        build: Callable[[Snapshot], Derived],
        poll_s: float = 0.5,
        settle_s: float = 1.5,
        clock: Clock = time.monotonic,
    ) -> None:
        self._node = node
        self._store = store
        self._build = build
        self._settle_s = settle_s
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
        newest = self.newest
        if self._clock() >= self._settles_at_s.get(newest, 0.0):
            return newest
        return next((each for each in self._held if each != newest), newest)

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
        derived = self._build(snapshot)
        others = {name: held for name, held in self._held.items() if name != snapshot.generation}
        self._held = dict([*others.items(), (snapshot.generation, derived)][-_HELD:])
        now_s = self._clock()
        self._settles_at_s = {snapshot.generation: now_s + max(self._settle_s, 2.0 * (now_s - started_s))}

    def _follow(self, poll_s: float) -> None:
        while not self._stop.wait(poll_s):
            try:
                self._store.refresh()
            except Exception:  # noqa: BLE001 - whatever is wrong with a new snapshot, the old one goes on and the next is tried
                _log.exception(
                    "%s keeps serving %s: the newer snapshot cannot be used", self._node, self.newest
                )
