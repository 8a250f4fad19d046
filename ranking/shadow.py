"""The list that another booster would have made of the same candidates, and how far it is from the one that was shown."""

from dataclasses import dataclass

import numpy as np

from ranking.cascade import decide, judged
from ranking.correlation import rank_correlation
from ranking.journey import Survey
from ranking.pipeline import order
from ranking.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ShadowList:
    """What a candidate makes of one answered query.

    Attributes:
        leads: int32[k]; lead rows of its list, best first; `scores` float64[k] in [0, 1].
        shown: int32[k']; lead rows of the answer, best first; `shown_scores` float64[k'], what the candidate gives them.
        pool, asked: companies in the pool, and those whom the booster decides.
        correlation: Spearman's rho of the pool's final scores; NaN where one is constant.
        base_shift: mean of the candidate's base intent minus the answer's booster's over those asked, in points; NaN for nobody.
    """

    leads: IntArray
    scores: FloatArray
    shown: IntArray
    shown_scores: FloatArray
    pool: int
    asked: int
    correlation: float
    base_shift: float


def in_shadow(found: Survey, base: FloatArray, served: FloatArray) -> ShadowList:
    """The list of a survey under another booster; what the language model said of the pool stands.

    Args:
        base: float64[found.asked.sum()] in [0, 100]; the other booster's word.
        served: the same length; the word of the booster that answered.
    """
    intent = decide(found.pool, found.asked, base)
    if len(found.judged_at):
        intent = judged(intent, found.judged_at, found.advice.judgement.scores)
    before = found.ranking
    after = order(found.request, found.candidates, found.pool, intent, before.contacts, found.question)
    approachable = np.isfinite(before.scores)
    return ShadowList(
        leads=before.contacts.leads[after.best],
        scores=after.scores[after.best],
        shown=before.contacts.leads[before.best],
        shown_scores=after.scores[before.best],
        pool=len(found.pool.positions),
        asked=len(base),
        correlation=rank_correlation(before.scores[approachable], after.scores[approachable]),
        base_shift=float(np.mean(base - served)) if len(base) else float("nan"),
    )
