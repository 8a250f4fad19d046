"""`leads batch` as a user runs it, on Ray Data: killed at any point and resumed, nothing is missing and nothing is there twice."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.batch.parts import done_parts
from deployments.batch.rows import prompt_rows
from ingest.prompts import read_prompts
from tests.fixtures.batches import leads_in, prompts_in, scored
from tests.fixtures.processes import ROOT, wait_until, wait_until_gone
from tests.fixtures.served_app import AS_OF
from tests.fixtures.served_world import ServedWorld

PROMPTS = 160
PART = 4
_TIMEOUT_S = 180


class Batches:
    """Runs of one batch over the served world."""

    def __init__(self, world: ServedWorld, folder: Path, prompts: int) -> None:
        self.world = world
        self.file = folder / "prompts.jsonl"
        self.out = folder / "out"
        with (world.files / "prompts.jsonl").open() as file:
            lines = [json.loads(line)["prompt"] for line in islice(file, prompts)]
        lines += [f"{line}, please" for line in lines][: prompts - len(lines)]
        rows = [{"prompt_id": f"p{number}", "prompt": line} for number, line in enumerate(lines)]
        rows[prompts // 2]["prompt"] = ""
        self.file.write_text("".join(json.dumps(row) + "\n" for row in rows))

    @contextmanager
    def running(self, *options: str, workers: int = 1) -> Iterator["subprocess.Popen[str]"]:
        """A run; killed at the end if it still runs."""
        process = subprocess.Popen(
            [
                sys.executable, "-m", "cli", "batch", "--prompts", str(self.file), "--out", str(self.out), "--data",
                str(self.world.snapshots.parent), "--as-of", AS_OF, "--part", str(PART), "--workers", str(workers), *options,
            ],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": self.world.dsn, "RAY_ADDRESS": ""}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def to_its_end(self, *options: str) -> tuple[int, str, str]:
        """Exit code and output of a run."""
        with self.running(*options) as process:
            out, err = process.communicate(timeout=_TIMEOUT_S)
            return process.returncode, out, err

    def wait_for_parts(self, count: int, process: "subprocess.Popen[str]") -> None:
        """Return once so many parts are done, or the run has ended."""
        folder = self.out / "leads"
        wait_until(
            lambda: len(list(folder.glob("part-*.parquet"))) >= count or process.poll() is not None,
            _TIMEOUT_S,
        )
        assert process.poll() is None, process.communicate()[1]

    def uninterrupted(self, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """What all prompts come to, answered in one part by this process."""
        scored(self.world, folder, list(prompt_rows(read_prompts(self.file))))
        return leads_in(folder), prompts_in(folder)

    def assert_whole(self, folder: Path) -> None:
        """Every prompt is there once, with the leads it has when nothing is interrupted."""
        leads, prompts = self.uninterrupted(folder)
        assert leads_in(self.out) == leads
        found = prompts_in(self.out)
        assert [each["row"] for each in found.values()] == [each["row"] for each in prompts.values()]
        assert sum(account.prompts for account in done_parts(self.out).values()) == len(prompts)
        errors = [json.loads(line) for line in (self.out / "errors.jsonl").read_text().splitlines()]
        assert [each["code"] for each in errors] == ["invalid_query"]
        assert not list(self.out.glob("*/.part-*"))


def workers_of(pid: int) -> list[psutil.Process]:
    """The actors of a driver."""
    found = psutil.Process(pid).children(recursive=True)
    return [each for each in found if _title(each).startswith("ray::MapWorker")]


def kill_driver(process: "subprocess.Popen[str]") -> None:
    """kill -9; returns when all that it started is gone. Ray's agents would stay for another minute (Ray 2.60)."""
    children = psutil.Process(process.pid).children(recursive=True)
    agents = [each for each in children if _title(each).endswith("Agent")]
    process.send_signal(signal.SIGKILL)
    wait_until_gone([each for each in children if each not in agents], timeout_s=30.0)
    for agent in agents:
        agent.kill()


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).strip()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def test_a_batch_survives_its_driver_and_its_worker(served_world: ServedWorld, tmp_path: Path) -> None:
    batches = Batches(served_world, tmp_path, PROMPTS)
    with batches.running() as process:
        batches.wait_for_parts(3, process)
        kill_driver(process)
    finished = set(done_parts(batches.out))
    assert 3 <= len(finished) < PROMPTS // PART
    written = {path: path.stat().st_mtime_ns for path in (batches.out / "leads").glob("part-*.parquet")}
    with batches.running("--resume") as process:
        batches.wait_for_parts(len(finished) + 2, process)
        for worker in workers_of(process.pid):
            worker.kill()
        told, errors = process.communicate(timeout=_TIMEOUT_S)
        assert process.returncode == 0, errors
    assert "cost" in told
    assert {path: path.stat().st_mtime_ns for path in written} == written
    batches.assert_whole(tmp_path / "whole")
    summary = json.loads((batches.out / "summary.json").read_text())
    assert (summary["prompts"], summary["remarks"]) == (PROMPTS, {"invalid_query": 1})
    assert summary["run"]["prompts"] == PROMPTS - PART * len(finished)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(5))
def test_a_batch_killed_at_random_points_is_whole(
    served_world: ServedWorld, tmp_path: Path, seed: int
) -> None:
    """Drivers and workers in turn, after any number of parts, until all are done."""
    drawn = random.Random(seed)
    batches = Batches(served_world, tmp_path, PROMPTS)
    options: tuple[str, ...] = ()
    while len(parts := done_parts(batches.out) if batches.out.exists() else {}) < PROMPTS // PART - 8:
        with batches.running(*options, workers=2) as process:
            batches.wait_for_parts(len(parts) + drawn.randint(1, 6), process)
            victims = workers_of(process.pid)
            drawn.choice(victims).kill()
            batches.wait_for_parts(len(done_parts(batches.out)) + drawn.randint(1, 2), process)
            kill_driver(process)
        options = ("--resume",)
    code, _, errors = batches.to_its_end(*options)
    assert code == 0, errors
    batches.assert_whole(tmp_path / "whole")
