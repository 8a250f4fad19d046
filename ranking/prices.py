"""What calls of a language model cost, by model and kind of token (F-10)."""

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field, model_validator

from ranking.errors import Unavailable
from ranking.money import NanoUsd
from ranking.strict import Strict

Tokens = Literal["input", "cached", "output"]
_MOST_TOKENS: Final = 100_000_000
_NANOUSD_PER_TOKEN: Final = 1000.0
"""One dollar per million tokens is a thousand nano-dollars per token."""


class TokenPrices(Strict):
    """List prices of one model in US dollars per million tokens, to a thousandth of a dollar."""

    input_usd: float = Field(ge=0.0, le=1000.0, description="USD per million input tokens")
    cached_usd: float = Field(
        ge=0.0, le=1000.0, description="USD per million input tokens read from the vendor's cache"
    )
    output_usd: float = Field(ge=0.0, le=1000.0, description="USD per million output tokens")

    @model_validator(mode="after")
    def _plausible(self) -> "TokenPrices":
        for price in (self.input_usd, self.cached_usd, self.output_usd):
            if abs(price * _NANOUSD_PER_TOKEN - round(price * _NANOUSD_PER_TOKEN)) > 1e-6:
                raise ValueError(f"{price:g} is not a multiple of 0.001")
        if self.cached_usd > self.input_usd:
            raise ValueError("cached_usd is above input_usd")
        return self

    def per_token(self, kind: Tokens) -> NanoUsd:
        """Nano-dollars of one token."""
        price = {"input": self.input_usd, "cached": self.cached_usd, "output": self.output_usd}[kind]
        return NanoUsd(round(price * _NANOUSD_PER_TOKEN))


GPT_4O: Final = TokenPrices(input_usd=2.50, cached_usd=1.25, output_usd=10.00)
"""OpenAI's list prices of gpt-4o since October 2024."""
GPT_4O_MINI: Final = TokenPrices(input_usd=0.15, cached_usd=0.075, output_usd=0.60)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the vendor counts them; `tokens_cached` are among `tokens_in`.

    Raises ValueError for what cannot be: such a reply has told no usage.
    """

    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0

    def __post_init__(self) -> None:
        tokens = (self.tokens_cached, self.tokens_in, self.tokens_out)
        if not (
            0 <= self.tokens_cached <= self.tokens_in and self.tokens_out >= 0 and max(tokens) <= _MOST_TOKENS
        ):
            raise ValueError(f"no possible usage: {self}")


class PriceList(Strict):
    """Prices by model, and how far estimates are stretched before money is held for them."""

    models: dict[str, TokenPrices] = Field(
        default_factory=lambda: {"gpt-4o": GPT_4O, "gpt-4o-mini": GPT_4O_MINI},
        description="list prices by model name (F-10)",
    )
    margin: float = Field(
        0.25,
        ge=0.0,
        le=4.0,
        description="share by which a call's input may be longer than estimated; held, not charged",
    )

    def cost(self, model: str, usage: Usage) -> NanoUsd:
        """What a call has cost; raises Unavailable("llm", ...) for a model without a price."""
        prices = self.of(model)
        fresh = usage.tokens_in - usage.tokens_cached
        return NanoUsd(
            fresh * prices.per_token("input")
            + usage.tokens_cached * prices.per_token("cached")
            + usage.tokens_out * prices.per_token("output")
        )

    def ceiling(self, model: str, tokens_in: int, most_tokens_out: int) -> NanoUsd:
        """What a call is taken to cost at most before it is made: nothing cached, the longest reply it is allowed.

        Args:
            tokens_in: estimated; stretched by `margin`.
            most_tokens_out: the limit sent with the call, which the vendor keeps.
        """
        prices = self.of(model)
        stretched = -int(-tokens_in * (1.0 + self.margin) // 1)
        return NanoUsd(stretched * prices.per_token("input") + most_tokens_out * prices.per_token("output"))

    def of(self, model: str) -> TokenPrices:
        """A model's prices; raises Unavailable("llm", ...) where there are none: what has no price is not bought."""
        try:
            return self.models[model]
        except KeyError as err:
            raise Unavailable("llm", f"no price is configured for model {model!r}") from err
