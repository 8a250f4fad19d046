"""Final score: fit and intent combined (F-7)."""

from pydantic import Field, model_validator

from ranking.strict import Strict
from ranking.types import FloatArray

_TOLERANCE = 1e-9


class FinalWeights(Strict):
    """Weights of the final score; they sum to 1 (F-7)."""

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
