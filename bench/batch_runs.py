"""Runs of `leads batch` under watch: to the end, or killed on the way and resumed; their time, CPU, memory and lists."""

import json
import math
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

_ROOT = Path(__file__).parents[1]
_SAMPLE_S = (
    1.0  # proportional memory is summed over pages by the kernel: some 50 ms for all processes of a batch
)
_LOOK_S = 0.05
_GONE_S = 30.0
Lists = dict[str, list[tuple[str, float]]]
"""Leads with their scores, best first, by prompt."""


@dataclass(frozen=True)
class Run:
    """A run that reached its end.

    `start_s` is until its first part, of `first_prompts`, was done; `prompts` are those that this run answered. `cpu_s` is that of all
    processes of this run, `scoring_s` that of answering and writing all parts, whichever run did. `memory_mib` is the most that its
    processes had at once, shared pages divided among them; `worker_mib` the most resident memory of a worker.
    """

    wall_s: float
    start_s: float
    first_prompts: int
    prompts: int
    cpu_s: float
    scoring_s: float
    memory_mib: float
    worker_mib: float


class BatchJob:
    """One batch over the data of `folder`: its prompts are what the bodies of `POST /query` ask."""

    def __init__(self, bodies: Sequence[Mapping[str, Any]], folder: Path, scratch: Path, as_of: str) -> None:
        self.out = scratch / "out"
        self._prompts = len(bodies)
        prompts = scratch / "prompts.jsonl"
        scratch.mkdir(parents=True, exist_ok=True)
        prompts.write_text("".join(f"{json.dumps(_row(at, each))}\n" for at, each in enumerate(bodies)))
        self._command = [
            sys.executable, "-m", "cli", "batch", str(prompts), str(self.out), "--data", str(folder), "--as-of", as_of,
        ]  # fmt: skip

    def to_its_end(self, *options: str) -> Run:
        """Run it; `--resume` goes on where it was killed.

        Raises:
            RuntimeError: it failed.
        """
        started_s = time.monotonic()
        process = subprocess.Popen([*self._command, *options], cwd=_ROOT, stdout=subprocess.PIPE, text=True)
        with Watched(process.pid) as watched:
            told, _ = process.communicate()
        wall_s = time.monotonic() - started_s
        if process.returncode:
            raise RuntimeError(f"leads batch ended with {process.returncode}: {told[-500:]}")
        summary = json.loads((self.out / "summary.json").read_text())
        run = summary["run"]
        return Run(
            wall_s, wall_s - run["wall_s"] + run["start_s"], run["first_prompts"], run["prompts"], watched.cpu_s,
            summary["cpu_s"], watched.most_mib, run["peak_rss_mib"],
        )  # fmt: skip

    def killed(self, share: float) -> float:
        """Begin it and kill it with all its processes once that share of the prompts is answered; their most memory until then, MiB.

        Raises:
            RuntimeError: it ended before.
        """
        process = subprocess.Popen(
            self._command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with Watched(process.pid) as watched:
            while self.answered() < math.ceil(share * self._prompts):
                if process.poll() is not None:
                    raise RuntimeError(f"leads batch ended with {process.returncode} before it was killed")
                time.sleep(_LOOK_S)
            below = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
        for each in below:
            try:
                each.kill()
            except psutil.NoSuchProcess:  # it has followed its parent
                continue
        psutil.wait_procs(below, _GONE_S)
        return watched.most_mib

    def answered(self) -> int:
        """How many prompts are answered for good."""
        parts = sorted((self.out / "prompts").glob("part-*.parquet"))
        done = [each for each in parts if (self.out / "leads" / each.name).exists()]
        return sum(pq.read_metadata(each).num_rows for each in done)

    def lists(self) -> Lists:
        """Lead and score of every row, by prompt, in the order of the files."""
        found: Lists = {}
        for row in self._rows("leads", ("prompt_id", "lead_id", "score")):
            found.setdefault(row["prompt_id"], []).append((row["lead_id"], row["score"]))
        return found

    def faults(self) -> int:
        """Prompts that are missing or there twice, or whose ranks have a hole or come twice."""
        seen = Counter(row["prompt_id"] for row in self._rows("prompts", ("prompt_id",)))
        ranks: dict[str, list[int]] = defaultdict(list)
        for row in self._rows("leads", ("prompt_id", "rank")):
            ranks[row["prompt_id"]].append(row["rank"])
        wanted = {str(number) for number in range(self._prompts)}
        wrong = {each for each in wanted | seen.keys() if seen[each] != (each in wanted)}
        wrong |= {each for each, found in ranks.items() if found != list(range(1, len(found) + 1))}
        return len(wrong | (ranks.keys() - wanted))

    def _rows(self, folder: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
        paths = sorted((self.out / folder).glob("part-*.parquet"))
        return [row for path in paths for row in pq.read_table(path, columns=list(columns)).to_pylist()]


class Watched:
    """CPU and memory of a process and all below it, looked at once a second; use as a context manager."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent: dict[tuple[int, float], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.most_mib = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes as last seen."""
        return sum(self._spent.values())

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.wait(_SAMPLE_S):
            try:
                root = psutil.Process(self._pid)
                below = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self.most_mib = max(self.most_mib, sum(self._look(each) for each in below))

    def _look(self, process: psutil.Process) -> float:
        try:
            times = process.cpu_times()
            self._spent[process.pid, process.create_time()] = times.user + times.system
            return float(process.memory_full_info().pss) / 2**20
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return 0.0


def _row(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """A row that asks what a body asks."""
    asked = {name: body[name] for name in ("limit", "filters", "candidates") if name in body}
    return {"prompt_id": str(number), "prompt": body["query"], **asked}
