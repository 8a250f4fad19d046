"""Versioned artefacts on disk: a folder with its files and a manifest that vouches for them.

A replica that meets an artefact made for another feature schema, or a damaged one, must not become healthy.
"""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ranking.errors import ArtifactError

_MANIFEST = "manifest.json"
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
    features: tuple[str, ...] = ()
    """Names of the columns it reads, in order; empty in manifests that are older than this field."""
    parent: str | None = None
    """The version that served when this one was made."""


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
    features: Sequence[str] = (),
    parent: str | None = None,
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
        code_version=code_version, metrics=dict(metrics), files=_digests(everything), features=tuple(features), parent=parent,
    )  # fmt: skip
    return _placed(root, f"{kind}-{version}", {**everything, _MANIFEST: _written(manifest)})


def adopt(artefact: Path, root: Path) -> Path:
    """The artefact under `root`, copied there file by file where it is not yet; atomic.

    Raises:
        ArtifactError: it has no usable manifest, or a file differs from its digest.
    """
    manifest = read_manifest(artefact)
    target = root / f"{manifest.kind}-{manifest.version}"
    if artefact == target:
        return target
    return _placed(root, target.name, {**_contents(artefact, manifest), _MANIFEST: _written(manifest)})


def _placed(root: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write all files, then give their folder its name; what is there already stays."""
    root.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=root, prefix=".staging-"))
    for each, content in files.items():
        with (staging / each).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    staging.chmod(0o755)
    try:
        os.replace(staging, root / name)
    except OSError as err:
        if err.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(staging)  # the same content is there already
    return root / name


def open_artefact(folder: Path, *, kind: str, schema_hash: str) -> tuple[ArtefactManifest, dict[str, bytes]]:
    """The manifest and the verified files of an artefact.

    Raises:
        ArtifactError: missing, of another kind, for another schema, or a file differs from its digest.
    """
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise ArtifactError(folder.name, f"is a {manifest.kind}, not a {kind}")
    if manifest.schema_hash != schema_hash:
        raise ArtifactError(
            folder.name,
            f"made for feature schema {manifest.schema_hash}, this code has {schema_hash}; train again",
        )
    return manifest, _contents(folder, manifest)


def _contents(folder: Path, manifest: ArtefactManifest) -> dict[str, bytes]:
    for name in manifest.files:
        if name == ".." or name != Path(name).name:
            raise ArtifactError(folder.name, "manifest names a file outside its folder")
    return {name: _verified(folder / name, digest) for name, digest in manifest.files.items()}


def _written(manifest: ArtefactManifest) -> bytes:
    return manifest.model_dump_json(indent=2).encode() + b"\n"


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def read_manifest(folder: Path) -> ArtefactManifest:
    """What the artefact says of itself; its files are not looked at.

    Raises:
        ArtifactError: there is none, or it is damaged.
    """
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
