"""Bounds of scoring a candidate booster beside the one that serves; which and how often is the registry's (`leads models shadow`)."""

from pydantic import Field

from ranking.strict import Strict


class ShadowArgs(Strict):
    """What an ingress holds for it at most, and how often it looks and writes."""

    waiting: int = Field(
        64, ge=1, le=10_000, description="answered queries waiting to be scored; more are dropped and counted"
    )
    per_call: int = Field(8, ge=1, le=64, description="of them in one call to the gbdt leaf")
    linger_s: float = Field(
        0.1,
        ge=0.0,
        le=60.0,
        description="seconds before each call, so that it follows the answers and carries several",
    )
    timeout_s: float = Field(2.0, gt=0.0, le=60.0, description="seconds until a call is given up")
    look_s: float = Field(1.0, gt=0.0, le=3600.0, description="seconds between looks at the registry")
    log_queue: int = Field(
        5_000,
        ge=1,
        le=1_000_000,
        description="shadow lists waiting to be written; more are dropped and counted",
    )
    log_flush_s: float = Field(1.0, gt=0.0, le=60.0, description="seconds between writes of shadow lists")
    kept_days: int = Field(90, ge=1, le=3650, description="days for which shadow lists are kept")
    thin_every_s: float = Field(
        3600.0, gt=0.0, le=86_400.0, description="seconds between deletions of shadow lists that are older"
    )
