"""A server process of ours: started under a guard, watched until ready, stopped with rising insistence."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from db.embedded import guard
from ranking.errors import Unavailable

_POLL_S = 0.01
_LOG_KEEP_BYTES = 8 << 20


@dataclass(frozen=True)
class User:
    """The account a child runs as."""

    uid: int
    gid: int


class FolderLock:
    """The right to run one server on a folder, held by us *and* by the server and all it forks.

    An flock belongs to the open file description, which children inherit: it is free only once the last
    process of a killed system is gone, which is exactly when its folder may be used again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor: int | None = None

    def acquire(self, timeout_s: float) -> None:
        """Take the lock, waiting at most `timeout_s` for a dying server to let go.

        Raises:
            Unavailable: another system still runs on the folder.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_up_at = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    os.close(descriptor)
                    raise Unavailable(
                        self._path.stem, f"{self._path.parent} is in use by another running system"
                    ) from None
                time.sleep(_POLL_S)
            else:
                self.descriptor = descriptor
                return

    def release(self) -> None:
        """Let go of our share of the lock; does nothing where it is not held."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


def guarded_command(
    command: Sequence[str], *, on_parent_death: signal.Signals, user: User | None = None
) -> list[str]:
    """The command line that runs `command` under the guard, to be started by this very process."""
    uid, gid = (user.uid, user.gid) if user else (-1, -1)
    wrapper = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid())]
    return [*wrapper, str(int(on_parent_death)), str(uid), str(gid), *command]


class ServerProcess:
    """One running child; its output goes to `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        on_parent_death: signal.Signals,
        user: User | None = None,
        environment: Mapping[str, str] | None = None,
        keep_open: tuple[int, ...] = (),
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(
                f"{name} must be started from the main thread: the kernel would end it with this one"
            )
        self._name = name
        self._log = log
        _bound(log)
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                guarded_command(command, on_parent_death=on_parent_death, user=user),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment) if environment is not None else None,
                pass_fds=keep_open,
                start_new_session=True,
                umask=0o077,
            )

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raise `Unavailable` with the last line of the log where the server has ended."""
        if not self.running:
            code = self._process.returncode
            raise Unavailable(self._name, f"ended with code {code}: {self.last_words()}")

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, poll_s: float = _POLL_S) -> None:
        """Return once `ready()` holds.

        Raises:
            Unavailable: the server ended first, or `timeout_s` passed; carries the last line of its log.
        """
        give_up_at = time.monotonic() + timeout_s
        while not ready():
            self.check()
            if time.monotonic() >= give_up_at:
                raise Unavailable(self._name, f"not ready after {timeout_s:g} s: {self.last_words()}")
            time.sleep(poll_s)

    def wait(self, timeout_s: float | None = None) -> int:
        """Return the exit code once the server has ended; `subprocess.TimeoutExpired` after `timeout_s`."""
        return self._process.wait(timeout_s)

    def stop(self, insistence: Sequence[tuple[signal.Signals, float]]) -> None:
        """End the server: send each signal in turn and wait its seconds, then kill."""
        for signal_, patience_s in insistence:
            if not self.running:
                return
            self._process.send_signal(signal_)
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
        if self.running:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The last line this run of the server logged, with the file it is in."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode("utf-8", "replace").split("\n")
        spoken = [line.strip() for line in lines if line.strip()]
        return f"{spoken[-1] if spoken else 'no output'} (log: {self._log})"


class EmbeddedServer(ABC):
    """What the embedded servers share: a context manager around `start` and `stop`, giving the address."""

    _process: ServerProcess | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the started server."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the server was started and has not ended."""
        return self._process is not None and self._process.running

    @abstractmethod
    def start(self) -> str:
        """Start the server and return its address."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server and free its folder."""

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _bound(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_KEEP_BYTES:
        log.replace(log.with_name(log.name + ".1"))
