"""Stops calls to an endpoint that fails too often, and lets a few through after a while to see.

States, their changes and listeners are pybreaker's. When to change is ours: pybreaker 1.4 counts consecutive failures, reads the wall clock
itself and holds a lock during the call, so its `call` is not used. Not thread-safe: one event loop.
"""

import logging
from collections.abc import Callable
from typing import Literal, cast

import pybreaker

from configs.llm import BreakerConfig
from deployments.llm.window import RollingWindow
from ranking.deadline import Clock
from ranking.errors import Unavailable

BreakerState = Literal["closed", "open", "half-open"]
Changed = Callable[[BreakerState, BreakerState], None]
_log = logging.getLogger(__name__)


class Permit:
    """The right to make one call, to be settled exactly once; settling again does nothing.

    A call that began under an earlier state says nothing about this one, and is not counted.
    """

    __slots__ = ("_breaker", "_epoch", "_open")

    def __init__(self, breaker: "Breaker", epoch: int) -> None:
        self._breaker = breaker
        self._epoch = epoch
        self._open = True

    def settle(self, *, failed: bool | None) -> None:
        """The call went well, failed, or (None) was given up by its caller and tells nothing."""
        if self._open:
            self._open = False
            self._breaker.settle(self._epoch, failed=failed)


class Breaker:
    """Closed: all calls pass. Open: none for `open_s`. Half-open: `probes` calls, which must all go well to close it."""

    def __init__(self, dependency: str, config: BreakerConfig, clock: Clock, changed: Changed) -> None:
        self.dependency = dependency
        self._config = config
        self._clock = clock
        self._window = RollingWindow(config.window_s, clock)
        self._until_s = 0.0
        self._epoch = 0
        self._probing = self._probed = 0
        self._states = pybreaker.CircuitBreaker(listeners=[_Listener(dependency, changed)], name=dependency)

    @property
    def state(self) -> BreakerState:
        """Where it stands now; open turns half-open by itself when its time is over."""
        if self._named() == "open" and self._clock() >= self._until_s:
            self._enter("half-open")
        return self._named()

    @property
    def epoch(self) -> int:
        """Number of changes of state so far."""
        return self._epoch

    def open_for_s(self) -> float:
        """Seconds until probes are let through; 0 unless open."""
        return self._until_s - self._clock() if self.state == "open" else 0.0

    def permit(self) -> Permit:
        """The right to make one call.

        Raises:
            Unavailable: the breaker is open, or half-open with all its probes under way.
        """
        state = self.state
        if state == "open":
            raise Unavailable(self.dependency, "breaker_open")
        if state == "half-open":
            if self._probing + self._probed >= self._config.probes:
                raise Unavailable(self.dependency, "breaker_half_open")
            self._probing += 1
        return Permit(self, self._epoch)

    def settle(self, epoch: int, *, failed: bool | None) -> None:
        """A permit of that epoch was used."""
        if epoch != self._epoch:
            return
        if self._named() == "half-open":
            self._probe(failed)
        elif failed is not None:
            self._window.add(failed=failed)
            calls, failures = self._window.counts()
            if calls >= self._config.least_calls and failures / calls >= self._config.error_rate:
                self.trip(self._config.open_s)

    def trip(self, seconds: float) -> None:
        """Open for so long, or at least so much longer."""
        self._until_s = max(self._clock() + seconds, self._until_s if self._named() == "open" else 0.0)
        if self._named() != "open":
            self._enter("open")

    def probe_now(self) -> None:
        """Half-open at once if open: another replica's probes went well."""
        if self.state == "open":
            self._enter("half-open")

    def _probe(self, failed: bool | None) -> None:
        self._probing -= 1
        if failed is None:
            return
        if failed:
            self.trip(self._config.open_s)
            return
        self._probed += 1
        if self._probed >= self._config.probes:
            self._enter("closed")

    def _enter(self, state: BreakerState) -> None:
        self._epoch += 1
        self._probing = self._probed = 0
        self._window.clear()
        match state:
            case "open":
                self._states.open()
            case "half-open":
                self._states.half_open()
            case "closed":
                self._states.close()

    def _named(self) -> BreakerState:
        return cast(BreakerState, self._states.current_state)


class _Listener(pybreaker.CircuitBreakerListener):
    """Logs and reports changes of state. pybreaker calls it before it stores the new state."""

    def __init__(self, dependency: str, changed: Changed) -> None:
        self._dependency = dependency
        self._changed = changed

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        """See pybreaker."""
        del cb
        old = cast(BreakerState, old_state.name if old_state is not None else "closed")
        new = cast(BreakerState, new_state.name)
        _log.warning("breaker of %s: %s -> %s", self._dependency, old, new)
        self._changed(old, new)
