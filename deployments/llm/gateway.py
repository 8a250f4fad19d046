"""One prompt's way to the endpoint: a place, the breaker's permit, calls with pauses between, scores or the reason for none."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from configs.llm import LlmConfig
from deployments.llm.breaker import Breaker
from deployments.llm.completion import Completion, Usage
from deployments.llm.failure import LlmFailure, breaks
from deployments.llm.metering import LlmMeter
from deployments.llm.places import Places
from deployments.llm.retrying import pause_s
from models.llm.form import Message
from models.llm.prompting import Prompt
from models.llm.reply import GarbledReply, read_scores
from ranking.deadline import Clock, Deadline
from ranking.errors import DeadlineExceeded, LeadError, Unavailable

# Kept back of the deadline, so that what a call has used can still be told.
_MARGIN_S = 0.01
_UNANSWERED = ("timeout", "connection")
Value = TypeVar("Value")


class Endpoint(Protocol):
    """See `deployments.llm.client.ChatClient`."""

    async def ask(self, prompt: Message, timeout_s: float) -> Completion:
        """The endpoint's answer, or `LlmFailure`."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Value]):
    """What was read from the reply, or the error in its stead; what was used, either way."""

    value: Value | None
    usage: Usage
    error: LeadError | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Scores in the order of the prompt's ids, or the error in their stead; what was used, either way."""

    scores: tuple[float, ...]
    usage: Usage
    error: LeadError | None = None


class Gateway:
    """Bounds, repeats and guards the calls of one replica to one endpoint."""

    def __init__(
        self,
        endpoint: Endpoint,
        config: LlmConfig,
        breaker: Breaker,
        meter: LlmMeter,
        clock: Clock,
        rng: random.Random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._config = config
        self._breaker = breaker
        self._meter = meter
        self._clock = clock
        self._rng = rng
        self._sleep = sleep
        self.places = Places("llm", config.concurrency, config.waiting)

    async def ask(self, prompt: Prompt, deadline: Deadline) -> Answer:
        """The prompt's scores, or why there are none; see `fetch`."""
        fetched = await self.fetch(prompt, lambda content: read_scores(content, prompt), deadline)
        return Answer(tuple(fetched.value or ()), fetched.usage, fetched.error)

    async def fetch(
        self, message: Message, read: Callable[[str], Value], deadline: Deadline
    ) -> Fetched[Value]:
        """What `read` makes of the reply, or why there is none: never an exception of ours.

        `read` raises `GarbledReply` for a reply that cannot be believed.
        The error is `Overloaded`, `DeadlineExceeded`, `Unavailable` (the breaker), or an `LlmFailure`.
        """
        usage = Usage()
        attempt = 1
        while True:
            fetched = await self._attempt(message, read, deadline)
            usage += fetched.usage
            failure = fetched.error
            if not isinstance(failure, LlmFailure):
                return Fetched(fetched.value, usage, failure)
            left_s = deadline.remaining_s() - _MARGIN_S
            pause = pause_s(failure, attempt, left_s, self._config.retry, self._rng)
            if pause is None:
                return Fetched(None, usage, failure)
            await self._sleep(pause)
            attempt += 1

    async def _attempt(
        self, message: Message, read: Callable[[str], Value], deadline: Deadline
    ) -> Fetched[Value]:
        """One call; the pause between two takes no place, so others may go first."""
        try:
            async with self.places.taking(deadline):
                return await self._call(message, read, deadline)
        except LeadError as err:
            self._meter.refused(_refusal(err))
            return Fetched(None, Usage(), err)

    async def _call(
        self, message: Message, read: Callable[[str], Value], deadline: Deadline
    ) -> Fetched[Value]:
        timeout_s = min(self._config.timeout_s, deadline.remaining_s() - _MARGIN_S)
        if timeout_s <= 0.0:
            raise DeadlineExceeded("llm")
        permit = self._breaker.permit()
        started_s = self._clock()
        try:
            fetched = await self._read(message, read, timeout_s)
            failure = fetched.error if isinstance(fetched.error, LlmFailure) else None
            took_s = self._clock() - started_s
            permit.settle(failed=self._speaks_against(failure, took_s))
        finally:
            permit.settle(failed=None)
        self._meter.called(failure.kind if failure else "ok", took_s, fetched.usage)
        return fetched

    def _speaks_against(self, failure: LlmFailure | None, took_s: float) -> bool | None:
        """What the breaker is told; a time limit that only this caller's hurry has set tells nothing."""
        if failure is None:
            return False
        if failure.kind == "timeout" and took_s < min(
            self._config.breaker.patience_s, self._config.timeout_s
        ):
            return None
        return breaks(failure.kind)

    async def _read(self, message: Message, read: Callable[[str], Value], timeout_s: float) -> Fetched[Value]:
        try:
            completion = await self._endpoint.ask(message, timeout_s)
        except LlmFailure as err:
            return Fetched(None, Usage(unanswered=int(err.kind in _UNANSWERED)), err)
        if completion.failure is not None:
            return Fetched(None, completion.usage, completion.failure)
        try:
            return Fetched(read(completion.content), completion.usage)
        except GarbledReply as err:
            return Fetched(None, completion.usage, LlmFailure("llm", "garbage", None, err.reason))


def _refusal(err: LeadError) -> str:
    if isinstance(err, Unavailable):
        return err.reason
    return "deadline" if isinstance(err, DeadlineExceeded) else "overloaded"
