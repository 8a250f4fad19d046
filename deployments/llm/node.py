"""The language model as a leaf of the graph: questions in, scores per candidate out; a plain class."""

import asyncio
import contextvars
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import numpy as np
from redis.asyncio import Redis

from configs.llm import LlmConfig, LlmSettings
from deployments.llm.breaker import Breaker
from deployments.llm.client import ChatClient
from deployments.llm.completion import Usage
from deployments.llm.flights import Flights
from deployments.llm.gateway import Answer, Gateway
from deployments.llm.metering import LlmMeter
from deployments.llm.prompt_reader import PromptReader, Read
from deployments.llm.sharing import SharedBreaker
from deployments.scaling import ITEMS_PER_S, QUEUED, UTILISATION
from models.llm.injection import order_in
from models.llm.prompting import PROMPT_VERSION, Layout, listwise
from models.llm.question import Question
from models.llm.reading_prompt import Wording
from models.llm.screening import Withheld, screen
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, DependencyError, LeadError, Unavailable
from ranking.types import FloatArray
from ranking.wire import Wired

_log = logging.getLogger(__name__)
_SCREENED_TEXTS = 50_000
Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Judged(Wired):
    """Scores of one question's candidates, and what they took.

    Attributes:
        scores: float64[n] in [0, 100], in the order of the question; NaN where the model was not asked or its call failed.
        usage: of this question's own calls; what rode on another's is in that one's.
        withheld: texts that were not shown because they give orders.
        failures: reasons of calls that failed while others went well.
    """

    scores: FloatArray
    usage: Usage
    model: str
    prompt_version: str
    withheld: tuple[Withheld, ...] = ()
    failures: tuple[str, ...] = ()


