"""The history of a model registry: one small file per change, numbered, never altered; what is in force follows from it.

A change takes the next free number by a hard link, which one writer alone can make and which no reader sees half written. So several
machines may share the folder (a POSIX file system; NFS among them) without a lock.
"""

import os
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ranking.errors import ArtifactError

_FOLDER: Final = "history"
_DIGITS: Final = 8


class Change(BaseModel):
    """One entry of the history.

    Attributes:
        action: "promote" and "roll back" say what serves; "shadow" says what scores beside it.
        version: what is promoted, rolled back to, or shadowed; None for no shadow.
        replaced: what it takes the place of, if anything.
        by: who has asked for it; `reason` what for.
        forced: whether a refusal was overruled.
        share: of the queries that are scored in the shadow, 0 to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["promote", "roll back", "shadow"]
    version: str | None
    replaced: str | None
    at: datetime
    by: str
    reason: str = ""
    forced: bool = False
    share: float = Field(0.0, ge=0.0, le=1.0)


class InForce(BaseModel):
    """What a history comes to.

    Attributes:
        served: versions that a roll-back would go through, the one in production last.
        past: every version that was ever in production.
        shadow: the version that is scored beside production, and `share` of which share of the queries.
    """

    model_config = ConfigDict(frozen=True)

    served: tuple[str, ...] = ()
    past: frozenset[str] = frozenset()
    shadow: str | None = None
    share: float = 0.0

    @property
    def production(self) -> str | None:
        """The version that serves; None while nothing was promoted."""
        return self.served[-1] if self.served else None

    def after(self, change: Change) -> "InForce":
        """What is in force once `change` is.

        A shadow that becomes production has nothing to be compared with any more, so it ends.
        """
        if change.action == "shadow":
            return self.model_copy(update={"shadow": change.version, "share": change.share})
        version = change.version or ""
        served = (*self.served, version) if change.action == "promote" else self.served[:-1]
        ended = {"shadow": None, "share": 0.0} if self.shadow == version else {}
        return self.model_copy(update={"served": served, "past": self.past | {version}, **ended})


def in_force(changes: Sequence[Change]) -> InForce:
    """What a history comes to, oldest change first."""
    state = InForce()
    for change in changes:
        state = state.after(change)
    return state


def count(root: Path) -> int:
    """How many changes there are: cheap, to see whether there is anything new."""
    return len(_names(root))


def read(root: Path) -> tuple[Change, ...]:
    """All changes, oldest first.

    Raises:
        ArtifactError: one is missing or damaged.
    """
    return tuple(_change(root / _FOLDER, number, name) for number, name in enumerate(_names(root), start=1))


def append(root: Path, after: int, change: Change) -> None:
    """Add a change to the `after` that its writer has seen; durable when this returns.

    Raises:
        ArtifactError: somebody else was quicker, so the change was decided on another state.
    """
    folder = root / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, staging = tempfile.mkstemp(dir=folder, prefix=".staging-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(change.model_dump_json(indent=2).encode() + b"\n")
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.link(staging, folder / _name(after + 1))
        _flush_folder(folder)
    except FileExistsError as err:
        raise ArtifactError(
            "registry", "has been changed by somebody else meanwhile; look again, then repeat"
        ) from err
    finally:
        Path(staging).unlink()


def _name(number: int) -> str:
    return f"{number:0{_DIGITS}d}.json"


def _names(root: Path) -> list[str]:
    try:
        found = os.listdir(root / _FOLDER)
    except FileNotFoundError:
        return []
    return sorted(name for name in found if name.endswith(".json"))


def _change(folder: Path, number: int, name: str) -> Change:
    if name != _name(number):
        raise ArtifactError("registry", f"change {number} of its history is missing")
    try:
        return Change.model_validate_json((folder / name).read_bytes())
    except ValidationError as err:
        raise ArtifactError("registry", f"change {number} of its history is damaged") from err


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
