"""The keeper: whatever a kept program leaves behind ends with it."""

import os
import signal

import psutil
import pytest

from deployments.local import keeper
from tests.fixtures.processes import child, wait_until, wait_until_gone

# A program that leaves a grandchild in a session of its own behind, as a daemon would, and prints both numbers.
_LEAVES_ONE_BEHIND = (
    "import os, subprocess, sys, time\n"
    "orphan = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    "print(os.getpid(), orphan.pid, flush=True)\n"
)
_KEEP = (
    "import os, sys\n"
    "os.execv(sys.executable, [sys.executable, '-I', '-S', sys.argv[1], sys.executable, '-c', sys.argv[2]])\n"
)


def test_what_the_program_leaves_ends_when_it_ends() -> None:
    with child(_KEEP, keeper.__file__, _LEAVES_ONE_BEHIND) as kept:
        orphan = int(kept.readline().split()[1])
        wait_until(lambda: not psutil.pid_exists(orphan))
        assert kept.wait() == 0


def test_the_exit_code_is_the_programs() -> None:
    with child(_KEEP, keeper.__file__, "import sys; print('x', flush=True); sys.exit(7)") as kept:
        kept.readline()
        assert kept.wait() == 7


def test_a_killed_program_is_told_by_128_and_the_signal() -> None:
    program = "import os; print('x', flush=True); os.kill(os.getpid(), 9)"
    with child(_KEEP, keeper.__file__, program) as kept:
        kept.readline()
        assert kept.wait() == 128 + 9


@pytest.mark.parametrize(
    "then", ["time.sleep(600)", "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"]
)
def test_sigterm_ends_all_even_what_ignores_it(then: str) -> None:
    program = f"import signal, time\n{_LEAVES_ONE_BEHIND}{then}\n"
    with child(_KEEP, keeper.__file__, program) as kept:
        family = [psutil.Process(int(pid)) for pid in kept.readline().split()]
        os.kill(kept.pid, signal.SIGTERM)
        wait_until_gone(family, timeout_s=10.0)
        assert kept.wait() == 0
