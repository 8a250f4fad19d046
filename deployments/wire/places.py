"""Where doors are: sockets in one folder per user, cluster and application."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

import ray
from ray import serve

from ranking.errors import ArtifactError

_SUFFIX = ".sock"


def meeting_place(cluster: str, application: str, root: Path | None = None) -> Path:
    """The folder in which all replicas of `application` on this machine meet; a socket's path may have 107 bytes only."""
    digest = hashlib.sha256(f"{cluster}\n{application}".encode()).hexdigest()[:12]
    return (root or Path(tempfile.gettempdir())) / f"leads-wire-{os.getuid()}" / digest


def replicas_meet() -> Path:
    """The meeting place of the replica that asks."""
    return meeting_place(ray.get_runtime_context().gcs_address, serve.get_replica_context().app_name)


def secure(folder: Path) -> None:
    """Make `folder` and its parent ours alone: what comes through a door is unpickled.

    Raises:
        ArtifactError: somebody else owns one of them, or it is a link.
    """
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)
        found = each.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise ArtifactError(str(each), "is not a folder that only this user can use")


def door_path(folder: Path, node: str, token: str) -> Path:
    """The socket of one replica of `node`."""
    return folder / f"{node}.{token}{_SUFFIX}"


def node_of(path: Path) -> str | None:
    """The node whose door `path` is; None when it is no door."""
    node, _, rest = path.name.partition(".")
    return node if rest.endswith(_SUFFIX) else None
