"""Versioned artefacts on disk: a folder with its files and a manifest that vouches for them.

A replica that meets an artefact made for another feature schema, or a damaged one, must not become healthy.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ranking.errors import ArtifactError

_MANIFEST = "manifest.json"
_PROMOTED = "PROMOTED"
BOOSTER = "booster"


class ArtefactManifest(BaseModel):
    """What an artefact is, what it was made from, and the digests of its files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    version: str
    created_at: datetime
    schema_hash: str
    data_hash: str
    code_version: str
    metrics: dict[str, float]
    files: dict[str, str]


def write_artefact(
    root: Path,
    *,
    kind: str,
    schema_hash: str,
    data_hash: str,
    code_version: str,
    metrics: Mapping[str, float],
    files: Mapping[str, bytes],
    created_at: datetime,
    vouchers: Mapping[str, bytes] | None = None,
) -> Path:
    """Write `files` and their manifest to `root/<kind>-<version>`; atomic; the version is the content's digest.

    Args:
        vouchers: files that follow from the others and vouch for them; not part of the version.

    Returns:
        The artefact's folder.
    """
    digests = _digests(files)
    version = hashlib.sha256("".join([schema_hash, *digests.values()]).encode()).hexdigest()[:12]
    everything = {**files, **(vouchers or {})}
    manifest = ArtefactManifest(
        kind=kind, version=version, created_at=created_at, schema_hash=schema_hash, data_hash=data_hash,
        code_version=code_version, metrics=dict(metrics), files=_digests(everything),
    )  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=root, prefix=".staging-"))
    for name, content in everything.items():
        (staging / name).write_bytes(content)
    (staging / _MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf8")
    staging.chmod(0o755)
    target = root / f"{kind}-{version}"
    try:
        os.replace(staging, target)
    except OSError as err:
        if err.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(staging)  # the same content is there already
    return target


def promote(artefact: Path) -> None:
    """Make an artefact the one of its root that is served from the next start on; atomic."""
    staging = artefact.parent / f".{_PROMOTED}-{artefact.name}"
    staging.write_text(artefact.name + "\n", encoding="utf8")
    os.replace(staging, artefact.parent / _PROMOTED)


def promoted(folder: Path) -> Path:
    """The artefact that `folder` is, or that its PROMOTED file names.

    Raises:
        ArtifactError: PROMOTED names nothing beside it.
    """
    try:
        name = (folder / _PROMOTED).read_text(encoding="utf8").strip()
    except FileNotFoundError:
        return folder
    if name in ("", "..") or name != Path(name).name or not (folder / name).is_dir():
        raise ArtifactError(folder.name, f"{_PROMOTED} names no artefact beside it")
    return folder / name


def open_artefact(folder: Path, *, kind: str, schema_hash: str) -> tuple[ArtefactManifest, dict[str, bytes]]:
    """The manifest and the verified files of an artefact.

    Raises:
        ArtifactError: missing, of another kind, for another schema, or a file differs from its digest.
    """
    manifest = _manifest(folder)
    if manifest.kind != kind:
        raise ArtifactError(folder.name, f"is a {manifest.kind}, not a {kind}")
    if manifest.schema_hash != schema_hash:
        raise ArtifactError(
            folder.name,
            f"made for feature schema {manifest.schema_hash}, this code has {schema_hash}; train again",
        )
    for name in manifest.files:
        if name == ".." or name != Path(name).name:
            raise ArtifactError(folder.name, "manifest names a file outside its folder")
    return manifest, {name: _verified(folder / name, digest) for name, digest in manifest.files.items()}


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _manifest(folder: Path) -> ArtefactManifest:
    try:
        return ArtefactManifest.model_validate_json((folder / _MANIFEST).read_bytes())
    except FileNotFoundError as err:
        raise ArtifactError(folder.name, "no manifest") from err
    except ValidationError as err:
        raise ArtifactError(folder.name, "manifest is damaged") from err


def _verified(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as err:
        raise ArtifactError(path.parent.name, f"{path.name} is missing") from err
    if hashlib.sha256(content).hexdigest() != digest:
        raise ArtifactError(path.parent.name, f"{path.name} differs from its digest")
    return content
