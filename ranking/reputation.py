"""What a submitter's queries have been worth, and whether he is throttled for it (F-8). Pure: the caller passes the time."""

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from ranking.strict import Strict

Alert = Literal["flag_rate", "score"]
_ROUNDING: Final = 1e-9


class ReputationConfig(Strict):
    """The numbers of F-8; rates and scores are shares of 1."""

    averaged: int = Field(
        9, ge=1, le=1000, description="queries that count alike; no throttle and no alert before the next"
    )
    alpha: float = Field(0.1, gt=0.0, le=1.0, description="weight of each query after them")
    throttle_flag_rate: float = Field(
        0.3, ge=0.0, le=1.0, description="a higher share of flagged queries throttles"
    )
    throttle_score: float = Field(0.5, ge=0.0, le=1.0, description="a lower score throttles")
    throttle_s: float = Field(
        86_400.0, gt=0.0, le=2.6e6, description="seconds that a throttle lasts unless it is lifted"
    )
    alert_flag_rate: float = Field(
        0.5, ge=0.0, le=1.0, description="a higher share of flagged queries alerts"
    )
    alert_score: float = Field(0.3, ge=0.0, le=1.0, description="a lower score alerts")


@dataclass(frozen=True, slots=True)
class Seen:
    """One answered query: its quality in [0, 1], and whether a rule flags it. What was refused (4xx) is never seen."""

    score: float
    flagged: bool


@dataclass(frozen=True, slots=True)
class Throttle:
    """In force from `started_s` until `ends_s`, seconds of one clock."""

    started_s: float
    ends_s: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A submitter after `queries` answered ones.

    Attributes:
        score, flag_rate: plain averages at first, then moving ones.
        throttle: the one in force, as of the last query.
        served: a throttle has run its whole time and the standing has not recovered since; only another bad query throttles
            again, so that who comes back and behaves is let in.
    """

    queries: int = 0
    score: float = 0.0
    flag_rate: float = 0.0
    throttle: Throttle | None = None
    served: bool = False


def after(
    before: Standing, seen: Seen, now_s: float, config: ReputationConfig, *, trusted: bool = False
) -> Standing:
    """The standing after one more answered query; nobody who is `trusted` is throttled.

    Source: F-8. What happens after the 24 hours is ours (decision 0043).
    """
    queries = before.queries + 1
    weight = 1.0 / queries if queries <= config.averaged else config.alpha
    score = before.score + weight * (seen.score - before.score)
    flag_rate = before.flag_rate + weight * (seen.flagged - before.flag_rate)
    if trusted or not _is_poor(queries, score, flag_rate, config):
        return Standing(queries, score, flag_rate)
    throttle, served = before.throttle, before.served
    if throttle is not None and now_s >= throttle.ends_s:
        throttle, served = None, True
    is_bad = seen.flagged or seen.score < config.throttle_score
    if throttle is None and (is_bad or not served):
        throttle, served = Throttle(now_s, now_s + config.throttle_s), False
    return Standing(queries, score, flag_rate, throttle, served)


def is_poor(standing: Standing, config: ReputationConfig) -> bool:
    """Whether it throttles."""
    return _is_poor(standing.queries, standing.score, standing.flag_rate, config)


def alerts(standing: Standing, config: ReputationConfig) -> tuple[Alert, ...]:
    """What an operator should look at."""
    if standing.queries <= config.averaged:
        return ()
    by_rate: tuple[Alert, ...] = ("flag_rate",) if _above(standing.flag_rate, config.alert_flag_rate) else ()
    return (*by_rate, "score") if _above(config.alert_score, standing.score) else by_rate


def ordinary_until_lifted(standing: Standing, config: ReputationConfig, most: int = 1_000) -> int:
    """How many queries of full quality, one after the other, end the throttle."""
    found = standing
    for queries in range(most):
        if not is_poor(found, config):
            return queries
        found = after(found, Seen(1.0, False), 0.0, config)
    return most


def _is_poor(queries: int, score: float, flag_rate: float, config: ReputationConfig) -> bool:
    if queries <= config.averaged:
        return False
    return _above(flag_rate, config.throttle_flag_rate) or _above(config.throttle_score, score)


def _above(one: float, other: float) -> bool:
    """Beyond rounding: two flagged of nine and then one more are a rate of .3 and no more."""
    return one > other + _ROUNDING
