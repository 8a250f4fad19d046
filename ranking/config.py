"""The hot knobs of ranking in one tree; each leaf model stands beside its formula."""

from typing import Final, Self

from pydantic import Field, model_validator

from ranking.decay import DecayConfig
from ranking.fit import FitWeights, Untargeted
from ranking.fusion import FinalWeights
from ranking.intent import IntentConfig
from ranking.interleaving import Interleaving
from ranking.strict import Strict


class FitConfig(Strict):
    """How fit is weighed (F-3)."""

    weights: FitWeights = Field(
        default_factory=FitWeights, description="weights of the three dimensions (F-3)"
    )
    untargeted: Untargeted = Field("neutral", description="what a dimension nobody asked for does (F-3)")


class RankingConfig(Strict):
    """Everything that changes a ranking and may change without a restart."""

    fit: FitConfig = Field(default_factory=FitConfig, description="F-3")
    final: FinalWeights = Field(default_factory=FinalWeights, description="F-7")
    intent: IntentConfig = Field(default_factory=IntentConfig, description="F-5, F-6")
    signals_shown: int = Field(5, ge=0, le=5, description="pieces of evidence returned per lead")
    interleaving: Interleaving = Field(
        default_factory=Interleaving, description="a second ranking that shares lists with this one"
    )

    @model_validator(mode="after")
    def _nobody_more_is_asked(self) -> Self:
        theirs = self.interleaving.challenger.bm25_threshold
        if theirs is not None and theirs > self.intent.bm25_threshold:
            raise ValueError("the challenger's bm25_threshold must not be above intent.bm25_threshold")
        return self


V1_1: Final = RankingConfig(
    intent=IntentConfig(
        decay=DecayConfig(tau_days=90.0),
        rank_discount=0.5,
        doubt_weight=0.5,
        kindred_weight=0.0,
        booster_threshold=8.0,
    )
)
"""The formulas with the numbers of the requirements, which the defaults are measured against."""
