"""Feature vectors for the booster. This module is the only place where one is made: online, offline and in training (F-10)."""

import numpy as np

from ranking.fit import LEVEL_TABLES, NO_LIKENESS
from ranking.kernels.feature_rows import feature_rows
from ranking.ports import CompanyFacts
from ranking.types import Candidates, Float32Array, PoolEvidence


def matrix(candidates: Candidates, pool: PoolEvidence, facts: CompanyFacts) -> Float32Array:
    """float32[m, len(ranking.features.FEATURES)] for the m companies of the pool, NaN where unknown.

    Args:
        facts: of the pool's companies, in pool order.
    """
    at = pool.positions
    return feature_rows(
        at, candidates.fit_levels.at(at), *LEVEL_TABLES, candidates.steps,
        NO_LIKENESS if candidates.similarity is None else candidates.similarity,
        pool.base, pool.churn, pool.job, pool.best_raw, pool.contribution, pool.decay,
        np.log1p(facts.employees), facts.founded, facts.technologies, facts.people, pool.counts,
    )  # fmt: skip
