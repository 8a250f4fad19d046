"""Work that is not urgent gives way to queries on the same machine."""

import os
from contextlib import suppress
from pathlib import Path

BESIDE_QUERIES = 10
"""Niceness of what may be a second later: a ninth of a query's claim. The lowest, 19, is a seventieth, with which the intake stood still
on a machine with ten processes in line: its transactions ended before their time and were begun again.
"""
_AUTOGROUP = Path("/proc/self/autogroup")


def give_way(niceness: int = BESIDE_QUERIES) -> None:
    """Lower this process' claim to the processors by `niceness`; what it starts inherits that.

    Where Linux groups processes by session, niceness counts within the group alone, and the group has its own: that is set too.
    Source: sched(7), "The autogroup feature".
    """
    own = os.nice(niceness)
    if os.getsid(0) == os.getpid():  # else the group is that of others as well
        with suppress(OSError):  # no such groups here, or set by another a moment ago
            _AUTOGROUP.write_text(str(own))
