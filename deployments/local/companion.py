"""A process beside the graph that queries can do without: started with the system, started again when it ends, and never its end."""

import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from db.embedded.process import ServerProcess
from deployments.local.ingestion import Attempts
from deployments.local.registry import CompanionState

_log = logging.getLogger(__name__)
_PATIENCE_S = 5.0


class Companion:
    """One such process of one running system. Call `watch` from the main thread, several times a second.

    It must bear to be killed at any time; what it says goes to `DATA/logs/<name>.log`.
    """

    def __init__(
        self, name: str, command: tuple[str, ...], data_dir: Path, environment: Mapping[str, str]
    ) -> None:
        self._name = name
        self._command = command
        self._log_file = data_dir / "logs" / f"{name}.log"
        self._environment = environment
        self._process: ServerProcess | None = None
        self._ended_with: str | None = None
        self._attempts = Attempts(time.monotonic)

    def __enter__(self) -> "Companion":
        self.watch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.stop(((signal.SIGTERM, _PATIENCE_S),))

    @property
    def state(self) -> CompanionState:
        """What to tell of it."""
        if self._process is not None and self._process.running:
            return CompanionState(pid=self._process.pid, ended_with=None)
        return CompanionState(pid=None, ended_with=self._ended_with)

    def watch(self) -> None:
        """Start it unless it runs."""
        if self._process is not None:
            if self._process.running:
                return
            if self._ended_with is None:
                self._ended_with = self._process.last_words()
                _log.warning("%s ended and is started again: %s", self._name, self._ended_with)
        if not self._attempts.due:
            return
        self._attempts.begin()
        self._ended_with = None
        self._process = ServerProcess(
            self._name,
            self._command,
            log=self._log_file,
            on_parent_death=signal.SIGKILL,
            environment=self._environment,
        )
