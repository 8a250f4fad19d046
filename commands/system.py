"""`leads up`, `leads down`, `leads status`: the local system."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from commands import first_snapshot
from commands.failure import CommandError
from commands.signers import register_local
from commands.target import DataOption, choose, folder_to_start
from configs.streams import StreamSettings
from db.pool import open_pool
from db.settings import Settings
from deployments.local import registry
from deployments.local.registry import SystemState

_SERVE_CONFIG = Path(__file__).parents[1] / "configs" / "serve.yaml"
_START_TIMEOUT_S = 600.0  # the first snapshot of a large database is built on the way
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.1


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready; it runs on.")] = False,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port of the HTTP interface.")] = 8000,
    data: DataOption = None,
    dashboard: Annotated[bool, typer.Option(help="Run Ray's dashboard, too (about 0.3 GiB).")] = True,
    config: Annotated[Path, typer.Option(help="Serve configuration.", show_default=False)] = _SERVE_CONFIG,
    ingest: Annotated[
        bool,
        typer.Option(help="Read snippets and outcomes from Kafka, too; brings a broker unless one is named."),
    ] = True,
    judge: Annotated[
        bool, typer.Option(help="Judge suppliers every hour, and read their new texts every two seconds.")
    ] = True,
) -> None:
    """Start the local system: Postgres, Redis, Ray, the service and a Kafka broker, reachable from this machine only."""
    folder = folder_to_start(data, os.environ)
    if detach:
        _print(start_detached(folder, port, dashboard=dashboard, config=config, ingest=ingest, judge=judge))
        return
    # A second of imports that only this needs.
    from deployments.local.ingestion import IngestPlan  # noqa: PLC0415
    from deployments.local.system import Plan, run  # noqa: PLC0415

    servers = StreamSettings().kafka_bootstrap_servers

    def prepare(database_url: str, data_dir: Path) -> None:
        first_snapshot.ensure(database_url, data_dir)
        if ingest and servers is None:
            asyncio.run(_register_local(database_url, data_dir))

    reading = IngestPlan((sys.executable, "-m", "commands.intake"), servers) if ingest else None
    following = (sys.executable, "-m", "commands.freshness")
    judging = (sys.executable, "-m", "commands.supplier_watch") if judge else None
    plan = Plan(folder, port, config, prepare, dashboard, ingest=reading, follow=following, judge=judging)
    try:
        run(plan, Settings(), _print)
    except KeyboardInterrupt:
        Console().print("Stopped.")


def down(data: DataOption = None) -> None:
    """Stop a system that runs on this machine; its data stay."""
    target = choose(data, None, os.environ)
    if target.running is None:
        Console().print(f"No system runs on {target.folder()}.")
        return
    process = psutil.Process(target.running.pid)
    process.terminate()
    give_up_at = time.monotonic() + _STOP_TIMEOUT_S
    while target.running.alive:
        if time.monotonic() >= give_up_at:
            process.kill()  # its servers end with it
        time.sleep(_POLL_S)
    Console().print(f"Stopped the system on {target.folder()}.")


def status(
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each system.")] = False,
) -> None:
    """Show the systems that run on this machine, or the one of --data."""
    if data is None and not os.environ.get("LEADS_DATA"):
        systems = registry.running_systems()
    else:
        running = choose(data, None, os.environ).running
        systems = (running,) if running else ()
    console = Console(highlight=False, soft_wrap=True)
    for state in systems:
        if as_json:
            console.print_json(state.model_dump_json(), indent=None)
        else:
            console.print(f"{state.phase}  {state.base_url}  {state.data_dir}", end="")
            console.print(f"  (pid {state.pid}, since {state.started_at:%Y-%m-%d %H:%M:%S} UTC)")
            _print_ingest(console, state)
            _print_beside(console, state)
    if not systems and not as_json:
        console.print("No system runs.")


def start_detached(
    folder: Path,
    port: int,
    *,
    dashboard: bool = True,
    config: Path = _SERVE_CONFIG,
    ingest: bool = True,
    judge: bool = True,
    environment: Mapping[str, str] | None = None,
) -> SystemState:
    """Start a system in a process of its own and return once it is ready; `environment` comes on top of this process's.

    Raises:
        CommandError: it runs already, or did not become ready.
    """
    running = registry.system_of(folder)
    if running is not None:
        raise CommandError(f"a system runs on {folder} already, at {running.base_url}")
    log = folder / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    shown = "--dashboard" if dashboard else "--no-dashboard"
    reading = "--ingest" if ingest else "--no-ingest"
    judging = "--judge" if judge else "--no-judge"
    options = [
        "--data",
        str(folder),
        "--port",
        str(port),
        "--config",
        str(config.resolve()),
        shown,
        reading,
        judging,
    ]
    with log.open("wb") as output:
        supervisor = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-m", "cli", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    try:
        while time.monotonic() < give_up_at:
            if supervisor.poll() is not None:
                lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [
                    "no output"
                ]
                raise CommandError(f"{lines[-1].removeprefix('leads: ')} (log: {log})")
            state = registry.system_of(folder)
            if state is not None and state.phase == "ready":
                supervisor.returncode = 0  # it runs on without us: no warning that it was not waited for
                return state
            time.sleep(_POLL_S)
        raise CommandError(f"not ready after {_START_TIMEOUT_S:g} s (log: {log})")
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise


def _print(state: SystemState) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Ready on {state.base_url}  (data: {state.data_dir})")
    console.print(f"  API docs   {state.base_url}/docs")
    console.print(f"  metrics    {state.base_url}/metrics")
    if state.dashboard_port is not None:
        console.print(
            f"  dashboard  http://127.0.0.1:{state.dashboard_port}  (token: {state.dashboard_token_file})"
        )
    _print_ingest(console, state)
    _print_beside(console, state)


def _print_ingest(console: Console, state: SystemState) -> None:
    if state.ingest is not None:
        whose = "own broker" if state.ingest.is_embedded else "outside brokers"
        pid = state.ingest.intake_pid
        intake = "intake is starting again" if pid is None else f"intake pid {pid}"
        console.print(f"  Kafka      {state.ingest.broker}  ({whose}, {intake})")


def _print_beside(console: Console, state: SystemState) -> None:
    for name, does, beside in (
        ("freshness", "changes are brought into rankings", state.freshness),
        ("judging", "suppliers are judged", state.judging),
    ):
        if beside is not None:
            told = f"{does} by pid {beside.pid}"
            if beside.pid is None:
                told = f"starting again, then {does}; it ended with: {beside.ended_with}"
            console.print(f"  {name:10} {told}")


async def _register_local(database_url: str, data_dir: Path) -> None:
    pool = await open_pool(database_url)
    try:
        await register_local(pool, data_dir)
    finally:
        await pool.close()
