"""How many calls went well and how many did not in the last so many seconds."""

from collections import deque

from ranking.deadline import Clock

_BUCKETS = 60


class RollingWindow:
    """Counts of the last `seconds`, in buckets of a sixtieth: a call counts for `seconds` less at most one bucket."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._width_s = seconds / _BUCKETS
        self._clock = clock
        self._buckets: deque[list[int]] = deque()  # number of the bucket, calls, failures
        self._calls = self._failures = 0

    def add(self, *, failed: bool) -> None:
        """Count one finished call."""
        number = self._drop_old()
        if not self._buckets or self._buckets[-1][0] != number:
            self._buckets.append([number, 0, 0])
        self._buckets[-1][1] += 1
        self._buckets[-1][2] += failed
        self._calls += 1
        self._failures += failed

    def counts(self) -> tuple[int, int]:
        """Calls and failures among them."""
        self._drop_old()
        return self._calls, self._failures

    def clear(self) -> None:
        """Forget everything."""
        self._buckets.clear()
        self._calls = self._failures = 0

    def _drop_old(self) -> int:
        now = int(self._clock() / self._width_s)
        while self._buckets and self._buckets[0][0] <= now - _BUCKETS:
            _, calls, failures = self._buckets.popleft()
            self._calls -= calls
            self._failures -= failures
        return now
