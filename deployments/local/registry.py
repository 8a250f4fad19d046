"""Which local systems run, and where: a state file in each data folder, an index of the folders per user."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from db.embedded.folders import runtime_folder, runtime_root
from deployments.local.haproxy_config import LOOPBACK

Phase = Literal["starting", "ready", "stopping"]

_STATE_FILE = "system.json"


class IngestState(BaseModel):
    """Where the intake reads from, and its process; `intake_pid` is None while it is being started again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str
    is_embedded: bool
    intake_pid: int | None


class CompanionState(BaseModel):
    """A process beside the graph; `pid` is None while it waits to be started again, having `ended_with` these words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int | None
    ended_with: str | None


class SystemState(BaseModel):
    """What a running system says about itself; secrets stay out of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path
    pid: int
    process_started_at: float  # of `pid`, s since the epoch: another process may get the same number later
    phase: Phase
    http_port: int
    dashboard_port: int | None
    dashboard_token_file: Path | None
    ingest: IngestState | None = None  # None: no broker is installed or named, or not yet
    freshness: CompanionState | None = None  # what adds changes to the snapshot; None: not wanted, or not yet
    judging: CompanionState | None = None  # of suppliers, likewise

    @property
    def base_url(self) -> str:
        """Where its HTTP interface answers."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @property
    def started_at(self) -> datetime:
        """When its supervisor started."""
        return datetime.fromtimestamp(self.process_started_at, UTC)

    @property
    def alive(self) -> bool:
        """Whether its supervisor still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.process_started_at) < 1.0
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def publish(state: SystemState) -> None:
    """Make `state` known: the file in its data folder, replaced atomically, and its place in the index."""
    path = state.data_dir / _STATE_FILE
    partial = path.with_name(_STATE_FILE + ".partial")
    partial.write_text(state.model_dump_json(indent=2), encoding="utf-8")
    partial.chmod(0o600)
    os.replace(partial, path)
    index = _index()
    index.mkdir(mode=0o700, exist_ok=True)
    (index / runtime_folder(state.data_dir).name).write_text(str(state.data_dir), encoding="utf-8")


def withdraw(data_dir: Path) -> None:
    """Forget the system of `data_dir`; nothing happens where none is known."""
    (data_dir / _STATE_FILE).unlink(missing_ok=True)
    (_index() / runtime_folder(data_dir).name).unlink(missing_ok=True)


def system_of(data_dir: Path) -> SystemState | None:
    """Return the system that runs on `data_dir`, None where none does."""
    try:
        text = (data_dir / _STATE_FILE).read_text(encoding="utf-8")
        state = SystemState.model_validate_json(text)
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    return state if state.alive else None


def running_systems() -> tuple[SystemState, ...]:
    """Return every running system of this user, by data folder."""
    index = _index()
    if not index.is_dir():
        return ()
    folders = sorted(Path(entry.read_text(encoding="utf-8")) for entry in index.iterdir())
    found = (system_of(folder) for folder in folders)
    return tuple(state for state in found if state is not None)


def forget_dead() -> None:
    """Drop what systems that were killed left in the index and in their short folders."""
    index = _index()
    for entry in index.iterdir() if index.is_dir() else ():
        folder = Path(entry.read_text(encoding="utf-8"))
        if system_of(folder) is None:
            shutil.rmtree(runtime_folder(folder), ignore_errors=True)
            entry.unlink(missing_ok=True)


def this_process() -> tuple[int, float]:
    """Return `(pid, process_started_at)` of the caller."""
    process = psutil.Process()
    return process.pid, process.create_time()


def _index() -> Path:
    return runtime_root() / "systems"
