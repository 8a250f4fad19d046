"""The highest rate a server holds, found on one grid of rates that all servers share."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

P95_MS = 400.0
ERROR_SHARE = 0.01
GALLOP = 8  # places of the grid: about a doubling at one tenth per place


@dataclass(frozen=True, slots=True)
class Step:
    """What one offered rate came to.

    Attributes:
        place: of the rate on the grid.
        failed: queries refused, lost, or answered with a stage skipped.
        latencies_ms: of the answered ones, from the time each was due.
        cpu_ms: CPU milliseconds per offered query by kind of process, `total` last.
        record: the figures as the benchmark record has them.
    """

    place: int
    rate_qps: float
    offered: int
    failed: int
    latencies_ms: Sequence[float]
    cpu_ms: Mapping[str, float]
    record: Mapping[str, Any]

    @property
    def holds(self) -> bool:
        """Whether the rate is held."""
        return holds(self.latencies_ms, self.failed, self.offered)


def grid(lowest_qps: float, highest_qps: float, ratio: float) -> tuple[float, ...]:
    """Rates from `lowest_qps` on, each `ratio` times the one before, until `highest_qps` is reached; ratio > 1."""
    places = math.ceil(math.log(highest_qps / lowest_qps) / math.log(ratio) - 1e-9)
    return tuple(round(lowest_qps * ratio**place, 2) for place in range(places + 1))


def holds(latencies_ms: Sequence[float], failures: int, offered: int) -> bool:
    """P95 (nearest rank) of what was answered below 400 ms, and at most one query in a hundred failed."""
    if not latencies_ms or failures > ERROR_SHARE * offered:
        return False
    ordered = sorted(latencies_ms)
    return ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)] < P95_MS


def highest(places: int, holds_at: Callable[[int], bool], start: int = 0) -> int:
    """The highest of `places` that holds, -1 when not even the lowest does; each place is asked once at most.

    Gallops from `start` in strides of `GALLOP` until one place holds and a higher one does not, then halves between
    them. `holds_at` is taken to hold below where it holds.
    """
    held, broken = -1, places
    place = min(max(start, 0), places - 1)
    while held < place < broken:
        if holds_at(place):
            held = place
            place = min(place + GALLOP, places - 1)
        else:
            broken = place
            if held < 0:
                place = max(place - GALLOP, 0)
    while broken - held > 1:
        middle = (held + broken) // 2
        if holds_at(middle):
            held = middle
        else:
            broken = middle
    return held
