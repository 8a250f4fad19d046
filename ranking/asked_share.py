"""At most 30 % of any 1,000 pool candidates in a row go to the language model (v1.1, F-10), exactly.

Pool candidates are numbered in the order in which queries bring them; within one pool the order is free, so those that
are asked stand at the first places where they may. The i-th that is asked may stand at place p_i only if
p_i - p_(i - 300) >= 1,000: then no 1,000 places in a row hold 301. To start, 300 are taken to have been asked evenly before
the first candidate, so that the share holds from the beginning too, over all candidates so far.
"""

from collections import deque
from typing import Final

from pydantic import Field

from ranking.strict import Strict

_ROUNDING: Final = 1e-9


class AskedShareConfig(Strict):
    """How many candidates may go to the language model."""

    share: float = Field(
        0.3, ge=0.0, le=1.0, description="most uncached candidates sent per pool candidate (v1.1)"
    )
    window: int = Field(
        1000, ge=1, le=100_000, description="pool candidates in a row over which the share holds"
    )


class AskedShare:
    """One gateway's count. `room` then `record`, with nothing between that could record something else."""

    def __init__(self, config: AskedShareConfig) -> None:
        self._window = config.window
        self._most = int(config.share * config.window + _ROUNDING)
        self._seen = 0
        self._free_from = deque(self._start(), maxlen=max(self._most, 1))
        """For each of the next `most` candidates to be asked the first place where it may stand; oldest first."""
        self._asked_at: deque[int] = deque()

    @property
    def share(self) -> float:
        """Candidates asked per candidate seen, over the last window; 0 before the first."""
        return len(self._asked_at) / min(self._seen, self._window) if self._seen else 0.0

    def room(self, pool: int, wanted: int) -> int:
        """How many of `wanted` candidates of a pool may be asked."""
        return len(self._places(pool, wanted))

    def record(self, pool: int, asked: int) -> None:
        """A pool was scored, and so many of it were asked; ValueError when that is more than there was room for."""
        places = self._places(pool, asked)
        if len(places) < asked:
            raise ValueError(f"{asked} of {pool} candidates asked where {len(places)} may be")
        for place in places:
            self._free_from.popleft()
            self._free_from.append(place + self._window)
        self._seen += pool
        self._asked_at.extend(places)
        while self._asked_at and self._asked_at[0] < self._seen - self._window:
            self._asked_at.popleft()

    def _places(self, pool: int, wanted: int) -> list[int]:
        """The earliest places of a pool at which `wanted` may be asked, fewer when no more are."""
        places: list[int] = []
        end, place = self._seen + pool, self._seen
        for at in range(min(wanted, pool)):
            if at < self._most:
                free_from = self._free_from[at]
            elif self._most:
                free_from = places[at - self._most] + self._window
            else:
                break
            place = max(place, free_from)
            if place >= end:
                break
            places.append(place)
            place += 1
        return places

    def _start(self) -> list[int]:
        """The i-th candidate asked, from 0, has at least (i + 1) / share places up to its own."""
        return [-(-(number + 1) * self._window // self._most) - 1 for number in range(self._most)]
