"""The event loop's pulse: how far it lags, and what is done at every so many beats."""

import asyncio
from collections.abc import Callable

_BEAT_S = 0.02
_BEATS_PER_REPORT = 25


class Pulse:
    """Beats in one event loop from `start` to `stop`, and calls `report` twice a second.

    While the loop works off what has gathered, requests wait in sockets where nobody sees them. A beat that comes late tells
    how long that was.
    """

    def __init__(self, report: Callable[[], None]) -> None:
        self._report = report
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self._late_s = 0.0
        self._beats = 0

    def start(self) -> None:
        """Begin; call in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._wait(self._loop)

    def stop(self) -> None:
        """Beat no more."""
        if self._next is not None:
            self._next.cancel()
        self._loop = self._next = None
        self._late_s = 0.0

    def lag_s(self) -> float:
        """Seconds that what is seen now may have waited unseen: the last beat's lateness, or that of one overdue."""
        if self._loop is None:
            return 0.0
        return max(self._late_s, self._loop.time() - self._due_s)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due_s = loop.time() + _BEAT_S
        self._next = loop.call_at(self._due_s, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._late_s = max(0.0, loop.time() - self._due_s)
        self._beats += 1
        self._wait(loop)
        if self._beats % _BEATS_PER_REPORT == 0:
            self._report()
