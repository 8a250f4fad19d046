"""How sure a mean is: bootstrap over whole groups of prompts, and paired comparisons on the same draws.

The prompts of one product in seven languages are no independent sample; products are drawn, with all their prompts.
Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 6 and 13 (percentile intervals).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ranking.types import FloatArray

RESAMPLES = 4_000


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, over `count` values of `groups` groups."""

    mean: float
    low: float
    high: float
    count: int
    groups: int

    def rounded(self) -> dict[str, float]:
        """As a record writes it; no minus zero."""
        values = {"mean": self.mean, "low": self.low, "high": self.high}
        return {**{name: round(value, 4) + 0.0 for name, value in values.items()}, "prompts": self.count}


class Resampler:
    """The same draws of groups for everything that is asked about one set of values, so that differences are paired."""

    def __init__(self, groups: Sequence[str], seed: int, resamples: int = RESAMPLES) -> None:
        self._names, self._of = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        size = len(self._names)
        draws = np.random.default_rng(seed)
        self._times = draws.multinomial(size, np.full(size, 1.0 / size), size=resamples).astype(np.float64)

    def mean(self, values: FloatArray) -> Estimate:
        """Of float64[n], one value per member; NaN when there is none."""
        return self.ratio(values, np.ones(len(values)))

    def ratio(self, above: FloatArray, below: FloatArray) -> Estimate:
        """Sum of one over sum of the other, both float64[n]: a rate over members that count differently."""
        if not below.sum():
            return Estimate(float("nan"), float("nan"), float("nan"), 0, 0)
        drawn = self._drawn(above, below)
        low, high = np.nanquantile(drawn, (0.025, 0.975))
        mean = float(above.sum() / below.sum())
        # where nothing varies, sums in another order differ in the last bit
        return Estimate(
            mean, min(float(low), mean), max(float(high), mean), int((below > 0).sum()), len(self._names)
        )

    def better(self, ours: FloatArray, theirs: FloatArray) -> tuple[Estimate, float]:
        """The mean gain of ours over theirs, member by member, and the share of draws in which it is positive (ties: half)."""
        gain = ours - theirs
        drawn = np.round(self._drawn(gain, np.ones(len(gain))), 12)
        return self.mean(gain), float((drawn > 0).mean() + 0.5 * (drawn == 0).mean())

    def _drawn(self, above: FloatArray, below: FloatArray) -> FloatArray:
        size = len(self._names)
        sums = np.bincount(self._of, weights=above, minlength=size)
        counts = np.bincount(self._of, weights=below, minlength=size)
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn: FloatArray = (self._times @ sums) / (self._times @ counts)
        return drawn
