"""How the stand-in behaves from now on: how long it takes, how often it fails and how, and whom it obeys."""

import math
import random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fault = Literal[
    "rate_limited", "server_error", "hang", "drip", "reset", "truncated", "invalid_json", "wrong_ids", "missing_id",
    "double_id", "refusal", "out_of_range", "not_a_completion",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = (
    "rate_limited", "server_error", "hang", "drip", "reset", "truncated", "invalid_json", "wrong_ids", "missing_id",
    "double_id", "refusal", "out_of_range", "not_a_completion",
)  # fmt: skip
Obedience = Literal["none", "outside", "everywhere"]


class Latency(BaseModel):
    """Seconds before the reply: log-normal around `median_s`, at most `most_s`; `sigma` 0 is always the median."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    median_s: float = Field(0.0, ge=0.0, le=600.0)
    sigma: float = Field(0.0, ge=0.0, le=3.0)
    most_s: float = Field(60.0, ge=0.0, le=600.0)
    per_token_s: float = Field(0.0, ge=0.0, le=1.0, description="on top, per token of the reply")

    def draw(self, rng: random.Random, tokens: int) -> float:
        """Seconds for a reply of so many tokens."""
        drawn = self.median_s * math.exp(self.sigma * rng.gauss(0.0, 1.0))
        return min(self.most_s, drawn + tokens * self.per_token_s)


class Behaviour(BaseModel):
    """What `PUT /control` sets.

    `faults` gives the share of calls that meet each fault; the rest are answered well. `obedience` says which orders in the texts are
    followed: none, those outside the tags of the prompt, or all that are found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    latency: Latency = Field(default_factory=Latency)
    faults: dict[Fault, float] = Field(default_factory=dict)
    retry_after_s: float | None = Field(1.0, ge=0.0, description="the header of a 429; None leaves it out")
    drip_s: float = Field(0.2, gt=0.0, le=60.0, description="seconds between the pieces of a slow reply")
    noise: float = Field(12.0, ge=0.0, le=100.0, description="standard deviation of the judgement, in points")
    obedience: Obedience = "none"
    key: str | None = Field(None, description="the only API key that is accepted; None accepts any")

    @model_validator(mode="after")
    def _shares(self) -> "Behaviour":
        if any(share < 0.0 for share in self.faults.values()) or sum(self.faults.values()) > 1.0 + 1e-9:
            raise ValueError("shares of faults must not be negative and sum to at most 1")
        return self

    def fault(self, rng: random.Random) -> Fault | None:
        """The fault that the next call meets."""
        left = rng.random()
        for fault in FAULTS:
            left -= self.faults.get(fault, 0.0)
            if left < 0.0:
                return fault
        return None
