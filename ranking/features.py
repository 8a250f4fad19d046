"""Feature vectors for the booster. This module is the only place where one is made: online, offline and in training (F-10)."""

import hashlib

import numpy as np

from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.fit import unpack_levels, unverified
from ranking.ports import CompanyFacts
from ranking.types import Candidates, Float32Array, PoolEvidence

_MATCH = ("fit_industry", "fit_size", "fit_region", "unverified", "step", "similarity")
_SIGNAL = ("base", "churn", "job", "best_raw", "first_contribution", "second_contribution", "first_decay")
_COMPANY = ("log_employees", "founded", "technologies", "people")

FEATURES: tuple[str, ...] = (*_MATCH, *_SIGNAL, *_COMPANY, *EVIDENCE_FEATURES)


def schema_hash() -> str:
    """Digest of the feature names in order; an artefact made for another digest is refused."""
    return hashlib.sha256("\n".join(FEATURES).encode()).hexdigest()[:16]


def matrix(candidates: Candidates, pool: PoolEvidence, facts: CompanyFacts) -> Float32Array:
    """float32[m, len(FEATURES)] for the m companies of the pool, NaN where unknown.

    Args:
        facts: of the pool's companies, in pool order.
    """
    at = pool.positions
    levels = candidates.fit_levels.at(at)
    industry, size, region = unpack_levels(levels)
    similarity = np.nan if candidates.similarity is None else candidates.similarity[at]
    columns = (
        industry, size, region, unverified(levels), candidates.steps[at], similarity,
        pool.base, pool.churn, pool.job, pool.best_raw, pool.contribution[:, 0], pool.contribution[:, 1], pool.decay[:, 0],
        np.log1p(facts.employees), facts.founded, facts.technologies, facts.people,
    )  # fmt: skip
    features = np.empty((len(at), len(columns) + pool.counts.shape[1]), dtype=np.float32)
    for place, column in enumerate(columns):
        features[:, place] = column
    features[:, len(columns) :] = pool.counts
    return features
