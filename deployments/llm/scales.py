"""The maps of the language model's scores that belong to boosters, by version: a base of one is never placed on another's scale."""

import logging
from collections.abc import Callable
from typing import Final

from models.judge_scale import judge_scale_of
from models.registry import ModelRegistry
from ranking.errors import ArtifactError
from ranking.types import FloatArray

Scale = Callable[[FloatArray], FloatArray]
"""From scores of the model, float64[n] in [0, 100], to base intent in [0, 100]; never falling."""
ScaleOf = Callable[[str], Scale | None]
"""The scale of a booster's version, None where it has none: then scores are base intent as they are."""
_HELD: Final = 8
_log = logging.getLogger(__name__)


def no_scale(_booster: str) -> None:
    """Scores are base intent as they are."""


class Scales:
    """Reads each version's map once. "", where no booster has answered, has the scale of the one before."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._held: dict[str, Scale | None] = {}

    def of(self, booster: str) -> Scale | None:
        """See `ScaleOf`."""
        if not booster and self._held:
            return self._held[next(reversed(self._held))]
        if booster not in self._held:
            while len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._held[booster] = self._read(booster)
        return self._held[booster]

    def _read(self, booster: str) -> Scale | None:
        """A booster that cannot be opened is the leaf's to refuse."""
        try:
            folder = self._registry.folder(booster) if booster else self._registry.serving()
            found = judge_scale_of(folder)
        except ArtifactError as err:
            told = "scores of the language model are used as they are, without %s: %s"
            _log.warning(told, err.artifact, err.reason)
            return None
        return found.apply if found is not None else None
