"""What clients send, checked at the border; every fault names its field by JSON pointer."""

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from deployments.json_body import pointer_of, read_json
from ranking.errors import FieldError, InvalidQuery
from ranking.filters import ExcludeFilters, Filters
from ranking.fit import FitWeights
from ranking.fusion import FinalWeights
from ranking.types import Query

PROMPT_CHARACTERS = 8_000
BODY_BYTES = 2_000_000
MOST_LEADS = 2_000
DEADLINE_MS = 350
_FAULTS_SHOWN = 20
Body = TypeVar("Body", bound=BaseModel)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text


Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]
Words = Annotated[list[Word], Field(max_length=200)]
Prompt = Annotated[str, Field(min_length=1, max_length=PROMPT_CHARACTERS), AfterValidator(_not_blank)]
Identity = Annotated[str, Field(min_length=1, max_length=200)]
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def _written_date(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("must be a date in ISO 8601")
    return value


Moment = Annotated[datetime, Field(strict=False), BeforeValidator(_written_date)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ExcludeBody(_Strict):
    """What must not be returned; united with what the prompt excludes."""

    industries: Words = []
    countries: Words = []
    regions: Words = []
    companies: Words = []
    keywords: Words = []
    technologies: Words = []
    roles: Words = []
    seniorities: Words = []


class FiltersBody(_Strict):
    """Explicit filters; each that is given overrides what the prompt says."""

    industries: Words = []
    countries: Words = []
    regions: Words = []
    employee_min: int | None = Field(None, ge=0, le=10_000_000)
    employee_max: int | None = Field(None, ge=1, le=10_000_000)
    technologies: Words = []
    roles: Words = []
    seniorities: Words = []
    exclude: ExcludeBody = Field(default_factory=ExcludeBody)

    def to_filters(self) -> Filters:
        """The same as the domain knows it."""
        exclude = ExcludeFilters(**self.exclude.model_dump())
        return Filters(**self.model_dump(exclude={"exclude"}), exclude=exclude)


NO_FILTERS = FiltersBody()


class WeightsBody(_Strict):
    """Full sets of weights, each summing to 1 (F-7)."""

    final: FinalWeights | None = None
    fit: FitWeights | None = None


class OptionsBody(_Strict):
    """How to answer."""

    deadline_ms: int = Field(DEADLINE_MS, ge=20, le=30_000)
    llm: Literal["never", "auto", "wait"] = "auto"
    min_score: float = Field(0.0, ge=0.0, le=1.0)
    weights: WeightsBody | None = None
    max_cost_usd: float | None = Field(None, ge=0.0, le=1_000.0)
    explain: bool = True
    as_of: Moment | None = None

    def as_of_s(self, now: datetime) -> float:
        """Seconds since the epoch that ages count from: the given time (UTC without a zone), else this hour's start."""
        if self.as_of is None:
            return now.replace(minute=0, second=0, microsecond=0).timestamp()
        given = self.as_of if self.as_of.tzinfo else self.as_of.replace(tzinfo=UTC)
        if not _EARLIEST <= given <= now + timedelta(hours=24):
            fault = "lies in the future" if given > now else "lies before 1970"
            raise InvalidQuery("The request cannot be used as it is.", (FieldError("/options/as_of", fault),))
        return given.timestamp()


_AS_USUAL = OptionsBody()


class QueryBody(_Strict):
    """`POST /query`. What is not given is one frozen value for all requests: making it anew took half of the check's time."""

    query: Prompt
    limit: int = Field(25, ge=1, le=MOST_LEADS, validation_alias=AliasChoices("limit", "desired_count"))
    filters: FiltersBody = Field(default_factory=lambda: NO_FILTERS)
    candidates: Annotated[list[Identity], Field(min_length=1, max_length=10_000)] | None = None
    parsed: Query | None = None
    options: OptionsBody = Field(default_factory=lambda: _AS_USUAL)


class ParseBody(_Strict):
    """`POST /parse`."""

    query: Prompt


class ExplainBody(_Strict):
    """`POST /explain`."""

    query_id: Identity
    lead_id: Identity | None = None
    company_id: Identity | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "ExplainBody":
        if (self.lead_id is None) == (self.company_id is None):
            raise ValueError("give either lead_id or company_id")
        return self


class RerankBody(_Strict):
    """`POST /rerank`."""

    query_id: Identity
    weights: WeightsBody
    limit: int | None = Field(None, ge=1, le=MOST_LEADS, description="the query's own limit when absent")


def read_body(content: bytes, model: type[Body]) -> Body:
    """The checked body.

    Raises:
        InvalidQuery: not JSON in UTF-8, or fields are wrong; each fault has its JSON pointer.
    """
    return checked_body(read_json(content), model)


def checked_body(value: object, model: type[Body]) -> Body:
    """The body of JSON that was read.

    Raises:
        InvalidQuery: fields are wrong; each fault has its JSON pointer.
    """
    try:
        return model.model_validate(value)
    except ValidationError as err:
        raise InvalidQuery("The request cannot be used as it is.", _faults(err)) from err


def deadline_ms_of(value: object) -> float:
    """The deadline that unchecked JSON asks for; one that is not given, or that will be refused, is infinite or the usual."""
    options = value.get("options") if isinstance(value, dict) else None
    given = options.get("deadline_ms", DEADLINE_MS) if isinstance(options, dict) else DEADLINE_MS
    return given if isinstance(given, int) else inf


def _faults(error: ValidationError) -> tuple[FieldError, ...]:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return tuple(
        FieldError(pointer_of(each["loc"]), _told(each["type"], each["msg"]))
        for each in found[:_FAULTS_SHOWN]
    )


def _told(kind: str, message: str) -> str:
    """Pydantic's words without what only a reader of this code understands."""
    return "Input should be an object" if kind == "model_type" else message.removeprefix("Value error, ")
