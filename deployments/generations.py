"""What a replica derives from the serving snapshot, for the current and the previous generation, swapped without a restart."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from db.snapshot import Snapshot, SnapshotStore
from ranking.errors import ArtifactError, UnknownGeneration
from ranking.types import Generation

Derived = TypeVar("Derived")
_log = logging.getLogger(__name__)
_HELD = 2


class Generations(Generic[Derived]):
    """Holds `build(snapshot)` for two generations and follows the store in a thread of its own.

    A query that is under way keeps the generation it began with; a query that names a newer one than this replica
    has seen makes it look at once.

    Raises:
        ArtifactError: at construction, when no usable snapshot is published.
    """

    def __init__(
        self, node: str, store: SnapshotStore, build: Callable[[Snapshot], Derived], poll_s: float = 0.5
    ) -> None:
        self._node = node
        self._store = store
        self._build = build
        self._held: dict[Generation, Derived] = {}
        self._stop = threading.Event()
        store.current()
        store.listen(self._derive)
        self._thread = threading.Thread(
            target=self._follow, args=(poll_s,), name=f"{node}-snapshots", daemon=True
        )
        self._thread.start()

    @property
    def newest(self) -> Generation:
        """The generation that new queries use."""
        return self._store.current().generation

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
        held = {**self._held, snapshot.generation: self._build(snapshot)}
        self._held = dict(list(held.items())[-_HELD:])

    def _follow(self, poll_s: float) -> None:
        while not self._stop.wait(poll_s):
            try:
                self._store.refresh()
            except (ArtifactError, OSError):
                _log.exception(
                    "%s keeps serving %s: the newer snapshot cannot be read", self._node, self.newest
                )
