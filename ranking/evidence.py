"""Lexical evidence of all admitted companies, their boosts, and the pool (F-4, F-5, F-6).

The work of the BM25 leaf for one request, in columns: postings of the query's terms -> hits (snippets of
    admitted companies) -> contributions -> the five best per company -> base; newest fitting events ->
    boosts; both -> the pool. What runs over columns is compiled (`ranking.kernels`).
"""

from typing import Final, cast

import numpy as np

from ranking.admitted import Admitted
from ranking.boosts import Strongest, boost_points
from ranking.contributions import Contributions, Hits, Setting, unite, weigh
from ranking.events import strongest_events
from ranking.evidence_description import described
from ranking.evidence_tables import SHARED, EvidenceTables
from ranking.fit import fit_scores
from ranking.hits import Postings, Term, TermLimits, TermPostings, chosen_terms, with_kindred
from ranking.intent import IntentConfig, base_score, combine
from ranking.kernels.admission import settle
from ranking.kernels.compiled import compile_declared
from ranking.kernels.pool import laid_out, touched
from ranking.kernels.trimming import best, best_of_levels
from ranking.levels import Levels
from ranking.ports import EvidenceRequest
from ranking.trim import preliminary_score
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray, PoolEvidence

__all__ = ["Postings", "Term", "TermPostings", "gather", "used_terms", "warm_up"]

NEVER: Final = -np.inf
_SMALL_PALETTE: Final = 256  # what a byte can number
_ALIKE: Final = np.zeros(0, dtype=np.uint8)


def warm_up() -> None:
    """Compile what `gather` runs on, or load it from the cache: seconds the first time, once per process."""
    compile_declared()


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
    warm_up()
    terms = chosen_terms(request.concepts, request.keywords, postings, config.terms)
    setting = _setting(request, terms, tables, config, tenant)
    counted = with_kindred(terms, postings, config.kindred_weight)
    hits = unite([found for _, found in counted], setting.admitted)
    scored = weigh(hits, setting)
    churn, job = strongest_events(scored, setting)
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
    admitted, dated = Admitted.of(request.rows, tables.company_count), tables.at(request.as_of_s)
    topic = tables.topic(tuple(term.text for term, _ in terms if not term.is_keyword))
    until = np.full((len(topic.concepts), len(admitted)), NEVER)
    for owner in {SHARED: None, tenant: None}:
        for events in dated.events.get(owner, ()):
            choices = events.choices
            settle(
                until, admitted.bits, admitted.before, topic.concepts,
                choices.offsets, choices.companies, choices.effective_s,
            )  # fmt: skip
    return Setting(
        as_of_s=request.as_of_s,
        admitted=admitted,
        topic=topic,
        vendors=admitted.marked(topic.sellers),
        until=until,
        idf_sum=sum(found.idf for _, found in terms),
        term_count=len(terms),
        tables=tables,
        dated=dated,
        config=config,
        tenant=tenant,
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
    boosts = setting.config.boosts
    positions, groups, churn_worth, churn_rows, job_worth, job_rows = touched(
        scored.owners, setting.vendors, churn.worth, churn.rows, job.worth, job.rows
    )
    base = base_score(np.append(scored.evidence, 0.0)[groups], setting.config.half_evidence)
    churn_points = boost_points(churn_worth, boosts.churn_points)
    job_points = boost_points(job_worth, boosts.job_points)
    intent, _ = combine(base, churn_points, job_points)
    vendors = setting.vendors[positions]
    pool = _trimmed(request, positions, intent, vendors)
    kept = scored.hits
    (
        groups, base, churn_worth, churn_rows, job_worth, job_rows, best_raw,
        snippets, raw, decay, contribution, matched,
    ) = laid_out(
        pool, positions, groups, base, churn_worth, churn_rows, job_worth, job_rows, scored.best_raw, scored.top, scored.best,
        kept.rows, kept.raw, scored.decay, kept.matched,
    )  # fmt: skip
    return PoolEvidence(
        generation=request.generation,
        positions=pool,
        base=base,
        churn=boost_points(churn_worth, boosts.churn_points),
        churn_snippets=churn_rows,
        job=boost_points(job_worth, boosts.job_points),
        job_snippets=job_rows,
        best_raw=best_raw,
        snippets=snippets,
        raw=raw,
        decay=decay,
        contribution=contribution,
        matched=matched,
        counts=described(
            pool, groups, setting, hits, scored, churn=(churn_worth, churn_rows), job=(job_worth, job_rows)
        ),
        considered=len(positions) - int(np.count_nonzero(vendors)),
    )


def _trimmed(
    request: EvidenceRequest, positions: IntArray, intent: FloatArray, vendors: BoolArray
) -> IntArray:
    """Ascending positions of the companies with the best preliminary scores; intent is 0 but at `positions` (F-4).

    Those who are `vendors`, bool[t], come behind everybody else.
    """
    levels, weights = request.levels, request.final_weights
    gain = preliminary_score(np.zeros(1), intent, weights) - vendors
    if request.industry is None and isinstance(levels, Levels) and len(levels.palette) <= _SMALL_PALETTE:
        fit = fit_scores(levels.palette, request.fit_weights)
        codes = _ALIKE if levels.codes is None else cast(ByteArray, levels.codes)
        of_level = preliminary_score(fit, 0.0, weights)
        return best_of_levels(of_level, codes, len(levels), positions, gain, request.pool_size)
    fit = fit_scores(levels, request.fit_weights, request.industry)
    score = preliminary_score(fit, 0.0, weights)
    score[positions] += gain
    return best(score, request.pool_size)
