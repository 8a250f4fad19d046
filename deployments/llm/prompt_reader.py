"""A customer's prompt read by the language model, in its leaf: through the same gateway as judgements."""

import random
from dataclasses import dataclass

from deployments.llm.completion import Usage
from deployments.llm.flights import Flights
from deployments.llm.gateway import Fetched, Gateway
from deployments.llm.metering import LlmMeter
from models.llm.reading import Said, read_said
from models.llm.reading_prompt import Wording, reading_prompt
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, DependencyError, LeadError
from ranking.wire import Wired


@dataclass(frozen=True, slots=True)
class Read(Wired):
    """What the model says of one prompt, and what that took.

    Attributes:
        said: None where a paid reply could not be believed; `failure` says why then.
        usage: nothing where another's call was shared.
    """

    said: Said | None
    usage: Usage
    failure: str = ""


class PromptReader:
    """Equal prompts that are asked at the same time share one call."""

    def __init__(self, gateway: Gateway, meter: LlmMeter, rng: random.Random) -> None:
        self._gateway = gateway
        self._meter = meter
        self._rng = rng
        self._flights: Flights[Wording, Fetched[Said]] = Flights("llm", _ran_out_of_time)

    async def read(self, wording: Wording, deadline: Deadline) -> Read:
        """See `Read`.

        Raises:
            LeadError: the call failed and has cost nothing; see `Gateway.fetch`.
        """

        async def call() -> Fetched[Said]:
            prompt = reading_prompt(wording, self._rng)
            return await self._gateway.fetch(
                prompt, lambda content: read_said(content, prompt.control), deadline
            )

        fetched, own = await self._flights.join(wording, deadline, call)
        if not own:
            self._meter.shared()
        usage = fetched.usage if own else Usage()
        if fetched.error is None:
            return Read(fetched.value, usage)
        if usage == Usage():
            raise fetched.error
        return Read(None, usage, _reason(fetched.error))


def _ran_out_of_time(fetched: Fetched[Said]) -> bool:
    error = fetched.error
    return isinstance(error, DeadlineExceeded) or _reason(error) == "timeout"


def _reason(error: LeadError | None) -> str:
    if isinstance(error, DependencyError):
        return error.reason
    return "" if error is None else "overloaded"
