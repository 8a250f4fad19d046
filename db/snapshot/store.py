"""The generation being served and the one before it, swapped when CURRENT moves or an addition comes."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from db.snapshot.additions import last_number, read_addition, seconds_since_sign
from db.snapshot.layout import CURRENT
from db.snapshot.reader import Snapshot, current_generation, open_snapshot
from ranking.errors import ArtifactError, UnknownGeneration
from ranking.types import Generation

Listener = Callable[[Snapshot], None]
FORSAKEN_S = 10.0
"""Nobody follows a generation any more that has had no sign of life for so long."""


class _Signature(NamedTuple):
    """Identity of the CURRENT file, of which every publication makes another, and the additions to what is held."""

    inode: int
    modified_ns: int
    size_bytes: int
    additions: int | None


class _Held(NamedTuple):
    """Both generations as one value, so that readers never see a half-made swap."""

    current: Snapshot
    previous: Snapshot | None


class SnapshotStore:
    """Snapshots for one process.

    `current` and `get` of a held generation take no lock and no system call. `refresh` costs a `stat` and a small file
    while nothing was published; otherwise it reads the whole generation once, so call it off the event loop.

    While somebody adds to the held generation, a new one is not taken up before he adds to that: it would lack what has
    come since its build began.
    """

    def __init__(
        self,
        root: Path,
        *,
        taxonomy_version: str | None = None,
        verify: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._clock = clock
        self._taxonomy_version = taxonomy_version
        self._verify = verify
        self._lock = Lock()
        self._listeners: list[Listener] = []
        self._seen: _Signature | None = None
        self._refused: ArtifactError | None = None
        self._held: _Held | None = None

    def current(self) -> Snapshot:
        """The served snapshot; opens it on the first call.

        Raises:
            ArtifactError: nothing is published, or it cannot be used.
        """
        if self._held is None:
            self.refresh()
        if self._held is None:
            raise ArtifactError("snapshot", "nothing is published yet")
        return self._held.current

    def get(self, generation: Generation | None = None) -> Snapshot:
        """The named generation if it is the current or the previous one (None: the current one).

        Raises:
            UnknownGeneration: it is neither, also after one refresh.
            ArtifactError: as `refresh`.
        """
        if generation is None:
            return self.current()
        found = self._find(generation)
        if found is None:
            self.refresh()
            found = self._find(generation)
        if found is None:
            raise UnknownGeneration("snapshot", generation)
        return found

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the held snapshots now, oldest first, and with each new one before it is served.

        A listener builds what is derived from a snapshot; what it raises keeps the old snapshot served. It
        runs under the store's lock and must not call the store.
        """
        with self._lock:
            for snapshot in self.held():
                listener(snapshot)
            self._listeners.append(listener)

    def refresh(self) -> bool:
        """Serve what CURRENT names; True when another generation is served now.

        Raises:
            ArtifactError: the published generation cannot be used; the old one stays served. Raised again,
                cheaply, until something else is published.
        """
        with self._lock:
            signature = self._signature()
            if signature == self._seen:
                if self._refused is not None:
                    raise self._refused.with_traceback(None)  # else it would grow with every call
                return False
            try:
                changed = self._swap()
            except ArtifactError as err:
                self._refused, self._seen = err, signature
                raise
            self._refused = None
            self._seen = self._signature() if self._follows_current() else None
            return changed

    def held(self) -> tuple[Snapshot, ...]:
        """The snapshots that `get` answers with at once, oldest first; empty before the first use."""
        held = self._held
        if held is None:
            return ()
        return (held.current,) if held.previous is None else (held.previous, held.current)

    def _find(self, generation: Generation) -> Snapshot | None:
        return next((snapshot for snapshot in self.held() if snapshot.generation == generation), None)

    def _signature(self) -> _Signature:
        try:
            status = (self._root / CURRENT).stat()
        except OSError as err:
            raise ArtifactError("snapshot", "nothing is published yet") from err
        held = None if self._held is None else last_number(self._folder(self._held.current))
        return _Signature(status.st_ino, status.st_mtime_ns, status.st_size, held)

    def _folder(self, snapshot: Snapshot) -> Path:
        return self._root / snapshot.built.generation

    def _follows_current(self) -> bool:
        return self._held is not None and self._held.current.built.generation == current_generation(
            self._root
        )

    def _opened(self) -> Snapshot:
        """What is to be served now, with its additions."""
        held = self._held
        if held is not None and (self._follows_current() or self._is_ahead(held.current)):
            found = held.current
        else:
            found = open_snapshot(self._root, taxonomy_version=self._taxonomy_version, verify=self._verify)
        folder = self._folder(found)
        numbers = range(len(found.additions) + 1, (last_number(folder) or 0) + 1)
        return found.extended(tuple(read_addition(folder, number) for number in numbers))

    def _is_ahead(self, snapshot: Snapshot) -> bool:
        """Whether the held generation still gets additions and the new one does not yet."""
        if last_number(self._root / current_generation(self._root)) is not None:
            return False
        return seconds_since_sign(self._folder(snapshot), self._clock()) < FORSAKEN_S

    def _swap(self) -> bool:
        held = self._held
        opened = self._opened()
        if held is not None and held.current.generation == opened.generation:
            return False
        previous = held.current if held is not None else self._open_previous(opened)
        fresh = (opened,) if held is not None or previous is None else (previous, opened)
        for listener in self._listeners:
            for snapshot in fresh:
                listener(snapshot)
        self._held = _Held(opened, previous)
        return True

    def _open_previous(self, snapshot: Snapshot) -> Snapshot | None:
        """The generation before a freshly opened one: other processes may still name it."""
        name = snapshot.manifest.previous
        if name is None:
            return None
        try:
            return open_snapshot(
                self._root, name, taxonomy_version=self._taxonomy_version, verify=self._verify
            )
        except ArtifactError:
            return None  # cleaned up, or of another schema or taxonomy: nobody can be asked to serve it
