"""Waiting and gathering, by formula. Rates per second; `rho` is the share of time that a server is busy.

Source of the waits: Pollaczek and Khinchine's, as in Kleinrock, "Queueing Systems" I (1975).
"""

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Wait:
    """Mean and variance of one waiting time."""

    mean_s: float
    variance_s2: float

    def __add__(self, other: "Wait") -> "Wait":
        """Two waits one after the other, taken as independent."""
        return Wait(self.mean_s + other.mean_s, self.variance_s2 + other.variance_s2)


NONE = Wait(0.0, 0.0)
FOR_EVER = Wait(math.inf, math.inf)


def m_d_1(rate: float, service_s: float) -> Wait:
    """Poisson arrivals at one server of constant service."""
    rho = rate * service_s
    if rho >= 1.0:
        return FOR_EVER
    mean_s = rho * service_s / (2.0 * (1.0 - rho))
    return Wait(mean_s, mean_s**2 + rho * service_s**2 / (3.0 * (1.0 - rho)))


@dataclass(frozen=True)
class Cycle:
    """How the calls of one hop follow each other: one lane, all who wait travel together.

    A call lingers `linger_ms` for each query of the one before, at most `most_linger_ms`; from a rate of 1 / `linger_ms` on
    calls grow until that is what parts them.

    A call is back after `call_ms` and `item_ms` for each query that travels with it, the ingress's other work meanwhile included;
    the next one leaves then. So the time between two is `call_ms / (1 - rate x item_ms)`, and calls grow as the rate does.
    """

    call_ms: float
    item_ms: float
    linger_ms: float = 0.0
    most_linger_ms: float = 0.0
    most: int = 32

    def gap_ms(self, rate: float, lanes: float = 1.0) -> float:
        """Milliseconds from one call to the next when somebody always waits; `lanes` take turns."""
        left = 1.0 - rate * self.item_ms / 1000.0
        back_ms = self.call_ms / left if left > 0.0 else math.inf
        linger_ms = self.most_linger_ms if rate * self.linger_ms >= 1000.0 else self.linger_ms
        return min(max(linger_ms, back_ms / lanes), 1000.0 * self.most / rate)

    def batch(self, rate: float, lanes: float = 1.0) -> float:
        """Queries of a call, on average: those of Poisson arrivals in a gap, or the first one after it."""
        expected = rate * self.gap_ms(rate, lanes) / 1000.0
        return expected + math.exp(-expected)

    def wait_ms(self, rate: float, lanes: float = 1.0) -> float:
        """Mean wait for a call to leave; nobody waits who comes when the lane is free."""
        gap_ms = self.gap_ms(rate, lanes)
        return 0.5 * gap_ms * (rate * gap_ms / 1000.0) / self.batch(rate, lanes)


def quantile_s(floor_s: float, wait: Wait, share: float) -> float:
    """`share`-quantile of `floor_s` plus a wait, taken as gamma distributed."""
    if math.isinf(wait.mean_s):
        return math.inf
    if wait.variance_s2 <= 0.0 or wait.mean_s <= 0.0:
        return floor_s + wait.mean_s
    scale = wait.variance_s2 / wait.mean_s
    return floor_s + float(stats.gamma.ppf(share, wait.mean_s / scale, scale=scale))
