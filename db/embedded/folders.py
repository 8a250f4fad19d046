"""Folders of a local system: short ones for sockets, and the permissions to enter them."""

import hashlib
import logging
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from ranking.errors import Unavailable

_log = logging.getLogger(__name__)

# A unix socket's path holds at most 107 bytes, and the longest name below these folders (HAProxy's, with
# Ray's node id, while it binds) takes 85 of them.
_LONGEST_TEMPORARY = 6


def runtime_root() -> Path:
    """Return this user's folder for sockets and the index of running systems, `/tmp/leads-UID`.

    Others may enter it (the database's account must) but neither list nor write it.

    Raises:
        Unavailable: somebody else made the folder first.
    """
    temporary = tempfile.gettempdir()
    if len(temporary) > _LONGEST_TEMPORARY:
        temporary = "/tmp"  # noqa: S108 - a longer one leaves no room; ownership is checked below
    root = Path(temporary) / f"leads-{os.getuid()}"
    root.mkdir(mode=0o711, exist_ok=True)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Unavailable("runtime folder", f"{root} belongs to somebody else; remove it")
    root.chmod(0o711)
    return root


def runtime_folder(data_dir: Path) -> Path:
    """Return the path of the short folder for the sockets of the system whose data lie in `data_dir`."""
    key = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:8]
    return runtime_root() / key


def make_runtime_folder(data_dir: Path) -> Path:
    """Return `runtime_folder(data_dir)`, made where it is missing."""
    folder = runtime_folder(data_dir)
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


def drop_runtime_folder(data_dir: Path) -> None:
    """Remove `runtime_folder(data_dir)` unless something still lies in it."""
    with suppress(OSError):
        runtime_folder(data_dir).rmdir()


def let_enter(folder: Path) -> None:
    """Make `folder` reachable for other accounts: each folder above gets the search bit (not the read bit).

    Needed only where we are root and the server may not be; a folder that had to be opened is logged.
    """
    for above in folder.resolve().parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            _log.warning("made %s searchable for other accounts: the database does not run as root", above)
