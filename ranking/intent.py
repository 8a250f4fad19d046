"""From evidence to intent, 0-100: base score, cascade route, and what the boosts add (F-5, F-6)."""

from typing import Annotated

import numpy as np
from pydantic import Field

from ranking.boosts import BoostConfig
from ranking.decay import DecayConfig
from ranking.hits import TermLimits
from ranking.strict import Strict
from ranking.types import ByteArray, Float32Array, FloatArray, IntentSource

INTENT_SOURCES: tuple[IntentSource, ...] = ("bm25", "llm", "gbdt", "none")
BM25, LLM, GBDT, NONE = range(len(INTENT_SOURCES))


class IntentConfig(Strict):
    """Everything that turns snippets into an intent score (F-5, F-6)."""

    decay: DecayConfig = Field(default_factory=DecayConfig, description="how evidence fades (F-5)")
    boosts: BoostConfig = Field(default_factory=BoostConfig, description="churn and job boosts (F-6)")
    source_weights: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        description="factor in [0, 1] per snippet source_type; `*` for those not named, 1 without (F-5)",
    )
    doubt_weight: float = Field(
        0.2,
        ge=0,
        le=1,
        description="need of snippets by suppliers that also send stuffed texts, no unit (F-5, F-9)",
    )
    kindred_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="factor on the worth of snippets that speak of a concept without naming it; 0 leaves them out (F-5)",
    )
    terms: TermLimits = Field(default_factory=TermLimits, description="how many terms are looked up (F-5)")
    rank_discount: float = Field(
        0.7, gt=0, le=1, description="factor from one of a company's best snippets to the next, no unit (F-5)"
    )
    half_evidence: float = Field(
        8.0, gt=0, le=1000, description="evidence E that makes a base score of 50, in BM25 points (F-5)"
    )
    bm25_threshold: float = Field(
        8.0, ge=0, le=1000, description="best raw score from which BM25 alone decides, in BM25 points (F-5)"
    )
    booster_threshold: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="best raw score from which BM25's base stands where no language model has judged, in BM25 points; "
        "below it the booster's does (F-5)",
    )


def base_score(evidence: FloatArray, half_evidence: float) -> FloatArray:
    """Map evidence to 100 x (1 - 2^(-E / half)): 0 without evidence, 50 at `half_evidence`, below 100.

    Args:
        evidence: float64[n], >= 0.
        half_evidence: > 0.

    Source: F-5.
    """
    return 100.0 * (1.0 - np.exp2(-evidence / half_evidence))


def route(best_raw: Float32Array, llm_available: bool, threshold: float) -> ByteArray:
    """Say who scores each candidate: uint8[n] positions in INTENT_SOURCES.

    BM25 where the best raw score reaches the threshold; below it the LLM where there is evidence and it may
    be asked; the booster everywhere else.

    Args:
        best_raw: float32[n]; 0 without evidence.
        llm_available: whether the LLM may be asked at all.
        threshold: in BM25 points.

    Source: F-5 (cascade).
    """
    routes = np.full(len(best_raw), GBDT, dtype=np.uint8)
    if llm_available:
        routes[best_raw > 0] = LLM
    routes[(best_raw > 0) & (best_raw >= threshold)] = BM25
    return routes


def combine(base: FloatArray, churn: FloatArray, job: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return intent = min(100, base + churn + job) and the cap, the points above 100 as a part <= 0.

    base + churn + job + cap = intent (F-6, F-7).
    """
    total = base + churn + job
    intent = np.minimum(total, 100.0)
    return intent, intent - total
