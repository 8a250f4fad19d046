"""How a finished folder becomes the served generation, and what is kept of the old ones."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import asyncpg

from db.snapshot.layout import BUILDING, CURRENT, LEXICAL, MANIFEST, record_files, sync_folder, write_durably
from db.snapshot.manifest import (
    SCHEMA_VERSION,
    Counts,
    Manifest,
    Origin,
    content_hash,
    read_manifest,
    verify_files,
    write_manifest,
)
from db.snapshot.reader import current_generation
from db.snapshot.writer import statements, write_columns
from ranking.errors import ArtifactError, Unavailable
from ranking.taxonomy import Taxonomy
from ranking.types import Generation

KEPT_GENERATIONS = 3
BUILDER = "snapshot builder"
"""Who is unavailable while another build is under way."""

# Writes derived files into a folder; gets the folder of the columns and the folder to fill.
Extension = Callable[[Path, Path], None]


@asynccontextmanager
async def builder_lock(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Hold the database's right to build; it is given back even when the session dies.

    Raises:
        Unavailable: another builder holds it.
    """
    if not await connection.fetchval(statements()["builder_lock"]):
        raise Unavailable(BUILDER, "another build is under way")
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute(statements()["builder_unlock"])


async def write_snapshot(
    connection: asyncpg.Connection,
    root: Path,
    taxonomy: Taxonomy,
    *,
    clock: Callable[[], float],
    extend: Extension | None = None,
) -> Generation:
    """Build a generation out of Postgres, publish it and return its name.

    Columns are written to a temporary folder, `extend` adds the lexical index, everything is flushed, the
    folder gets its name and only then does CURRENT move: whatever fails before leaves the old generation
    served. The remains of a crashed build are removed by the next one. When nothing has changed since the
    current generation, that one stays.

    Args:
        connection: not inside a transaction; holds an advisory lock meanwhile, so that one builder runs at a
        time.
        root: made when it does not exist.
        clock: seconds since the epoch, UTC.

    Raises:
        Unavailable: Postgres failed, or another build is under way.
    """
    async with builder_lock(connection):
        draft = _start_draft(root)
        now_s = clock()
        counts, origin = await write_columns(connection, draft, taxonomy, now_s=now_s)
        if extend is not None:
            extend(draft, draft / LEXICAL)
        finished = Finished(draft, taxonomy.version, counts, origin, now_s)
        return publish(root, finished)


@dataclass(frozen=True, slots=True)
class Finished:
    """A folder with every file of a generation but its manifest; `built_at` in seconds since the epoch."""

    folder: Path
    taxonomy_version: str
    counts: Counts
    origin: Origin
    built_at: float


def publish(root: Path, finished: Finished) -> Generation:
    """Give a finished folder its name, serve it, and remove what is no longer kept.

    Equal contents that are served already, undamaged, stay; the folder is then dropped.
    """
    draft = finished.folder
    files = record_files(draft)
    content = content_hash(files, finished.taxonomy_version)
    served = _served(root)
    if served is not None and served.content_hash == content and _is_sound(root, served):
        shutil.rmtree(draft)
        return served.generation
    moment = datetime.fromtimestamp(finished.built_at, UTC)
    generation = Generation(f"{moment:%Y%m%dT%H%M%SZ}-{content[:12]}")
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        generation=generation,
        previous=served.generation if served is not None and served.generation != generation else None,
        created_at=finished.built_at,
        taxonomy_version=finished.taxonomy_version,
        counts=finished.counts,
        origin=finished.origin,
        content_hash=content,
        files=files,
    )
    write_manifest(draft, manifest)
    _rename_durably(draft, root / generation)
    write_durably(root / CURRENT, f"{generation}\n".encode())
    prune(root, keep=KEPT_GENERATIONS)
    return generation


def _start_draft(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    remove_leftovers(root)
    draft = Path(mkdtemp(prefix=BUILDING, dir=root))
    draft.chmod(0o755)
    (draft / LEXICAL).mkdir()
    return draft


def _rename_durably(draft: Path, target: Path) -> None:
    for folder in (*(path for path in draft.rglob("*") if path.is_dir()), draft):
        sync_folder(folder)
    if target.exists():
        discard(target)
    draft.rename(target)
    sync_folder(target.parent)


def _is_sound(root: Path, manifest: Manifest) -> bool:
    try:
        verify_files(root / manifest.generation, manifest)
    except ArtifactError:
        return False
    return True


def _served(root: Path) -> Manifest | None:
    try:
        return read_manifest(root / current_generation(root))
    except ArtifactError:
        return None  # nothing published yet, or by another schema: this build replaces it


def prune(root: Path, *, keep: int) -> None:
    """Remove all but the newest `keep` generations; the current one and its predecessor always stay.

    Readers that still map a removed folder go on: the kernel keeps mapped files until they let go.
    """
    served = _served(root)
    if served is None:
        return
    held = {served.generation, served.previous}
    named = sorted(
        (path for path in root.iterdir() if (path / MANIFEST).is_file()), key=_age_key, reverse=True
    )
    spare = [path for path in named if path.name not in held]
    for path in spare[max(0, keep - (len(named) - len(spare))) :]:
        discard(path)


def _age_key(folder: Path) -> tuple[float, str]:
    return ((folder / MANIFEST).stat().st_mtime, folder.name)


def remove_leftovers(root: Path) -> None:
    """Remove what crashed builds and interrupted removals left behind."""
    for path in root.glob(f"{BUILDING}*"):
        shutil.rmtree(path)


def discard(folder: Path) -> None:
    """Remove a generation in one step as seen by readers: it loses its name first."""
    nameless = folder.with_name(f"{BUILDING}{folder.name}")
    folder.rename(nameless)
    shutil.rmtree(nameless)
