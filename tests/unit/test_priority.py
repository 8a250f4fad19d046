"""What gives way: niceness of the process, and of its group where it leads a session."""

import subprocess
import sys
from pathlib import Path

GROUP = Path("/proc/self/autogroup")
SAYS = """
import os
from commands.priority import BESIDE_QUERIES, give_way
before = os.nice(0)
give_way()
print(os.nice(0) == min(19, before + BESIDE_QUERIES))
"""


def lowered(own_session: bool, then: str = "") -> list[str]:
    """What a process that has given way says of itself."""
    done = subprocess.run(
        [sys.executable, "-c", SAYS + then],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, start_new_session=own_session, timeout=60,
    )  # fmt: skip
    return done.stdout.split()


def test_a_process_that_leads_its_session_takes_its_group_along():
    if not GROUP.exists():
        assert lowered(own_session=True) == ["True"]
        return
    then = f"print(open('{GROUP}').read().split()[-1] == str(os.nice(0)))"
    assert lowered(own_session=True, then=then) == ["True", "True"]


def test_one_that_does_not_lowers_itself_alone():
    before = GROUP.read_text() if GROUP.exists() else ""
    assert lowered(own_session=False) == ["True"]
    assert (GROUP.read_text() if GROUP.exists() else "") == before