class LlmNode:
    """Judges intent where BM25 leaves it undecided (F-5) and reads prompts where the rules are unsure (F-1). Each item on its own.

    Args:
        config: `LlmConfig` as in the graph's arguments.
        settings: where the endpoint is; without a key every question is answered `Unavailable`.
        redis: where replicas share the breaker's state; None keeps it to this replica.
        rng: what ids, tags and pauses are drawn from; it must not be predictable by those who write texts.
    """

    def __init__(
        self,
        config: dict[str, object],
        settings: LlmSettings,
        redis: Redis | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._config = numbers = LlmConfig.model_validate(config)
        self._rng = rng or random.SystemRandom()
        self._layout = Layout(numbers.texts, numbers.text_characters, numbers.sentinels)
        self._meter = LlmMeter(numbers.model)
        self._breaker = Breaker("llm", numbers.breaker, time.monotonic, self._meter.changed)
        self._order_in = lru_cache(_SCREENED_TEXTS)(order_in)
        self._flights: Flights[Question, Answer] = Flights("llm", _ran_out_of_time)
        self._client = self._gateway = self._reader = None
        if settings.has_key:
            self._client = ChatClient(settings.openai_base_url, settings.key, numbers.model, time.time)
            self._gateway = Gateway(
                self._client, numbers, self._breaker, self._meter, time.monotonic, self._rng
            )
            self._reader = PromptReader(self._gateway, self._meter, self._rng)
        replica = f"{self._rng.getrandbits(64):016x}"
        self._shared = (
            None if redis is None else SharedBreaker(self._breaker, redis, replica, self._meter.looked)
        )
        self._syncing: asyncio.Task[None] | None = None
        self._load = _Load()

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks. A place in use counts as work though nothing is computed."""
        return self._load.stats(self._gateway, self._config.concurrency)

    async def judge(
        self, items: Sequence[Question], remaining_ms: Sequence[float]
    ) -> list[Judged | LeadError]:
        """One outcome per question, in order; the call lasts as long as its slowest question."""
        return await self._outcomes(self._judge, items, remaining_ms)

    async def read(self, items: Sequence[Wording], remaining_ms: Sequence[float]) -> list[Read | LeadError]:
        """One outcome per prompt, in order; the call lasts as long as its slowest."""
        return await self._outcomes(self._read, items, remaining_ms)

    async def close(self) -> None:
        """End the sharing and close connections."""
        if self._shared is not None and self._syncing is not None:
            self._shared.stop()
            await self._syncing
            self._syncing = None
        if self._client is not None:
            await self._client.close()

    async def _outcomes(
        self,
        work: Callable[[Item, Deadline], Awaitable[Value]],
        items: Sequence[Item],
        remaining_ms: Sequence[float],
    ) -> list[Value | LeadError]:
        if self._shared is not None and self._syncing is None:
            # An empty context: it must outlive the request that happens to come first.
            run = self._shared.run(self._config.breaker.sync_s)
            self._syncing = asyncio.get_running_loop().create_task(run, context=contextvars.Context())
        pairs = zip(items, remaining_ms, strict=True)
        return await asyncio.gather(*(self._outcome(work, item, left_ms) for item, left_ms in pairs))

    async def _outcome(
        self, work: Callable[[Item, Deadline], Awaitable[Value]], item: Item, left_ms: float
    ) -> Value | LeadError:
        try:
            return await work(item, Deadline.after_ms(left_ms, time.monotonic))
        except LeadError as err:
            return err
        except Exception as err:  # noqa: BLE001 - one bad item must not fail its neighbours; its caller is told
            _log.exception("llm failed on one item")
            return DependencyError("llm", type(err).__name__)
        finally:
            self._load.done += 1

    async def _judge(self, question: Question, deadline: Deadline) -> Judged:
        """Raises the first error when no call went well and none has cost anything."""
        if self._gateway is None:
            raise Unavailable("llm", "no_key")
        screened, positions, withheld = screen(question, self._order_in)
        for text in withheld:
            self._meter.withheld(text.reason)
        scores = np.full(len(question.candidates), np.nan)
        parts = split(screened, 1 if self._config.mode == "pointwise" else self._config.per_call)
        answers = await asyncio.gather(*(self._ask(self._gateway, part, deadline) for part in parts))
        told = [each for answer, part in zip(answers, parts, strict=True) for each in _told(answer, part)]
        scores[list(positions)] = told
        usage = sum((answer.usage for answer, own in answers if own), Usage())
        errors = [answer.error for answer, _ in answers if answer.error is not None]
        if errors and len(errors) == len(answers) and usage == Usage():
            raise errors[0]
        reasons = tuple(_reason(error) for error in errors)
        return Judged(scores, usage, self._config.model, PROMPT_VERSION, withheld, reasons)

    async def _read(self, wording: Wording, deadline: Deadline) -> Read:
        if self._reader is None:
            raise Unavailable("llm", "no_key")
        return await self._reader.read(wording, deadline)

    async def _ask(self, gateway: Gateway, part: Question, deadline: Deadline) -> tuple[Answer, bool]:
        async def call() -> Answer:
            return await gateway.ask(listwise(part, self._layout, self._rng), deadline)

        try:
            answer, own = await self._flights.join(part, deadline, call)
        except DeadlineExceeded as err:
            return Answer((), Usage(), err), True
        if not own:
            self._meter.shared()
        return answer, own


class _Load:
    """Questions done since Serve last asked."""

    def __init__(self) -> None:
        self.done = 0
        self._last_s = time.monotonic()

    def stats(self, gateway: Gateway | None, concurrency: int) -> dict[str, float]:
        now_s = time.monotonic()
        spent_s = max(now_s - self._last_s, 1e-3)
        taken, waiting = (gateway.places.taken, gateway.places.waiting) if gateway else (0, 0)
        found = {UTILISATION: taken / concurrency, ITEMS_PER_S: self.done / spent_s, QUEUED: float(waiting)}
        self.done, self._last_s = 0, now_s
        return found


def split(question: Question, size: int) -> list[Question]:
    """The question in parts of at most `size` candidates, as even as they can be, in order."""
    candidates = question.candidates
    parts = -(-len(candidates) // size)
    cuts = [round(len(candidates) * part / parts) for part in range(parts + 1)] if parts else [0]
    return [
        Question(question.product, candidates[start:end], question.keywords) for start, end in pairwise(cuts)
    ]


def _told(answer: tuple[Answer, bool], part: Question) -> Sequence[float]:
    scores = answer[0].scores
    return scores or [np.nan] * len(part.candidates)


def _ran_out_of_time(answer: Answer) -> bool:
    error = answer.error
    return isinstance(error, DeadlineExceeded) or (
        isinstance(error, DependencyError) and error.reason == "timeout"
    )


def _reason(error: LeadError) -> str:
    return error.reason if isinstance(error, DependencyError) else type(error).__name__
