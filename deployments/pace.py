"""How fast work leaves, how long it takes and how hurried those are who ask; the clock is an argument."""

from math import exp, inf

_PRIOR_SHARE = 1.0 / 3.0
_RESIDENCE_SAMPLES = 32
_LONGEST_PAUSE = 20.0


class Rate:
    """Work per second at full load, remembered for about `memory_s` of it; `first` is believed until something was seen."""

    def __init__(self, memory_s: float, first: float) -> None:
        self._memory_s = memory_s
        self._full_s = memory_s * _PRIOR_SHARE
        self._done = first * self._full_s

    @property
    def per_s(self) -> float:
        """Never zero, so that what waits has an end."""
        return max(self._done / self._full_s, 1.0)

    def note(self, passed_s: float) -> None:
        """So much more time was spent at full load."""
        kept = exp(-passed_s / self._memory_s)
        self._done *= kept
        self._full_s = self._full_s * kept + passed_s

    def count(self, work: int) -> None:
        """So much work was done in it."""
        self._done += work


class Residence:
    """Seconds in work, averaged over the last few dozen queries."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def note(self, spent_s: float) -> None:
        """One query was in work for so long."""
        self.seconds += (spent_s - self.seconds) / _RESIDENCE_SAMPLES


class Hurry:
    """The least time that anybody has allowed of late; it is forgotten by growing, e-fold in `memory_s`."""

    def __init__(self, memory_s: float, least_s: float) -> None:
        self._memory_s = memory_s
        self._least_s = least_s
        self.seconds = inf

    def note(self, allowed_s: float) -> None:
        """Somebody allows so much; below `least_s` it does not count as more hurried."""
        self.seconds = min(self.seconds, max(allowed_s, self._least_s))

    def forget(self, passed_s: float) -> None:
        """So much time has passed."""
        self.seconds *= exp(min(passed_s / self._memory_s, _LONGEST_PAUSE))
