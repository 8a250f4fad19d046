"""Changes of what serves: promotion with its refusals, roll-back, and the shadow beside production."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from models import registry_log
from models.artefacts import ArtefactManifest, read_manifest
from models.booster import BoosterModel
from models.registry import Entry, ModelRegistry
from models.registry_log import Change
from ranking.errors import ArtifactError

HELD_OUT: Final = "auc_held_out"
OF_PARENT: Final = "auc_held_out_of_parent"
"""What served when the version was trained, on the very rows of `HELD_OUT`: two figures of the same rows can be compared, two of
different rows hardly."""
_REMEDY: Final = "; to promote it all the same give --force and --reason"


@dataclass(frozen=True, slots=True)
class Intention:
    """Who changes the registry, when and why; `forced` overrules a refusal for worse figures, and must say why."""

    by: str
    at: datetime
    reason: str = ""
    forced: bool = False


class Promotions:
    """Changes a registry. What is to serve is opened first, so its features and its probe are checked as a replica would."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    def promote(self, name: str, intention: Intention) -> Entry:
        """Let a version serve from now on; running replicas take it up.

        Raises:
            ArtifactError: its files, features or probe are not what they should be; it serves already; its held-out figure is worse
                than that of what serves, or cannot be compared, and that is not overruled.
        """
        changes = self._registry.changes()
        state, entry = registry_log.in_force(changes), self._registry.find(name)
        version = entry.manifest.version
        if version == state.production:
            raise ArtifactError(version, "is in production already")
        BoosterModel(entry.folder)
        serving = read_manifest(self._registry.serving())
        if version != serving.version and not intention.forced:
            require_better(entry.manifest, serving)
        self._registry.adopt(entry.folder)
        seen = len(changes)
        if state.production is None and version != serving.version:
            seen = self._begin_with(serving, seen, intention)
        self._append(seen, "promote", version, intention, serving.version)
        return self._registry.entry(version)

    def roll_back(self, intention: Intention) -> Entry:
        """Let the version serve again that served before the one in production.

        Raises:
            ArtifactError: none did, or it cannot be used any more.
        """
        changes = self._registry.changes()
        state = registry_log.in_force(changes)
        if len(state.served) < 2:
            raise ArtifactError("registry", "has no version that served before; nothing is changed")
        version = state.served[-2]
        BoosterModel(self._registry.folder(version))
        self._append(len(changes), "roll back", version, intention, state.production)
        return self._registry.entry(version)

    def shadow(self, name: str | None, share: float, intention: Intention) -> Entry | None:
        """Score a version beside production for a share of the queries; None ends that.

        Raises:
            ArtifactError: it cannot be used, or serves.
        """
        changes = self._registry.changes()
        state = registry_log.in_force(changes)
        if name is None:
            self._append(len(changes), "shadow", None, intention, state.shadow)
            return None
        entry = self._registry.find(name)
        version = entry.manifest.version
        if version == read_manifest(self._registry.serving()).version:
            raise ArtifactError(version, "is in production; a shadow is another version")
        BoosterModel(entry.folder)
        self._registry.adopt(entry.folder)
        self._append(len(changes), "shadow", version, intention, state.shadow, share)
        return self._registry.entry(version)

    def _begin_with(self, serving: ArtefactManifest, seen: int, intention: Intention) -> int:
        """The fallback as the first in production: kept here, it can be gone back to whatever the next release brings."""
        self._registry.adopt(self._registry.serving())
        first = Intention(intention.by, intention.at, "served before anything was promoted")
        self._append(seen, "promote", serving.version, first, None)
        return seen + 1

    def _append(
        self,
        seen: int,
        action: Literal["promote", "roll back", "shadow"],
        version: str | None,
        intention: Intention,
        replaced: str | None,
        share: float = 0.0,
    ) -> None:
        change = Change(
            action=action, version=version, replaced=replaced, at=intention.at, by=intention.by, reason=intention.reason,
            forced=intention.forced, share=share,
        )  # fmt: skip
        self._registry.append(seen, change)


def require_better(candidate: ArtefactManifest, serving: ArtefactManifest) -> None:
    """Pass a candidate whose held-out figure is at least that of what serves.

    On the same rows where the candidate was trained while this served; else each on its own.

    Raises:
        ArtifactError: it is worse, or one has no such figure.
    """
    figure = candidate.metrics.get(HELD_OUT)
    paired = candidate.metrics.get(OF_PARENT) if candidate.parent == serving.version else None
    other = serving.metrics.get(HELD_OUT) if paired is None else paired
    where = "on its own held-out rows" if paired is None else "on the same held-out rows"
    if figure is None or other is None:
        who = candidate.version if figure is None else serving.version
        raise ArtifactError(candidate.version, f"cannot be compared: {who} has no {HELD_OUT}{_REMEDY}")
    if figure < other:
        told = (
            f"is worse: {HELD_OUT} {figure:.4f}, and {serving.version} in production has {other:.4f} {where}"
        )
        raise ArtifactError(candidate.version, f"{told}{_REMEDY}")
