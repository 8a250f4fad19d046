"""The processes of a local system by what they do, their CPU and their memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.record import mib

# A busy actor adds the method that runs: "ray::ServeController.listen_for_change()".
_ACTOR = "ray::"
_REPLICA = "ray::ServeReplica:"
_BY_PROGRAM = (
    ("deployments.local.application", "application"),
    ("commands.intake", "intake"),
    ("commands.freshness", "follower"),
    ("commands.supplier_watch", "supplier watch"),
    ("keeper.py", "keeper"),
    ("ray.scripts.scripts", "ray start"),
    ("dashboard.py", "dashboard"),
    ("log_monitor.py", "log monitor"),
    ("cli up", "supervisor"),
    ("bench.variant", "supervisor"),
)

TAKING_IN = ("intake", "follower", "supplier watch", "tansu", "postgres")
"""What takes messages in; Postgres has the queries' log to write as well."""


class Memory(NamedTuple):
    """Megabytes of 2**20 bytes: resident, proportional (shared pages divided among their users) and own."""

    rss_mib: float
    pss_mib: float
    uss_mib: float


@dataclass(frozen=True)
class _Reading:
    name: str
    cpu_s: float


class CpuMeter:
    """CPU seconds that the processes below `root_pid` (itself included) use from now on."""

    def __init__(self, root_pid: int) -> None:
        self._root_pid = root_pid
        self._before = _readings(root_pid)

    def spent_ms(self) -> dict[str, float]:
        """CPU milliseconds by kind of process; what a process that ended meanwhile had used is lost."""
        spent: dict[str, float] = defaultdict(float)
        for key, now in _readings(self._root_pid).items():
            before = self._before.get(key)
            spent[now.name] += 1000.0 * (now.cpu_s - (before.cpu_s if before else 0.0))
        return dict(spent)


def per_query(spent_ms: Mapping[str, float], queries: int) -> dict[str, float]:
    """CPU milliseconds per query by process, most first, `total` last; what rounds to nothing is left to the total."""
    shares = {name: spent / max(queries, 1) for name, spent in spent_ms.items()}
    shown = {name: round(share, 3) for name, share in sorted(shares.items(), key=lambda item: -item[1])}
    return {
        **{name: share for name, share in shown.items() if share > 0.0},
        "total": round(sum(shares.values()), 3),
    }


def memory(root_pid: int) -> dict[str, Memory]:
    """Memory by kind of process, of one system."""
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for process in _below(root_pid):
        try:
            full = process.memory_full_info()
            name = name_of(process.name(), process.cmdline())
        except psutil.NoSuchProcess:
            continue
        for place, size in enumerate((full.rss, full.pss, full.uss)):
            found[name][place] += size
    return {name: Memory(*(mib(size) for size in sizes)) for name, sizes in found.items()}


def peak_rss_mib(root_pid: int) -> dict[str, float]:
    """Highest resident memory that each kind of process ever had, most first (the kernel's own mark, start-up included)."""
    found: dict[str, float] = defaultdict(float)
    for process in _below(root_pid):
        try:
            name = name_of(process.name(), process.cmdline())
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        except (psutil.NoSuchProcess, OSError):
            continue
        marks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        found[name] += sum(int(kib) / 1024.0 for kib in marks)
    return {name: round(peak, 1) for name, peak in sorted(found.items(), key=lambda item: -item[1])}


def rss_mib(root_pid: int, name: str) -> float:
    """Resident memory of the processes of that name, now."""
    found = memory(root_pid).get(name)
    return found.rss_mib if found else 0.0


def name_of(program: str, command: Sequence[str]) -> str:
    """What a process does: a node of the graph by its name, one of Ray's parts, or a server."""
    line = " ".join(command).strip()  # a title that was made longer once keeps its length, in spaces
    if line.startswith(_REPLICA):
        return line.removeprefix(_REPLICA).rpartition(":")[2].partition(".")[0].split()[0]
    if line.startswith(_ACTOR):
        return line.removeprefix(_ACTOR).split()[0].partition(".")[0]
    for part, name in _BY_PROGRAM:
        if part in line:
            return name
    return program


def _below(root_pid: int) -> Iterator[psutil.Process]:
    root = psutil.Process(root_pid)
    yield root
    yield from root.children(recursive=True)


def _readings(root_pid: int) -> dict[tuple[int, float], _Reading]:
    found = {}
    for process in _below(root_pid):
        try:
            times = process.cpu_times()
            name = name_of(process.name(), process.cmdline())
            found[process.pid, process.create_time()] = _Reading(name, times.user + times.system)
        except psutil.NoSuchProcess:
            continue
    return found
