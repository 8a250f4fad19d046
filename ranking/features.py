"""The features that the booster reads, in order; `ranking.feature_matrix` makes them (F-10)."""

import hashlib

from ranking.evidence_features import EVIDENCE_FEATURES

_MATCH = ("fit_industry", "fit_size", "fit_region", "unverified", "step", "similarity")
_SIGNAL = ("base", "churn", "job", "best_raw", "first_contribution", "second_contribution", "first_decay")
_COMPANY = ("log_employees", "founded", "technologies", "people")

FEATURES: tuple[str, ...] = (*_MATCH, *_SIGNAL, *_COMPANY, *EVIDENCE_FEATURES)


def schema_hash() -> str:
    """Digest of the feature names in order; an artefact made for another digest is refused."""
    return hashlib.sha256("\n".join(FEATURES).encode()).hexdigest()[:16]
