"""The process beside the graph that brings what changes into the served snapshot: started again when it ends."""

import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from db.embedded.process import ServerProcess
from deployments.local.ingestion import Attempts

_log = logging.getLogger(__name__)
_PATIENCE_S = 5.0


class FollowerProcess:
    """The follower of one running system. Call `watch` from the main thread, several times a second."""

    def __init__(self, data_dir: Path, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._data_dir = data_dir
        self._command = command
        self._environment = environment
        self._process: ServerProcess | None = None
        self._attempts = Attempts(time.monotonic)

    def __enter__(self) -> "FollowerProcess":
        self.watch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop(((signal.SIGTERM, _PATIENCE_S),))

    def watch(self) -> None:
        """Start it unless it runs."""
        if (self._process is not None and self._process.running) or not self._attempts.due:
            return
        if self._process is not None:
            _log.warning("the follower ended and is started again: %s", self._process.last_words())
        self._attempts.begin()
        self._process = ServerProcess(
            "freshness",
            [*self._command, str(self._data_dir)],
            log=self._data_dir / "logs" / "freshness.log",
            on_parent_death=signal.SIGKILL,  # it goes on from what is published
            environment=self._environment,
        )
