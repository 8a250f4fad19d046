"""Whether it is worth while to wait for an answer: by how long recent ones took."""

from bisect import bisect_left, insort
from collections import deque
from math import ceil, inf

from ranking.deadline import Clock

_QUANTILE = 0.75


class RecentAnswers:
    """Seconds that calls of the last `window_s` took; one that failed or was not answered took for ever."""

    def __init__(self, window_s: float, least: int, clock: Clock) -> None:
        self._window_s = window_s
        self._least = least
        self._clock = clock
        self._calls: deque[tuple[float, float]] = deque()
        self._ordered: list[float] = []

    def note(self, took_s: float) -> None:
        """A call ended; `inf` where it brought nothing."""
        self._calls.append((self._clock(), took_s))
        insort(self._ordered, took_s)
        self._forget()

    @property
    def p75_s(self) -> float:
        """Three of four answers took at most so long; infinite while there are too few to tell."""
        self._forget()
        count = len(self._ordered)
        return inf if count < self._least else self._ordered[ceil(_QUANTILE * count) - 1]

    def _forget(self) -> None:
        oldest_s = self._clock() - self._window_s
        while self._calls and self._calls[0][0] < oldest_s:
            _, took_s = self._calls.popleft()
            del self._ordered[bisect_left(self._ordered, took_s)]
