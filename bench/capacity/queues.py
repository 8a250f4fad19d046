"""Waiting in queues, by formula. Times in seconds, rates per second; `rho` is the share of time that a server is busy.

Sources: Erlang C and Pollaczek-Khinchine as in Kleinrock, "Queueing Systems" I (1975); the M/D/c correction is Cosmetatos's (1976).
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


def erlang_c(servers: int, rho: float) -> float:
    """Chance that a Poisson arrival finds all `servers` busy; `rho` is the load of each."""
    if rho >= 1.0:
        return 1.0
    blocked = 1.0  # Erlang B, by its recursion
    for server in range(1, servers + 1):
        blocked = servers * rho * blocked / (server + servers * rho * blocked)
    return blocked / (1.0 - rho * (1.0 - blocked))


def m_m_c(rate: float, service_s: float, servers: int) -> Wait:
    """Exponential service."""
    rho = rate * service_s / servers
    if rho >= 1.0:
        return FOR_EVER
    late = erlang_c(servers, rho)
    pace_s = service_s / (servers * (1.0 - rho))  # mean wait of those who wait, exponential
    return Wait(late * pace_s, late * (2.0 - late) * pace_s**2)


def m_d_1(rate: float, service_s: float) -> Wait:
    """Constant service, one server."""
    rho = rate * service_s
    if rho >= 1.0:
        return FOR_EVER
    mean_s = rho * service_s / (2.0 * (1.0 - rho))
    return Wait(mean_s, mean_s**2 + rho * service_s**2 / (3.0 * (1.0 - rho)))


def m_d_c(rate: float, service_s: float, servers: int) -> Wait:
    """Constant service; within 2 % of exact tables, and exact for one server."""
    if servers == 1:
        return m_d_1(rate, service_s)
    exponential = m_m_c(rate, service_s, servers)
    if math.isinf(exponential.mean_s):
        return FOR_EVER
    rho = rate * service_s / servers
    gap = (servers - 1) * (math.sqrt(4.0 + 5.0 * servers) - 2.0) / (16.0 * servers)
    ratio = 0.5 * (1.0 + (1.0 - rho) / rho * gap) if rho > 0.0 else 0.5
    return Wait(ratio * exponential.mean_s, ratio**2 * exponential.variance_s2)


@dataclass(frozen=True)
class Bulk:
    """One server that takes all who wait at once: a call costs `call_s` and each item in it `item_s`.

    Calls leave at least `linger_s` apart and carry at most `most` items.
    """

    call_s: float
    item_s: float
    linger_s: float = 0.0
    most: int = 64

    def batch(self, rate: float) -> float:
        """Items of a call, on average: what arrives while the call before is worked on, or within the linger."""
        left = 1.0 - rate * self.item_s
        greedy = rate * self.call_s / left if left > 0.0 else math.inf
        return min(float(self.most), max(1.0, greedy, rate * self.linger_s))

    def rho(self, rate: float) -> float:
        """Share of time at work."""
        return rate * (self.call_s / self.batch(rate) + self.item_s)

    def sojourn(self, rate: float) -> Wait:
        """From arrival to the end of the call: what is left of the call before, or of the linger, and the own call."""
        size = self.batch(rate)
        if size >= self.most and self.rho(rate) >= 1.0:
            return FOR_EVER
        work_s = self.call_s + self.item_s * size
        gap_s = max(work_s, self.linger_s)
        busy = min(1.0, rate * gap_s)  # chance to find a call under way
        return Wait(busy * gap_s / 2.0 + work_s, busy * gap_s**2 / 3.0 - (busy * gap_s / 2.0) ** 2)

    def delay(self, rate: float) -> Wait:
        """What the sojourn has more than that of an item alone."""
        there = self.sojourn(rate)
        return Wait(max(0.0, there.mean_s - self.call_s - self.item_s), there.variance_s2)


def quantile_s(floor_s: float, wait: Wait, share: float) -> float:
    """`share`-quantile of `floor_s` plus a wait, taken as gamma distributed."""
    if math.isinf(wait.mean_s):
        return math.inf
    if wait.variance_s2 <= 0.0 or wait.mean_s <= 0.0:
        return floor_s + wait.mean_s
    scale = wait.variance_s2 / wait.mean_s
    return floor_s + float(stats.gamma.ppf(share, wait.mean_s / scale, scale=scale))
