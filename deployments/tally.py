"""Observations held back and given to prometheus-client together.

With several processes every `inc` packs two doubles into a mapped file and asks for the process id; a query makes
twenty of them. Held back, a query appends to lists, and fifty queries share the writing.
"""

from bisect import bisect_left
from collections import Counter as Counts
from collections import defaultdict

from prometheus_client import Counter, Histogram

_MOST_HELD = 20_000


class Tally:
    """Counts and values of one process, given on by `flush`, which is due about every second."""

    def __init__(self) -> None:
        self._counts: Counts[Counter] = Counts()
        self._values: defaultdict[Histogram, list[float]] = defaultdict(list)
        self._held = 0

    def count(self, counter: Counter, amount: int = 1) -> None:
        """Add to a counter without labels, or to a child of one with labels."""
        self._counts[counter] += amount

    def observe(self, histogram: Histogram, value: float) -> None:
        """Add a value to a histogram without labels, or to a child of one with labels."""
        self._values[histogram].append(value)
        self._held += 1
        if self._held >= _MOST_HELD:
            self.flush()

    def flush(self) -> None:
        """Give everything on."""
        counts, self._counts = self._counts, Counts()
        values, self._values = self._values, defaultdict(list)
        self._held = 0
        for counter, amount in counts.items():
            counter.inc(amount)
        for histogram, observed in values.items():
            _observe_all(histogram, observed)


def _observe_all(histogram: Histogram, values: list[float]) -> None:
    """`observe` of each value with one write per bucket; prometheus-client 0.26 has no call for that."""
    bounds = histogram._upper_bounds
    for bucket, times in Counts(bisect_left(bounds, value) for value in values).items():
        histogram._buckets[bucket].inc(times)
    histogram._sum.inc(sum(values))
