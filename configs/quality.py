"""How submitters are judged: rules, standings, and how a throttle is lived with (F-8)."""

from pydantic import Field

from ranking.query_rules import RuleConfig
from ranking.reputation import ReputationConfig
from ranking.strict import Strict


class RateArgs(Strict):
    """How much one submitter may ask of one replica, whatever his standing."""

    requests: int = Field(
        60_000,
        ge=1,
        le=100_000_000,
        description="requests in a window; those beyond are answered 429 `rate_limited`, trusted submitters' as ever",
    )
    window_s: float = Field(60.0, gt=0.0, le=86_400.0, description="seconds of a window")


class QualityArgs(Strict):
    """Rules that flag queries, what follows from flags, and how replicas keep in step."""

    rules: RuleConfig = Field(default_factory=RuleConfig, description="when a query is flagged (F-8)")
    reputation: ReputationConfig = Field(
        default_factory=ReputationConfig, description="averages and bounds (F-8)"
    )
    rate: RateArgs = Field(default_factory=RateArgs, description="how much may be asked in a while")
    local_trusted: bool = Field(
        True,
        description="whether this machine's own callers, who need no key while there is none, are never throttled",
    )
    trial_every_s: float = Field(
        60.0,
        ge=0.0,
        le=86_400.0,
        description="seconds between queries that a throttled submitter may show himself by",
    )
    keys_every_s: float = Field(
        2.0, gt=0.0, le=60.0, description="seconds until new and revoked keys are known"
    )
    round_s: float = Field(
        1.0, gt=0.0, le=60.0, description="seconds until replicas know each other's judgements"
    )
    most_waiting: int = Field(
        50_000,
        ge=1,
        le=10_000_000,
        description="judgements that wait for Postgres; more are dropped and counted",
    )
