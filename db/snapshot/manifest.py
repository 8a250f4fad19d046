"""What a generation says about itself, and the check that its files are what it says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from pathlib import Path

import orjson

from db.snapshot.layout import MANIFEST, FileRecord, write_durably
from ranking.errors import ArtifactError
from ranking.types import Generation

SCHEMA_VERSION = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of each table; `vectors` counts the companies that have one."""

    companies: int
    leads: int
    snippets: int
    vectors: int


@dataclass(frozen=True, slots=True)
class Origin:
    """The state of Postgres that was read.

    Attributes:
        xmin: oldest transaction id still running then; changes at or above it may be missing here.
        transactions: `pg_current_snapshot()` as text, `xmin:xmax:running`.
    """

    xmin: int
    transactions: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A generation's description.

    Attributes:
        schema_version: of the columns; another one is refused.
        previous: the generation that was served when this one was published.
        created_at: seconds since the epoch, UTC.
        taxonomy_version: of the codes in the columns; another one is refused.
        content_hash: of all files; equal for equal database contents, whenever they were built.
        files: relative path -> size and checksum.
    """

    schema_version: int
    generation: Generation
    previous: Generation | None
    created_at: float
    taxonomy_version: str
    counts: Counts
    origin: Origin
    content_hash: str
    files: Mapping[str, FileRecord]


def content_hash(files: Mapping[str, FileRecord], taxonomy_version: str) -> str:
    """sha256 over names and checksums in byte order, the schema and the taxonomy."""
    digest = sha256(f"{SCHEMA_VERSION}\n{taxonomy_version}\n".encode())
    for name in sorted(files):
        digest.update(f"{name} {files[name].sha256}\n".encode())
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Store the manifest durably in its generation's folder."""
    write_durably(folder / MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation's folder.

    Raises:
        ArtifactError: missing, unreadable or of another schema version.
    """
    try:
        content = orjson.loads((folder / MANIFEST).read_bytes())
        if content["schema_version"] != SCHEMA_VERSION:
            raise ArtifactError("snapshot", f"schema {content['schema_version']}, not {SCHEMA_VERSION}")
        content["counts"] = Counts(**content["counts"])
        content["origin"] = Origin(**content["origin"])
        content["files"] = {name: FileRecord(**record) for name, record in content["files"].items()}
        return Manifest(**content)
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ArtifactError("snapshot", f"no usable manifest in {folder.name}") from err


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest.

    Raises:
        ArtifactError: a file is missing, or its size or checksum differs.
    """
    for name, expected in manifest.files.items():
        try:
            with (folder / name).open("rb") as file:
                actual = FileRecord((folder / name).stat().st_size, file_digest(file, "sha256").hexdigest())
        except OSError as err:
            raise ArtifactError("snapshot", f"{name} of {manifest.generation} is missing") from err
        if actual != expected:
            raise ArtifactError("snapshot", f"{name} of {manifest.generation} is damaged")
