"""What customers tell of the leads they got: `POST /outcomes` and `POST /track/performance`."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from db.pool import UNREACHABLE
from db.submitters.feedback import Event, StoredEvents, Told, store_events, store_performance
from deployments.access import Caller
from deployments.query_log import QueryLog
from deployments.schemas import PROMPT_CHARACTERS, Moment
from deployments.write_behind import WRITE_TIMEOUT_S
from ranking.errors import FieldError, InvalidQuery, NotFound, Unavailable

_CLAMPED = timedelta(hours=24)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
Identity = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PROMPT_CHARACTERS)]
Rate = Annotated[float, Field(ge=0.0, le=1.0)]


class OutcomeBody(BaseModel):
    """One event; of whom (`query_id` or `prompt`), about whom (`lead_id` or `company_id`), and what (`event` or `label`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    event_id: Identity | None = None
    query_id: Identity | None = None
    prompt: Wording | None = None
    lead_id: Identity | None = None
    company_id: Identity | None = None
    event: Event | None = None
    occurred_at: Moment | None = None
    label: Annotated[int, Field(ge=0, le=1)] | None = None
    position: Annotated[int, Field(ge=1, le=100_000)] | None = None
    attributes: dict[str, Any] = {}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.query_id is None and self.prompt is None:
            raise ValueError("give query_id or prompt")
        if self.lead_id is None and self.company_id is None:
            raise ValueError("give lead_id or company_id")
        if self.event is None and self.label is None:
            raise ValueError("give event or label")
        if self.occurred_at is None and self.label is None:
            raise ValueError("an event needs occurred_at")
        return self


class OutcomesBody(RootModel[Annotated[list[OutcomeBody], Field(min_length=1, max_length=5_000)]]):
    """`POST /outcomes`: the events, in any order."""

    model_config = ConfigDict(frozen=True, strict=True)


class PerformanceBody(BaseModel):
    """`POST /track/performance`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    query_id: Identity
    ctr: Rate
    conversion_rate: Rate


class Feedback:
    """Stores what callers tell of their own queries; `now` is UTC."""

    def __init__(
        self, pool: asyncpg.Pool, log: QueryLog, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._pool = pool
        self._log = log
        self._now = now

    async def events(self, body: OutcomesBody, caller: Caller) -> StoredEvents:
        """Store what refers to queries, leads and companies that the caller may see, and name the rest.

        Raises:
            InvalidQuery: a date lies in the future, or before 1970; nothing is stored.
            Unavailable: Postgres does not answer; what was stored is stored, telling it again changes nothing.
        """
        now = self._now()
        told = [_told(index, each, now) for index, each in enumerate(body.root)]
        known = await self._log.owned(
            {each.query_id for each in told if each.query_id is not None}, caller.tenant
        )
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                return await store_events(self._pool, told, known, caller.tenant, now)
        except UNREACHABLE as err:
            raise Unavailable("postgres", type(err).__name__) from err

    async def performance(self, body: PerformanceBody, caller: Caller) -> None:
        """Store a query's rates; the last word counts.

        Raises:
            NotFound: no such query, or somebody else's.
            Unavailable: Postgres does not answer.
        """
        if not await self._log.owned({body.query_id}, caller.tenant):
            raise NotFound(f"query {body.query_id}")
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                await store_performance(
                    self._pool, body.query_id, caller.tenant, body.ctr, body.conversion_rate, self._now()
                )
        except UNREACHABLE as err:
            raise Unavailable("postgres", type(err).__name__) from err


def _told(index: int, body: OutcomeBody, now: datetime) -> Told:
    occurred_at = body.occurred_at
    if occurred_at is not None:
        occurred_at = (occurred_at if occurred_at.tzinfo else occurred_at.replace(tzinfo=UTC)).astimezone(UTC)
        if not _EARLIEST <= occurred_at <= now + _CLAMPED:
            fault = FieldError(f"/{index}/occurred_at", "must lie between 1970 and tomorrow")
            raise InvalidQuery("The request cannot be used as it is.", (fault,))
        occurred_at = min(occurred_at, now)
    return Told(
        body.event_id, body.query_id, body.prompt, body.lead_id, body.company_id, body.event, occurred_at, body.label,
        body.position, body.attributes,
    )  # fmt: skip
