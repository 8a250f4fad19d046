"""The model registry: immutable booster artefacts in one folder, and which of them serves, served, or waits to.

ROOT/booster-<version>/   model, scale, probe and manifest; the version is the digest of the content
ROOT/history/00000001.json ...   promotions, roll-backs and shadows (`models.registry_log`)
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models import registry_log
from models.artefacts import BOOSTER, ArtefactManifest, adopt, read_manifest
from models.registry_log import Change, InForce
from ranking.errors import ArtifactError

REGISTRY_FOLDER: Final = "artefacts"
"""In the data folder of a system, unless the configuration names another place."""
State = Literal["candidate", "production", "archived"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered version: "archived" once it has served and serves no more, "candidate" while it never has."""

    manifest: ArtefactManifest
    folder: Path
    state: State
    share: float = 0.0
    """Of the queries that it is scored for in the shadow."""


class ModelRegistry:
    """One registry folder; `fallback` is the artefact that serves while nothing was promoted."""

    def __init__(self, root: Path, fallback: Path) -> None:
        self.root = root
        self._fallback = fallback
        self._known = (0, InForce())

    def changes(self) -> tuple[Change, ...]:
        """The history, oldest first; see `registry_log.read`."""
        return registry_log.read(self.root)

    def in_force(self) -> InForce:
        """What serves and what is shadowed; read again only when there are more changes than before."""
        known, state = self._known
        if registry_log.count(self.root) != known:
            changes = self.changes()
            state = registry_log.in_force(changes)
            self._known = len(changes), state
        return state

    def serving(self) -> Path:
        """The artefact that serves: the one in production, or the fallback."""
        production = self.in_force().production
        return self._fallback if production is None else self._placed(production)

    def fallback_version(self) -> str:
        """The version that serves while nothing was promoted."""
        return read_manifest(self._fallback).version

    def folder(self, version: str) -> Path:
        """Where a version lies."""
        placed = self._placed(version)
        return self._fallback if not placed.is_dir() and version == self.fallback_version() else placed

    def entries(self) -> tuple[Entry, ...]:
        """All versions, oldest first, the fallback among them.

        Raises:
            ArtifactError: a manifest or the history is damaged.
        """
        return self._found("")

    def find(self, name: str) -> Entry:
        """The version that `name` begins, or is the folder of.

        Raises:
            ArtifactError: none, or several.
        """
        prefix = name.removeprefix(f"{BOOSTER}-")
        found = self._found(prefix) if prefix.isalnum() else ()
        if len(found) != 1:
            raise ArtifactError(name, f"names {len(found) or 'no'} versions; see `leads models list`")
        return found[0]

    def _found(self, prefix: str) -> tuple[Entry, ...]:
        state = self.in_force()
        folders = (self._fallback, *self.root.glob(f"{BOOSTER}-{prefix}*"))
        by_version = {
            entry.manifest.version: entry for entry in (self._entry(each, state) for each in folders)
        }
        matching = [entry for version, entry in by_version.items() if version.startswith(prefix)]
        return tuple(sorted(matching, key=lambda each: each.manifest.created_at))

    def entry(self, version: str) -> Entry:
        """A version by its whole name; see `find`."""
        return self._entry(self.folder(version), self.in_force())

    def adopt(self, folder: Path) -> None:
        """Keep an artefact here that lies elsewhere."""
        adopt(folder, self.root)

    def append(self, seen: int, change: Change) -> None:
        """See `registry_log.append`."""
        registry_log.append(self.root, seen, change)

    def _placed(self, version: str) -> Path:
        return self.root / f"{BOOSTER}-{version}"

    def _entry(self, folder: Path, state: InForce) -> Entry:
        manifest = read_manifest(folder)
        version = manifest.version
        if version == state.production or (state.production is None and folder == self._fallback):
            return Entry(manifest, folder, "production")
        if version in state.past:
            return Entry(manifest, folder, "archived")
        return Entry(manifest, folder, "candidate", state.share if version == state.shadow else 0.0)
