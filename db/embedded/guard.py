"""Becomes another program that is sent a signal when the process which started it dies.

Run as a script, `python -I -S guard.py PARENT_PID SIGNAL UID GID PROGRAM ARGUMENT...`: takes on the user (UID
-1: stays who it is), asks the kernel for SIGNAL on the parent's death, and execs PROGRAM under the same
process id. Stands alone on the standard library so that it costs one bare interpreter start (about 15 ms) and
can be started as any user.

Linux only. The kernel means the parent *thread*: the starter must be one that lives as long as the process
does.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int, signal_number: int) -> None:
    """Ask the kernel for `signal_number` when the parent dies; exits at once where it is dead already.

    Must follow any change of user, which clears the setting (prctl(2)). It survives exec.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:
        os._exit(1)


def become_user(uid: int, gid: int) -> None:
    """Give up root for `uid` and `gid`, with no further groups."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Exec `arguments[4:]` as described above; does not return."""
    parent_pid, signal_number, uid, gid = (int(argument) for argument in arguments[:4])
    if uid >= 0:
        become_user(uid, gid)
    die_with_parent(parent_pid, signal_number)
    os.execv(arguments[4], arguments[4:])  # noqa: S606 - the purpose of this file


if __name__ == "__main__":
    main(sys.argv[1:])
