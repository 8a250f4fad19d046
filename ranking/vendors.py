"""Who is known to sell what the customer sells: a competitor or a partner, hardly a buyer (F-5)."""

from typing import Final

import numpy as np

from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.types import BoolArray, FloatArray, PoolEvidence

_SELLS: Final = EVIDENCE_FEATURES.index("sells")


def known_vendors(pool: PoolEvidence) -> BoolArray:
    """bool[m]; false for everybody where no evidence could be gathered."""
    known: BoolArray = pool.counts[:, _SELLS] > 0.0
    return known


def only_if_needed(scores: FloatArray, vendors: BoolArray, limit: int, min_score: float) -> FloatArray:
    """The scores float64[m], -inf for vendors where `limit` others reach `min_score`.

    So a list has a vendor only where it would be short without. Somebody whom a text wrongly makes a vendor costs one lead of many.
    """
    if not vendors.any() or np.count_nonzero(scores[~vendors] >= min_score) < limit:
        return scores
    return np.where(vendors, -np.inf, scores)
