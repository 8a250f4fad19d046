"""Runs one peer on a data folder, Postgres included, as one tree of processes until SIGTERM.

`python -m bench.peers.hosting PEER DATA PORT READY_FOLDER`. The database is the folder's own embedded one, migrated and with a published
snapshot as `leads up` leaves it; what a peer needs beside that is made under DATA/peers.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench import running
from bench.variant import Variant
from bench.variant import running as running_variant
from commands import first_snapshot
from db import migrate
from db.embedded import EmbeddedPostgres
from db.embedded.process import ServerProcess
from db.snapshot.reader import current_generation

WORKERS = 2
DEFAULTS = Variant("defaults", throughput=False, plain_handles=True, coalesce=False, own_limits=False)
_PROJECT = Path(__file__).parents[2]
_START_TIMEOUT_S = 400.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Served:
    """A peer that answers: its address, and the process below which all of it runs."""

    base_url: str
    pid: int


def _uvicorn(application: str) -> Callable[[int], list[str]]:
    options = ["--factory", "--host", running.LOOPBACK, "--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools",
               "--no-access-log", "--log-level", "warning", "--timeout-worker-healthcheck", "60"]  # fmt: skip
    return lambda port: [
        sys.executable,
        "-m",
        "uvicorn",
        f"bench.peers.{application}:app",
        *options,
        "--port",
        str(port),
    ]


COMMANDS: Mapping[str, Callable[[int], list[str]]] = {
    "fastapi": _uvicorn("fastapi_app"),
    "litserve": lambda port: [sys.executable, "-m", "bench.peers.litserve_app", str(port), str(WORKERS)],
    "plain": _uvicorn("plain_app"),
}
USUAL = frozenset(("fastapi", "litserve"))


@contextmanager
def serving(peer: str, data: Path) -> Iterator[Served]:
    """Yield one of `ours`, `defaults` and the keys of `COMMANDS`, serving `data`; stop it after.

    Raises:
        RuntimeError, Unavailable: it did not become ready.
    """
    if peer == "ours":
        with running.local_system(None, data) as state:
            yield Served(state.base_url, state.pid)
        return
    if peer == "defaults":
        with (
            tempfile.TemporaryDirectory() as folder,
            running_variant(DEFAULTS, data, Path(folder) / "defaults.yaml") as state,
        ):
            yield Served(state.base_url, state.pid)
        return
    with _hosted(peer, data) as served:
        yield served


@contextmanager
def _hosted(peer: str, data: Path) -> Iterator[Served]:
    port = running.free_port()
    with tempfile.TemporaryDirectory() as ready:
        process = ServerProcess(
            f"peer {peer}", [sys.executable, "-m", "bench.peers.hosting", peer, str(data), str(port), ready],
            log=data / "logs" / f"peer-{peer}.log", on_parent_death=signal.SIGTERM,
            environment={**os.environ, "PYTHONPATH": str(_PROJECT)},
        )  # fmt: skip
        try:
            process.wait_until(lambda: len(list(Path(ready).iterdir())) >= WORKERS, _START_TIMEOUT_S, _POLL_S)
            yield Served(f"http://{running.LOOPBACK}:{port}", process.pid)
        finally:
            process.stop(((signal.SIGTERM, _STOP_TIMEOUT_S),))


def say_ready() -> None:
    """Called by each worker of a peer once it can answer."""
    (Path(os.environ["PEER_READY"]) / str(os.getpid())).touch()


def host(peer: str, data: Path, port: int, ready: Path) -> None:
    """Start the database, prepare what is missing, run the peer until a signal."""
    with ExitStack() as stack:
        dsn = stack.enter_context(EmbeddedPostgres(data))
        migrate.upgrade(dsn)
        first_snapshot.ensure(dsn, data)
        metrics = stack.enter_context(tempfile.TemporaryDirectory())
        environment = {
            **os.environ, "DATABASE_URL": dsn, "PEER_DATA": str(data), "PEER_READY": str(ready),
            "PROMETHEUS_MULTIPROC_DIR": metrics, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        }  # fmt: skip
        if peer in USUAL and not (data / "peers" / current_generation(data / "snapshots")).exists():
            build = [sys.executable, "-m", "bench.peers.usual.corpus", str(data)]
            subprocess.run(build, cwd=_PROJECT, env=environment, check=True)
        server = ServerProcess(
            peer, COMMANDS[peer](port), log=data / "logs" / f"peer-{peer}-server.log",
            on_parent_death=signal.SIGTERM, environment=environment,
        )  # fmt: skip
        stack.callback(_end_group, server.pid)
        stack.callback(server.stop, ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0)))
        server.wait()
        server.check()


def _end_group(leader_pid: int) -> None:
    """End what the peer's first process left behind: LitServe 0.2 leaves its workers running when it is ended by a signal."""
    with suppress(ProcessLookupError):
        os.killpg(leader_pid, signal.SIGKILL)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments: list[str]) -> None:
    """Host until SIGTERM."""
    peer, data, port, ready = arguments
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        host(peer, Path(data).resolve(), int(port), Path(ready))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
