"""How alike two orders are."""

import numpy as np

from ranking.types import FloatArray


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """Spearman's rho, ties at their mean rank; NaN where either is constant."""
    ranks = [_ranks(each) - (len(each) + 1) / 2.0 for each in (one, other)]
    norm = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float(ranks[0] @ ranks[1]) / norm if norm else float("nan")


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, ties at their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: FloatArray = (ends - (counts - 1) / 2.0)[inverse]
    return ranks
