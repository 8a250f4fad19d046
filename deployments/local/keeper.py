"""Runs a program and answers for all it leaves behind: when either ends, every descendant is killed.

Run as a script, `python -I -S keeper.py PROGRAM ARGUMENT...`. Ray's agents, for one, outlive a killed node by
a minute (they first report to the control store that died with it). The keeper adopts orphans, as a
container's init does, so none escapes; SIGTERM, which its starter's death sends it too (`db.embedded.guard`),
ends all.

Exit code: the program's, 0 after SIGTERM. Linux only; stands alone on the standard library.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")


def reap_until(pid: int) -> int:
    """Collect ended children until `pid` is among them; return its exit code."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def kill_descendants() -> None:
    """Kill children until none is left; those of a killed one become ours and follow."""
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)  # a child of ours stays addressable until we collect it
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main(arguments: list[str]) -> int:
    """Run `arguments` to its end or ours."""
    signal.signal(signal.SIGTERM, _end)
    code = 0
    try:
        adopt_orphans()
        program = subprocess.Popen(arguments)  # noqa: S603 - what our starter names
        code = reap_until(program.pid)
        program.returncode = code
    except SystemExit:
        pass
    finally:
        kill_descendants()
    return code if code >= 0 else 128 - code


def _children() -> list[int]:
    own = str(os.getpid())
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in processes if _parent(entry) == own]


def _parent(entry: Path) -> str:
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _end(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's arguments
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
