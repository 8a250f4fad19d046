"""A process beside the graph: told of while it runs, started again when it ends, gone with its owner."""

import os
import signal
import sys
from pathlib import Path

import psutil

from deployments.local.companion import Companion
from deployments.local.registry import CompanionState
from tests.fixtures.processes import wait_until

_STAYS = (sys.executable, "-c", "import signal; signal.pause()")
_FAILS = (sys.executable, "-c", "import sys; sys.exit('no such table')")


def test_it_is_told_of_while_it_runs_and_ends_with_its_owner(tmp_path: Path) -> None:
    with Companion("judging", _STAYS, tmp_path, os.environ) as companion:
        pid = companion.state.pid
        assert pid is not None
        companion.watch()
        assert companion.state == CompanionState(pid=pid, ended_with=None)
    assert not psutil.pid_exists(pid)


def test_who_is_killed_is_started_again(tmp_path: Path) -> None:
    with Companion("judging", _STAYS, tmp_path, os.environ) as companion:
        first = companion.state.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def another() -> bool:
            companion.watch()
            return companion.state.pid not in (None, first)

        wait_until(another)


def test_why_it_ended_is_told_until_it_runs_again(tmp_path: Path) -> None:
    with Companion("judging", _FAILS, tmp_path, os.environ) as companion:

        def ended() -> bool:
            companion.watch()
            return companion.state.pid is None

        wait_until(ended)
        told = companion.state.ended_with
        assert told is not None
        assert told.startswith("no such table")
        assert "judging.log" in told
