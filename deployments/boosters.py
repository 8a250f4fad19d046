"""The boosters of one replica: the one that serves and the one in its shadow, followed through the registry without a restart."""

import logging
import threading
from dataclasses import dataclass

from models.booster import BoosterModel
from models.registry import ModelRegistry

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """What is in force here, replaced as a whole; `shadow` is None where none is wanted or it cannot be used."""

    serving: BoosterModel
    shadow: BoosterModel | None


class Boosters:
    """Looks at the registry every `poll_s` in a thread of its own.

    A version that cannot be used never takes the place of one that can: the log says why, and the next look tries again.

    Raises:
        ArtifactError: at construction, when what is to serve cannot be used.
    """

    def __init__(self, registry: ModelRegistry, poll_s: float = 0.5) -> None:
        self._registry = registry
        self.held = Held(BoosterModel(registry.serving()), None)
        self._told = ""
        self.look()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(poll_s,), name="boosters", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def look(self) -> None:
        """Take up what is in force now."""
        try:
            state = self._registry.in_force()
            version = state.production or self._registry.fallback_version()
            if version != self.held.serving.version:
                serving = BoosterModel(self._registry.serving())
                _log.warning("booster %s serves in place of %s", serving.version, self.held.serving.version)
                self.held = Held(serving, self.held.shadow)
            held = self.held.shadow
            if state.shadow != (held.version if held is not None else None):
                shadow = None if state.shadow is None else BoosterModel(self._registry.folder(state.shadow))
                self.held = Held(self.held.serving, shadow)
            self._told = ""
        except Exception as err:  # noqa: BLE001 - whatever is wrong with a new version, the old one goes on and the next look tries again
            self._tell(f"{type(err).__name__}: {err}")

    def _tell(self, what: str) -> None:
        """Once for each new fault, not at every look."""
        if what != self._told:
            self._told = what
            _log.error("booster %s goes on: %s", self.held.serving.version, what)

    def _follow(self, poll_s: float) -> None:
        while not self._stop.wait(poll_s):
            self.look()
