"""The hot knobs of ranking in one tree; each leaf model stands beside its formula."""

from pydantic import BaseModel, ConfigDict, Field

from ranking.fit import FitWeights, Untargeted
from ranking.fusion import FinalWeights
from ranking.intent import IntentConfig


class FitConfig(BaseModel):
    """How fit is weighed (F-3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: FitWeights = Field(
        default_factory=FitWeights, description="weights of the three dimensions (F-3)"
    )
    untargeted: Untargeted = Field("neutral", description="what a dimension nobody asked for does (F-3)")


class RankingConfig(BaseModel):
    """Everything that changes a ranking and may change without a restart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fit: FitConfig = Field(default_factory=FitConfig, description="F-3")
    final: FinalWeights = Field(default_factory=FinalWeights, description="F-7")
    intent: IntentConfig = Field(default_factory=IntentConfig, description="F-5, F-6")
    signals_shown: int = Field(5, ge=0, le=5, description="pieces of evidence returned per lead")
