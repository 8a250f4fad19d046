"""Who decides the intent of each company in the pool, and what it comes to (F-5's cascade)."""

from dataclasses import dataclass

import numpy as np

from ranking.intent import BM25, GBDT, INTENT_SOURCES, LLM, NONE, combine, route
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray, IntentSource, PoolEvidence
from ranking.vendors import known_vendors


@dataclass(frozen=True, slots=True)
class Intent:
    """Intent of the pool, columns of length m.

    Attributes:
        source: uint8[m]; position in INTENT_SOURCES of the route that made `base`.
        base, churn, job: float64[m]; points before the cap.
        total: float64[m] in [0, 100]; `cap` float64[m] <= 0 is what the cap took away.
    """

    source: ByteArray
    base: FloatArray
    churn: FloatArray
    job: FloatArray
    total: FloatArray
    cap: FloatArray

    def source_at(self, position: int) -> IntentSource:
        """Name of the route that scored this company."""
        return INTENT_SOURCES[int(self.source[position])]

    def counts(self) -> dict[IntentSource, int]:
        """How many companies each route scored."""
        found = np.bincount(self.source, minlength=len(INTENT_SOURCES))
        return {name: int(found[code]) for code, name in enumerate(INTENT_SOURCES)}


def undecided(pool: PoolEvidence, threshold: float) -> BoolArray:
    """bool[m]: BM25 does not decide, so the LLM or the booster must; that a known vendor needs nothing is decided (F-5)."""
    unclear = np.equal(route(pool.best_raw, llm_available=False, threshold=threshold), GBDT)
    return unclear & ~known_vendors(pool)


def decide(pool: PoolEvidence, asked: BoolArray, boosted: FloatArray | None) -> Intent:
    """Intent of the pool from BM25's base and the booster's answer.

    Args:
        asked: bool[m]; whom the booster was asked about.
        boosted: float64[asked.sum()] base intent in [0, 100]; None when the booster did not answer, and then lexical evidence below
            the threshold still counts as what it is.

    Who has no evidence and was not asked about, or of whom no answer came, scores 0 with source "none".

    Source: F-5.
    """
    base = pool.base.copy()
    source = np.where(base > 0.0, BM25, NONE).astype(np.uint8)
    if boosted is not None:
        base[asked] = boosted
        source[asked] = GBDT
    total, cap = combine(base, pool.churn, pool.job)
    return Intent(source, base, pool.churn, pool.job, total, cap)


def decided_from(intent: Intent, pool: PoolEvidence, threshold: float) -> Intent:
    """The same where BM25 decides from a lower threshold on: nobody needs to be asked for that.

    Source: F-5.
    """
    route_taken = route(pool.best_raw, llm_available=False, threshold=threshold)
    more = np.flatnonzero((route_taken == BM25) & (intent.source != BM25))
    if not len(more):
        return intent
    base, source = intent.base.copy(), intent.source.copy()
    base[more] = pool.base[more]
    source[more] = BM25
    total, cap = combine(base, intent.churn, intent.job)
    return Intent(source, base, intent.churn, intent.job, total, cap)


def judged(intent: Intent, positions: IntArray, scores: FloatArray) -> Intent:
    """The same with the language model's judgement as the base of some.

    Args:
        positions: int32[k] in the pool, each once; of companies that BM25 left undecided.
        scores: float64[k] in [0, 100].

    Source: F-5.
    """
    base, source = intent.base.copy(), intent.source.copy()
    base[positions] = scores
    source[positions] = LLM
    total, cap = combine(base, intent.churn, intent.job)
    return Intent(source, base, intent.churn, intent.job, total, cap)
