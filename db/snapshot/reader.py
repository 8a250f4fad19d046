"""A generation opened for reading."""

from dataclasses import dataclass, replace
from pathlib import Path

from db.snapshot.additions import Addition, named
from db.snapshot.catalogue import Catalogue, DisplayColumns
from db.snapshot.columns import CompanyColumns, LeadColumns, SnippetColumns
from db.snapshot.layout import CURRENT, LEXICAL, open_columns
from db.snapshot.manifest import Manifest, read_manifest, verify_files
from ranking.errors import ArtifactError
from ranking.types import Generation


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Immutable, memory-mapped columns of one generation; `lexical` is the folder of its lexical index.

    `additions` came after these columns were built and are not in them; `base` is the generation without them.
    """

    generation: Generation
    manifest: Manifest
    companies: CompanyColumns
    leads: LeadColumns
    snippets: SnippetColumns
    catalogue: Catalogue
    lexical: Path
    base: "Snapshot | None" = None
    additions: tuple[Addition, ...] = ()

    @property
    def built(self) -> "Snapshot":
        """The generation without additions."""
        return self if self.base is None else self.base

    def extended(self, more: tuple[Addition, ...]) -> "Snapshot":
        """The generation with more additions, which follow its own."""
        if not more:
            return self
        generation = named(self.built.generation, more[-1].number)
        return replace(self, generation=generation, base=self.built, additions=(*self.additions, *more))


def current_generation(root: Path) -> Generation:
    """The generation that `CURRENT` names.

    Raises:
        ArtifactError: nothing was ever published here.
    """
    try:
        return Generation((root / CURRENT).read_text().strip())
    except OSError as err:
        raise ArtifactError(
            "snapshot", "nothing is published yet; import companies and build the index"
        ) from err


def open_snapshot(
    root: Path,
    generation: Generation | None = None,
    *,
    taxonomy_version: str | None = None,
    verify: bool = True,
) -> Snapshot:
    """Open a generation, the current one by default.

    Args:
        root: folder that holds the generations.
        generation: name of a folder under `root`.
        taxonomy_version: what the caller's codes mean; a snapshot made with another one is refused.
        verify: read every file once and compare it with its checksum (about a second per gigabyte).

    Raises:
        ArtifactError: missing, damaged, or made for another schema or taxonomy.
    """
    name = generation or current_generation(root)
    folder = root / name
    manifest = read_manifest(folder)
    if taxonomy_version is not None and manifest.taxonomy_version != taxonomy_version:
        raise ArtifactError(
            "snapshot", f"{name} was built with taxonomy {manifest.taxonomy_version}; build again"
        )
    if verify:
        verify_files(folder, manifest)
    return open_folder(folder, manifest)


def open_folder(folder: Path, manifest: Manifest) -> Snapshot:
    """Map a generation's columns without looking at checksums."""
    companies = open_columns(folder, "companies", CompanyColumns)
    leads = open_columns(folder, "leads", LeadColumns)
    snippets = open_columns(folder, "snippets", SnippetColumns)
    catalogue = Catalogue(open_columns(folder, "display", DisplayColumns))
    return Snapshot(manifest.generation, manifest, companies, leads, snippets, catalogue, folder / LEXICAL)
