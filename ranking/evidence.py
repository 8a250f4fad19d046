"""Lexical evidence of all admitted companies, their boosts, and the pool (F-4, F-5, F-6).

The work of the BM25 leaf for one request, in columns: postings of the query's terms -> hits (snippets of
    admitted companies) -> contributions -> the five best per company -> base; newest fitting events ->
    boosts; both -> the pool.
"""

from typing import Final

import numpy as np

from ranking import trim
from ranking.admitted import Admitted
from ranking.boosts import Strongest, boost_points
from ranking.contributions import Contributions, Setting, picked, visible_hits, weigh
from ranking.events import strongest_events
from ranking.evidence_features import EVIDENCE_FEATURES, evidence_features
from ranking.evidence_tables import SHARED, EvidenceTables
from ranking.fit import fit_scores
from ranking.hits import Hits, Postings, Term, TermLimits, TermPostings, chosen_terms, unite
from ranking.intent import IntentConfig, base_score, combine
from ranking.ports import EvidenceRequest
from ranking.settlement import settled_until
from ranking.types import SIGNALS_PER_COMPANY, PoolEvidence

__all__ = ["EVIDENCE_FEATURES", "Postings", "Term", "TermPostings", "gather", "used_terms"]

NO_SNIPPET: Final = -1


def gather(
    request: EvidenceRequest,
    postings: Postings,
    tables: EvidenceTables,
    config: IntentConfig,
    tenant: int = SHARED,
) -> PoolEvidence:
    """Score every admitted company lexically and return the pool's evidence.

    Args:
        request: rows and levels of one generation, that of `postings` and `tables`.
        postings: the lexical index.
        tables: the generation's snippets and what is derived from them.
        config: the numbers of the formulas.
        tenant: whose private snippets count besides the shared ones, as numbered in the snapshot.

    Source: F-4, F-5, F-6.
    """
    terms = chosen_terms(request.concepts, request.keywords, postings, config.terms)
    setting = _setting(request, terms, tables, config, tenant)
    hits = visible_hits(unite([found for _, found in terms], setting.admitted), setting)
    scored = weigh(hits, setting)
    churn, job = strongest_events(scored.hits, setting)
    return _pool(request, setting, hits, scored, churn=churn, job=job)


def used_terms(request: EvidenceRequest, postings: Postings, limits: TermLimits) -> tuple[Term, ...]:
    """The terms that score, in request order; bit j of `PoolEvidence.matched` stands for the j-th of the first 8."""
    return tuple(term for term, _ in chosen_terms(request.concepts, request.keywords, postings, limits))


def _setting(
    request: EvidenceRequest,
    terms: list[tuple[Term, TermPostings]],
    tables: EvidenceTables,
    config: IntentConfig,
    tenant: int,
) -> Setting:
    admitted = Admitted.unpack(request.rows, tables.company_count)
    concepts = tuple(term.text for term, _ in terms if not term.is_keyword)
    vendors = np.zeros(len(admitted), dtype=np.bool_)
    for concept in concepts:
        vendors[admitted.select(tables.sellers(concept))[1]] = True
    idf_sum = sum(found.idf for _, found in terms)
    dated = tables.at(request.as_of_s)
    seen = [dated.events[owner].choices for owner in {SHARED: None, tenant: None} if owner in dated.events]
    until = settled_until(seen, tables.concept_numbers(concepts), admitted)
    return Setting(
        request.as_of_s,
        admitted,
        vendors,
        concepts,
        idf_sum,
        len(terms),
        tables,
        dated,
        config,
        until,
        tenant,
    )


def _pool(
    request: EvidenceRequest,
    setting: Setting,
    hits: Hits,
    scored: Contributions,
    *,
    churn: Strongest,
    job: Strongest,
) -> PoolEvidence:
    """Trim to the pool and lay out its columns (F-4)."""
    count, boosts = len(setting.admitted), setting.config.boosts
    base, best_raw = np.zeros(count), np.zeros(count, dtype=np.float32)
    base[scored.owners] = base_score(scored.evidence, setting.config.half_evidence)
    best_raw[scored.owners] = scored.best_raw
    churn_points = boost_points(churn.worth, boosts.churn_points)
    job_points = boost_points(job.worth, boosts.job_points)
    intent, _ = combine(base, churn_points, job_points)
    fit = fit_scores(request.levels, request.fit_weights, request.industry)
    pool = trim.best(trim.preliminary_score(fit, intent, request.final_weights), request.pool_size)
    group = np.full(count, -1, dtype=np.int32)
    group[scored.owners] = np.arange(len(scored.owners), dtype=np.int32)
    shown = np.append(scored.top, np.full((1, SIGNALS_PER_COMPANY), -1), axis=0)[group[pool]]
    return PoolEvidence(
        generation=request.generation,
        positions=pool,
        base=base[pool],
        churn=churn_points[pool],
        churn_snippets=churn.rows[pool],
        job=job_points[pool],
        job_snippets=job.rows[pool],
        best_raw=best_raw[pool],
        snippets=np.append(scored.hits.rows, np.int32(NO_SNIPPET))[shown],
        raw=picked(scored.hits.raw, shown, 0.0).astype(np.float32),
        decay=picked(scored.decay, shown, 0.0).astype(np.float32),
        contribution=picked(scored.contribution, shown, 0.0).astype(np.float32),
        matched=np.append(scored.hits.matched, np.uint32(0))[shown].astype(np.uint8),
        counts=evidence_features(pool, setting, hits, scored, churn=churn, job=job),
        considered=int(np.count_nonzero((best_raw > 0) | (churn.rows >= 0) | (job.rows >= 0))),
    )
