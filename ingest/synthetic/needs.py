"""The hidden state: who needs what from when to when, why, and whether it ends in a purchase.

A need episode has an onset, a cause, an intensity and a day of decision. At the decision the company buys
from this seller, or it does
not (another supplier, no money, no will); the odds depend on intensity, budget and propensity. Outside the
seller's segment there are
needs too, which others serve.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.synthetic.companies import Companies
from ingest.synthetic.segments import Segment, inside
from ingest.synthetic.spec import FUTURE_DAYS, HISTORY_DAYS, HORIZON_DAYS, WorldSpec, stream
from ingest.synthetic.vocabulary import Vocabulary

CAUSES = ("hire", "churn", "funding", "exec", "compliance", "expansion", "growth", "pain")
_CAUSE_WEIGHTS = {
    "default": (0.30, 0.16, 0.10, 0.12, 0.06, 0.12, 0.06, 0.08),
    "compliance": (0.20, 0.08, 0.04, 0.12, 0.34, 0.08, 0.04, 0.10),
    "security": (0.24, 0.12, 0.06, 0.12, 0.26, 0.06, 0.04, 0.10),
}

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Needs:
    """Episodes of one product as columns; days count from as_of, negative is the past.

    `win` is the probability that the decision favours this seller, `bought` the draw; `resolved` says that a lost or foreign need
    ended with another supplier.
    """

    product: int
    company: IntArray
    onset: IntArray
    end: IntArray
    cause: IntArray
    intensity: FloatArray
    win: FloatArray
    bought: BoolArray
    resolved: BoolArray

    def active_at(self, day: int) -> BoolArray:
        """bool[m]: the need had begun and was not decided on that day."""
        return (self.onset <= day) & (self.end > day)

    def buyers(self, after: int) -> IntArray:
        """Rows of companies that buy within the horizon after the day `after`, ascending."""
        hit = self.bought & (self.end > after) & (self.end <= after + HORIZON_DAYS)
        return np.unique(self.company[hit])


def sigmoid(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)


def make_needs(spec: WorldSpec, vocabulary: Vocabulary, companies: Companies, segment: Segment) -> Needs:
    """Episodes of one product, at most one per company, none at duplicates and at sellers of the product."""
    knobs, row = spec.difficulty, vocabulary.products[segment.product]
    rng = stream(spec.seed, f"needs:{row.key}")
    n = len(companies)
    target = inside(segment, companies, vocabulary)
    keys = [item.key for item in vocabulary.industries]
    affinity = np.where(np.isin(companies.industry, [keys.index(key) for key in row.pool]), 1.6, 0.8)
    focus = float(np.clip((0.08 / max(target.mean(), 1e-6)) ** knobs.niche_focus, 0.6, 2.5))
    rate = knobs.need_rate * np.where(target, focus, knobs.outside_need * affinity)
    rate *= np.exp(0.4 * companies.growth - 0.08)
    days = HISTORY_DAYS + FUTURE_DAYS
    hit = rng.random(n) < 1.0 - np.exp(-rate * days)
    hit &= companies.canonical() & (companies.sells != segment.product)
    hit[list(segment.exemplars)] = False
    company = np.flatnonzero(hit).astype(np.int64)
    m = len(company)
    onset = rng.integers(-HISTORY_DAYS, FUTURE_DAYS, m)
    end = onset + np.maximum(7, np.rint(rng.gamma(4.0, knobs.need_days / 4.0, m))).astype(np.int64)
    intensity = rng.beta(2.0, 2.0, m)
    cause = _causes(rng, row.department, m)
    funded = np.where(cause == CAUSES.index("funding"), 0.8, 0.0)
    means = (
        3.0 * (intensity - 0.5)
        + 0.9 * (companies.budget[company] + funded)
        + 0.5 * companies.propensity[company]
    )
    win = np.where(target[company], sigmoid(knobs.win_bias + knobs.win_spread * means), 0.0)
    win *= companies.active[company]
    bought = rng.random(m) < win
    resolved = ~bought & (rng.random(m) < 0.7)
    return Needs(segment.product, company, onset, end, cause, intensity, win, bought, resolved)


def _causes(rng: np.random.Generator, department: str, m: int) -> IntArray:
    weights = np.asarray(_CAUSE_WEIGHTS.get(department, _CAUSE_WEIGHTS["default"]))
    cuts = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(cuts, rng.random(m)), len(CAUSES) - 1).astype(np.int64)
