"""An endpoint's answer as far as it is used, read strictly: the vendor's package takes whatever comes."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from deployments.llm.failure import LlmFailure
from ranking.wire import Wired


@dataclass(frozen=True, slots=True)
class Usage(Wired):
    """What calls have used, by the endpoint's own count.

    Attributes:
        calls: calls that were answered, well or not.
        unanswered: calls that were sent and not answered; the endpoint may bill them all the same.
        tokens_in: tokens of the messages, `tokens_in_cached` of them at the price of known beginnings.
        tokens_out: tokens of the replies.
    """

    calls: int = 0
    unanswered: int = 0
    tokens_in: int = 0
    tokens_in_cached: int = 0
    tokens_out: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            self.unanswered + other.unanswered,
            self.tokens_in + other.tokens_in,
            self.tokens_in_cached + other.tokens_in_cached,
            self.tokens_out + other.tokens_out,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; `failure` says what is wrong with it though it was answered and is paid for."""

    content: str
    usage: Usage
    failure: LlmFailure | None = None


class _Details(BaseModel):
    cached_tokens: int | None = Field(None, ge=0)


class _Usage(BaseModel):
    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    prompt_tokens_details: _Details | None = None


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: Any = None


class _Body(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def read_completion(body: bytes) -> Completion:
    """The first choice of a chat completion.

    An answer that is none at all is a failed completion too: it was an answer. Only "stop" is a good end, or none said.
    """
    try:
        answer = _Body.model_validate_json(body)
    except ValidationError:
        return Completion("", Usage(calls=1), LlmFailure("llm", "garbage", None, "no_completion"))
    choice, used = answer.choices[0], answer.usage
    usage = Usage(calls=1)
    if used is not None:
        cached = used.prompt_tokens_details.cached_tokens if used.prompt_tokens_details else None
        usage = Usage(1, 0, used.prompt_tokens, cached or 0, used.completion_tokens)
    return Completion(choice.message.content or "", usage, _fault(choice))


def _fault(choice: _Choice) -> LlmFailure | None:
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return LlmFailure("llm", "refused")
    if choice.finish_reason not in ("stop", None):
        return LlmFailure("llm", "garbage", None, "cut_off")
    return None if choice.message.content else LlmFailure("llm", "garbage", None, "empty")
