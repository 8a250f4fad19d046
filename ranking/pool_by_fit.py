"""The pool where nothing is known but how well companies fit."""

import numpy as np

from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.fit import fit_scores
from ranking.ports import EvidenceRequest
from ranking.types import SIGNALS_PER_COMPANY, Candidates, PoolEvidence


def without_evidence(question: EvidenceRequest, candidates: Candidates) -> PoolEvidence:
    """The pool by fit alone, when the bm25 leaf does not answer."""
    fit = fit_scores(candidates.fit_levels, question.fit_weights, question.industry)
    keep = np.sort(np.lexsort((candidates.rows, -fit))[: question.pool_size]).astype(np.int32)
    count = len(keep)
    nothing = np.full(count, -1, dtype=np.int32)
    zeros = np.zeros(count)
    per_signal = np.zeros((count, SIGNALS_PER_COMPANY), dtype=np.float32)
    return PoolEvidence(
        generation=candidates.generation, positions=keep, base=zeros, churn=zeros, churn_snippets=nothing, job=zeros,
        job_snippets=nothing, best_raw=zeros.astype(np.float32),
        snippets=np.full((count, SIGNALS_PER_COMPANY), -1, dtype=np.int32), raw=per_signal, decay=per_signal,
        contribution=per_signal, matched=np.zeros((count, SIGNALS_PER_COMPANY), dtype=np.uint8),
        counts=np.full((count, len(EVIDENCE_FEATURES)), np.nan, dtype=np.float32), considered=0,
    )  # fmt: skip
