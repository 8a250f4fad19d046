"""Absolute deadlines: every wait on I/O derives its timeout from one of these."""

from collections.abc import Callable
from dataclasses import dataclass

from ranking.errors import DeadlineExceeded

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on a monotonic clock (seconds) by which the answer must be out.

    Hops carry `remaining_ms`, never the point itself: two machines share no clock.
    """

    at_s: float
    clock: Clock

    @classmethod
    def after_ms(cls, milliseconds: float, clock: Clock) -> "Deadline":
        """The deadline `milliseconds` from now."""
        return cls(clock() + milliseconds / 1000.0, clock)

    def remaining_s(self) -> float:
        """Seconds left, 0 when passed."""
        return max(0.0, self.at_s - self.clock())

    def remaining_ms(self) -> float:
        """Milliseconds left, 0 when passed."""
        return self.remaining_s() * 1000.0

    def require(self, stage: str) -> float:
        """Seconds left; raises `DeadlineExceeded(stage)` when none are."""
        left = self.remaining_s()
        if left <= 0.0:
            raise DeadlineExceeded(stage)
        return left

    def give_up(self, stage: str, late_s: float) -> None:
        """Raise `DeadlineExceeded(stage)` when it passed more than `late_s` ago."""
        if self.clock() - self.at_s > late_s:
            raise DeadlineExceeded(stage)
