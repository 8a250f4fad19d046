"""Final score: fit and intent combined, and the order of the list (F-7)."""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ranking.types import FloatArray, IntArray

_TOLERANCE = 1e-9


class FinalWeights(BaseModel):
    """Weights of the final score; they sum to 1 (F-7)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fit: float = Field(0.6, ge=0.0, le=1.0, description="weight of fit in [0, 1]")
    intent: float = Field(0.4, ge=0.0, le=1.0, description="weight of intent/100")

    @model_validator(mode="after")
    def _sum(self) -> "FinalWeights":
        if abs(self.fit + self.intent - 1.0) > _TOLERANCE:
            raise ValueError(f"fit and intent must sum to 1, not {self.fit + self.intent:g}")
        return self


def final_scores(fit: FloatArray, intent: FloatArray, weights: FinalWeights) -> FloatArray:
    """weights.fit x fit + weights.intent x intent / 100, float64[n] in [0, 1], unrounded.

    Args:
        fit: float64[n] in [0, 1].
        intent: float64[n] in [0, 100].

    Source: F-7.
    """
    return weights.fit * fit + weights.intent * (intent / 100.0)


def top(scores: FloatArray, fit: FloatArray, tie_ranks: IntArray, limit: int, min_score: float) -> IntArray:
    """Positions of the `limit` best, by (score, fit) descending and then tie rank ascending; none below `min_score`.

    Args:
        tie_ranks: int32[n]; the order of the lead ids, so that equal scores always come in one order.

    Source: F-4, F-7.
    """
    eligible = np.flatnonzero(scores >= min_score)
    order = np.lexsort((tie_ranks[eligible], -fit[eligible], -scores[eligible]))
    return eligible[order[:limit]].astype(np.int32)
