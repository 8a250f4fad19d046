"""The replicas of each node that run on this machine, second by second."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from bench.processes import name_of

EVERY_S = 1.0


@dataclass(frozen=True)
class Course:
    """Replicas of each node at times since the start, and the CPU share they used together since the time before."""

    at_s: Sequence[float]
    replicas: Mapping[str, Sequence[int]]
    cpu_share: Mapping[str, Sequence[float]]


class ReplicaCourse:
    """Counts the replicas of `nodes` below `root_pid` in a thread while it is entered; then `course` tells."""

    def __init__(self, root_pid: int, nodes: Sequence[str]) -> None:
        self._root_pid, self._nodes = root_pid, tuple(nodes)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="replica-course", daemon=True)
        self._at_s: list[float] = []
        self._counts: list[Counter[str]] = []
        self._cpu_s: list[dict[str, float]] = []

    def __enter__(self) -> "ReplicaCourse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def course(self) -> Course:
        """What was seen so far."""
        steps = list(zip(self._at_s, self._at_s[1:], self._cpu_s, self._cpu_s[1:], strict=False))
        return Course(
            tuple(self._at_s),
            {node: [seen[node] for seen in self._counts] for node in self._nodes},
            {
                node: [0.0] + [round(max(0.0, now[node] - then[node]) / (end - start), 3) for start, end, then, now in steps]
                for node in self._nodes
            },
        )  # fmt: skip

    def _follow(self) -> None:
        started_s = time.monotonic()
        while not self._end.is_set():
            self._look(time.monotonic() - started_s)
            self._end.wait(EVERY_S)

    def _look(self, at_s: float) -> None:
        counts: Counter[str] = Counter()
        cpu_s = dict.fromkeys(self._nodes, 0.0)
        for process in psutil.Process(self._root_pid).children(recursive=True):
            try:
                name = name_of(process.name(), process.cmdline())
                if name in cpu_s:
                    times = process.cpu_times()
                    counts[name] += 1
                    cpu_s[name] += times.user + times.system
            except psutil.Error:  # it ended meanwhile
                continue
        self._at_s.append(round(at_s, 2))
        self._counts.append(counts)
        self._cpu_s.append(cpu_s)
