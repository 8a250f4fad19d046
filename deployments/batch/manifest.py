"""What decides the answers of a batch, written before its first part; a resume under anything else is refused.

OUT/manifest.json                  this
OUT/prompts/part-00000.parquet     one row per prompt of the part, written first
OUT/leads/part-00000.parquet       its ranked leads; while it is not there the part is not done
OUT/errors.jsonl, OUT/summary.json written when all parts are done
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import db.snapshot
import models.lexical
import ranking
from db.snapshot.layout import write_durably
from db.suppressions import Suppression
from models.embedder import EmbedderConfig
from ranking.config import RankingConfig
from ranking.errors import RequestError

MANIFEST = "manifest.json"
_SCHEMA = 1
_SOURCES = ("*.py", "*.toml", "*.json")


class BatchMismatch(RequestError):
    """The folder holds a batch that this one cannot be added to; says what differs and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Versions(_Frozen):
    """What is loaded; each by a name or digest that changes with it."""

    snapshot: str
    snapshot_content: str
    taxonomy: str
    formulas: str = Field(
        description="digest of the sources of `ranking`, `models.lexical` and `db.snapshot`"
    )
    config: str = Field(description="digest of the ranking's numbers, as answers over HTTP have it")
    booster: str
    embedder: str
    do_not_contact: str = Field(description="digest of the list in force when the batch began")


class PromptsFile(_Frozen):
    """The rows to be answered."""

    name: str
    rows: int
    sha256: str


class BatchManifest(_Frozen):
    """A batch. Equal manifests but for `created_at` and the places give equal answers."""

    schema_version: int = _SCHEMA
    created_at: datetime
    as_of: datetime
    limit: int | None
    part_prompts: int = Field(ge=1, le=10_000, description="prompts in one part")
    prompts: PromptsFile
    versions: Versions
    config: RankingConfig
    snapshots: str = Field(description="folder of the snapshots")
    booster: str = Field(description="folder of the booster")
    embedder: EmbedderConfig

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.prompts.rows // self.part_prompts)


def read_manifest(out: Path) -> BatchManifest | None:
    """The batch that a folder holds; None where it holds none.

    Raises:
        BatchMismatch: its manifest cannot be read.
    """
    try:
        return BatchManifest.model_validate_json((out / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as err:
        raise BatchMismatch(f"{out / MANIFEST} is no manifest of this version; give another --out") from err


def write_manifest(out: Path, manifest: BatchManifest) -> None:
    """Begin a batch; survives a crash."""
    out.mkdir(parents=True, exist_ok=True)
    write_durably(out / MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")


def check_resumable(out: Path, begun: BatchManifest, wanted: BatchManifest) -> None:
    """Let only a batch go on that would answer every prompt as it began to.

    Raises:
        BatchMismatch: names each thing that differs, as it was and as it is.
    """
    before, now = _decisive(begun), _decisive(wanted)
    differing = [f"{name} was {before[name]}, is {now[name]}" for name in now if before[name] != now[name]]
    if differing:
        raise BatchMismatch(
            f"{out} was begun otherwise: {'; '.join(differing)}. Bring that back, or score all prompts into another --out"
        )


def _decisive(manifest: BatchManifest) -> dict[str, Any]:
    return {
        "the prompts": manifest.prompts.sha256[:12],
        "--as-of": manifest.as_of.isoformat(),
        "--limit": manifest.limit,
        "--part": manifest.part_prompts,
        **{f"version of {name}": value for name, value in manifest.versions.model_dump().items()},
    }


def config_version(config: RankingConfig) -> str:
    """The digest that answers over HTTP call `versions.config`."""
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:12]


def suppressions_version(suppressed: tuple[Suppression, ...]) -> str:
    """Digest of a do-not-contact list, whatever its order."""
    return hashlib.sha256("\n".join(sorted(map(str, suppressed))).encode()).hexdigest()[:12]


def formulas_version() -> str:
    """Digest of the sources of what retrieves and scores, whether or not they lie in a repository."""
    digest = hashlib.sha256()
    for package in (ranking, models.lexical, db.snapshot):
        root = Path(package.__path__[0])
        for path in sorted(path for pattern in _SOURCES for path in root.rglob(pattern)):
            name = f"{package.__name__}/{path.relative_to(root).as_posix()}"
            digest.update(f"{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def told(manifest: BatchManifest) -> Mapping[str, str]:
    """The versions by name, for a person."""
    names: dict[str, str] = manifest.versions.model_dump()
    return names
