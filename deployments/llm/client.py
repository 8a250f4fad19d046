"""The only module that knows the vendor's package: one call in, a completion or our own error out."""

import asyncio
import email.utils
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import openai  # noqa: TID251 - the one place
from openai import AsyncOpenAI  # noqa: TID251

from deployments.llm.completion import Completion, read_completion
from deployments.llm.failure import FailureKind, LlmFailure
from models.llm.form import Form, Message
from ranking.deadline import Clock

_LONGEST_RETRY_AFTER_S: Final = 3600.0
# Ours runs out first: the package's counts from byte to byte, and a slow drip never lets it.
_SLACK_S: Final = 1.0


class ChatClient:
    """Asks one endpoint. The package's own retries are off: ours know the deadline.

    `wall_clock` tells seconds since the epoch, for Retry-After headers that name a date.
    """

    def __init__(self, base_url: str, key: str, model: str, wall_clock: Clock) -> None:
        self._client = AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0)
        self._model = model
        self._wall_clock = wall_clock

    async def ask(self, prompt: Message, timeout_s: float) -> Completion:
        """The endpoint's answer within `timeout_s` seconds, slow drips included.

        Raises:
            LlmFailure: there was none.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return read_completion(await self._body(prompt, timeout_s + _SLACK_S))
        except (TimeoutError, openai.APITimeoutError) as err:
            raise LlmFailure("llm", "timeout") from err
        except openai.APIStatusError as err:
            wait_s = retry_after_s(err.response.headers, self._wall_clock)
            raise LlmFailure("llm", _kind(err.status_code), wait_s) from err
        except openai.APIConnectionError as err:
            raise LlmFailure("llm", "connection") from err
        except openai.OpenAIError as err:
            raise LlmFailure("llm", "rejected") from err

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def _body(self, prompt: Message, timeout_s: float) -> bytes:
        answer = await self._client.chat.completions.with_raw_response.create(
            model=self._model,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            extra_body=_format_of(prompt.form),
            max_completion_tokens=prompt.tokens_out,
            temperature=0.0,
            timeout=timeout_s,
        )
        return answer.content


@cache
def _format_of(form: Form) -> dict[str, Any]:
    """As an extra, so that the package does not walk through the schema at every call (a tenth of a call's CPU)."""
    schema = {"name": form.name, "strict": True, "schema": form.schema}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _kind(status: int) -> FailureKind:
    if status == 429:
        return "rate_limited"
    if status >= 500 or status in (408, 409):
        return "server_error"
    return "unauthorized" if status in (401, 403) else "rejected"


def retry_after_s(headers: Mapping[str, str], wall_clock: Clock) -> float | None:
    """Seconds that a Retry-After header asks to wait, as a number or a date, at most an hour; None without a usable one."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - wall_clock()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(_LONGEST_RETRY_AFTER_S, max(0.0, seconds))
