"""Where the language model is, and the numbers of asking it and of waiting for it (F-5, F-10)."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ranking.asked_share import AskedShareConfig
from ranking.asking import AskingConfig
from ranking.spending import SpendingConfig
from ranking.strict import Strict


class LlmSettings(BaseSettings):
    """Place and secret; read from the environment when made."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        description="OPENAI_BASE_URL: any endpoint that speaks chat completions",
    )
    openai_api_key: SecretStr | None = Field(
        default=None, description="OPENAI_API_KEY: without it no language model is asked"
    )

    @property
    def key(self) -> str:
        """The secret, "" for none."""
        return self.openai_api_key.get_secret_value() if self.openai_api_key is not None else ""

    @property
    def has_key(self) -> bool:
        """Whether there is a language model to ask."""
        return bool(self.key)


class RetryConfig(Strict):
    """How failed calls are repeated (429, 5xx, lost connections), always within the caller's deadline."""

    attempts: int = Field(2, ge=1, le=10, description="calls in all, the first included")
    base_s: float = Field(
        0.1, gt=0.0, le=60.0, description="longest pause before the second call; doubles with each"
    )
    most_s: float = Field(5.0, gt=0.0, le=600.0, description="longest pause of our own choice")


class BreakerConfig(Strict):
    """When calls stop: a share of errors, timeouts and garbage over a rolling window (20 % by requirement)."""

    error_rate: float = Field(0.2, gt=0.0, le=1.0, description="share of failed calls that opens the breaker")
    window_s: float = Field(30.0, gt=0.0, le=3600.0, description="seconds that count")
    least_calls: int = Field(
        20, ge=1, le=100_000, description="calls in the window below which nothing opens"
    )
    open_s: float = Field(10.0, gt=0.0, le=3600.0, description="seconds without calls before probes")
    patience_s: float = Field(
        1.0,
        ge=0.0,
        le=600.0,
        description="a call given up sooner, for its caller's sake, tells nothing of the endpoint",
    )
    probes: int = Field(3, ge=1, le=100, description="calls let through half-open, all of which must go well")
    sync_s: float = Field(
        1.0, gt=0.0, le=60.0, description="seconds between looks at the other replicas' state"
    )


class LlmConfig(Strict):
    """Numbers of the gateway and the node."""

    model: str = Field("gpt-4o-mini", min_length=1, description="model name sent to the endpoint")
    mode: Literal["listwise", "pointwise"] = Field(
        "listwise", description="several candidates in a call, or one: the latter to compare with"
    )
    per_call: int = Field(10, ge=1, le=50, description="candidates in one listwise call")
    texts: int = Field(5, ge=1, le=20, description="texts shown of each candidate")
    text_characters: int = Field(600, ge=50, le=10_000, description="characters shown of each text")
    sentinels: bool = Field(True, description="mix two companies of known score into each call")
    timeout_s: float = Field(
        8.0,
        gt=0.0,
        le=600.0,
        description="longest wait for one call; while all places hang, the breaker sees `concurrency` failures in that time",
    )
    concurrency: int = Field(16, ge=1, le=1024, description="calls in flight per replica")
    waiting: int = Field(64, ge=0, le=100_000, description="calls waiting for a place before `overloaded`")
    retry: RetryConfig = Field(default_factory=RetryConfig)
    breaker: BreakerConfig = Field(default_factory=BreakerConfig)

    @property
    def longest_s(self) -> float:
        """Seconds from when a call is wanted until it is given up: as long for a place as for the answer.

        With less, who waits behind calls that hang would be given up at the moment they are, and the breaker would hear of few.
        """
        return 2.0 * self.timeout_s


class AdvisingConfig(Strict):
    """How an ingress asks and waits."""

    most_asked: int = Field(
        20, ge=1, le=2000, description="companies of one query that are asked about at most"
    )
    in_flight: int = Field(
        32, ge=1, le=10_000, description="calls under way per ingress before no more are made"
    )
    patience_ms: float = Field(
        150.0, ge=0.0, le=30_000.0, description="milliseconds that a query with `llm` auto waits at most"
    )
    reserve_ms: float = Field(
        40.0, ge=0.0, le=1000.0, description="milliseconds of the deadline kept for finishing the answer"
    )
    recent_s: float = Field(
        60.0,
        gt=0.0,
        le=3600.0,
        description="seconds in which answers count for whether waiting is worth while",
    )
    least_recent: int = Field(5, ge=1, le=1000, description="answers in that time below which nobody waits")
    pause_s: float = Field(
        1.0, ge=0.0, le=60.0, description="seconds without a call after one found nobody to answer it"
    )
    remembered: int = Field(200_000, ge=0, le=10_000_000, description="scores kept per ingress")


class LabelConfig(Strict):
    """Judgements on their way into Postgres, to be learned from."""

    waiting: int = Field(
        20_000, ge=1, le=1_000_000, description="labels waiting to be written; more are dropped and counted"
    )
    flush_s: float = Field(1.0, gt=0.0, le=60.0, description="seconds between writes")


class ParsingConfig(Strict):
    """When the language model reads a prompt that the rules are unsure of, and who waits for it (F-1)."""

    unsure_below: float = Field(
        0.75,
        ge=0.0,
        le=1.0,
        description="confidence of the rules' parse below which the model is asked; 0 never asks",
    )
    patience_ms: float = Field(
        100.0, ge=0.0, le=30_000.0, description="milliseconds that a query with `llm` auto waits at most"
    )
    patience_share: float = Field(
        0.25, ge=0.0, le=1.0, description="share of its deadline that a query with `llm` auto waits at most"
    )
    wait_share: float = Field(
        0.5, ge=0.0, le=1.0, description="share of its deadline that a query with `llm` wait waits at most"
    )
    in_flight: int = Field(
        8, ge=0, le=10_000, description="prompts being read per ingress before no more are asked about"
    )
    remembered: int = Field(10_000, ge=0, le=1_000_000, description="parses kept per ingress")


class LlmArgs(Strict):
    """Everything about the language model: how it is asked, about whom, when it is waited for, what it may cost."""

    calls: LlmConfig = Field(default_factory=LlmConfig)
    advising: AdvisingConfig = Field(default_factory=AdvisingConfig)
    asking: AskingConfig = Field(default_factory=AskingConfig)
    asked_share: AskedShareConfig = Field(default_factory=AskedShareConfig)
    parsing: ParsingConfig = Field(default_factory=ParsingConfig)
    spending: SpendingConfig = Field(default_factory=SpendingConfig)
    labels: LabelConfig = Field(default_factory=LabelConfig)
