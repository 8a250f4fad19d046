"""A local system to measure: one that runs already, or one started for the measurement and stopped after it."""

import argparse
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from commands import system
from deployments.local import registry
from deployments.local.registry import SystemState

LOOPBACK = "127.0.0.1"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that say which system: `--url` of one that runs, or `--data` of one to use or start."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--url", help="address of a running local system")
    chosen.add_argument("--data", type=Path, help="data folder; its system is started unless it runs")


@contextmanager
def local_system(url: str | None, data: Path | None) -> Iterator[SystemState]:
    """Yield the system of the options; its process ids and folder are known, because it runs on this machine.

    Raises:
        SystemExit: no local system answers at the address.
    """
    if url is not None:
        yield _at(url)
        return
    assert data is not None
    running = registry.system_of(data)
    if running is not None:
        yield running
        return
    state = system.start_detached(data.resolve(), free_port(), dashboard=False, judge=False)
    try:
        yield state
    finally:
        system.down(data=data)


@contextmanager
def own_system(data: Path, config: Path, environment: Mapping[str, str]) -> Iterator[SystemState]:
    """Yield a system started for the measurement with a Serve configuration and an environment of its own.

    Raises:
        CommandError: one runs on the folder already, or it did not become ready.
    """
    state = system.start_detached(
        data.resolve(), free_port(), dashboard=False, config=config, judge=False, environment=environment
    )
    try:
        yield state
    finally:
        system.down(data=data)


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _at(url: str) -> SystemState:
    for state in registry.running_systems():
        if state.base_url == url.rstrip("/").replace("localhost", LOOPBACK):
            return state
    raise SystemExit(f"no local system answers at {url}; `leads status` lists those that run")
