"""The query log: one row per answered query, written behind in batches, bounded, drops counted."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import asyncpg
import orjson
from pydantic import TypeAdapter

from db.copy_text import array_field, copy_row, json_field, text_field
from db.pool import UNREACHABLE
from db.statements import load
from db.submitters.feedback import own_queries
from deployments.query_json import moment, query_json
from deployments.telemetry import Telemetry
from deployments.write_behind import WRITE_TIMEOUT_S, Shelf, WriteBehind
from ranking.answer import RankedList
from ranking.errors import NotFound, Unavailable
from ranking.fit import FitWeights
from ranking.fusion import FinalWeights
from ranking.journey import RankRequest
from ranking.query_rules import Judgement
from ranking.types import Query

_READ_ATTEMPTS = 10
_READ_PAUSE_S = 0.1
_NULL = rb"\N"
_QUERY: TypeAdapter[Query] = TypeAdapter(Query)
COLUMNS = (
    "query_id", "prompt", "parsed", "options", "as_of", "generation", "versions", "lead_ids", "company_ids", "scores",
    "fit_scores", "intent_scores", "intent_sources", "signals", "pool", "available", "relaxation", "routes",
    "degradations", "timings_ms", "cost_usd", "tenant_id", "submitter_id", "quality_score", "is_flagged",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """What is needed to compute a query again."""

    query_id: str
    prompt: str
    query: Query
    options: Mapping[str, Any]
    as_of_s: float
    generation: str
    lead_ids: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """Who has asked, and what the query was worth (F-8); None where nobody judges."""

    submitter: str | None = None
    judgement: Judgement | None = None


NOBODYS = Submission()


class QueryLog:
    """Takes rows without waiting, writes them by COPY every `flush_s` seconds, and reads single queries back.

    At most `capacity` rows wait, those of a write under way included.
    """

    def __init__(self, pool: asyncpg.Pool, capacity: int, flush_s: float, telemetry: Telemetry) -> None:
        self._pool = pool
        self._rows = WriteBehind(Shelf("query log", self._copy, telemetry.log_dropped), capacity, flush_s)
        self._statements = load()

    @property
    def waiting(self) -> int:
        """Rows not yet in Postgres."""
        return len(self._rows)

    def start(self) -> None:
        """Begin to write; call in the event loop."""
        self._rows.start()

    def put(
        self,
        query_id: str,
        prompt: str,
        request: RankRequest,
        ranked: RankedList,
        versions: Mapping[str, str],
        submission: Submission = NOBODYS,
    ) -> None:
        """Queue one row; dropped and counted when the queue is full."""
        if self._rows.room():
            self._rows.put(query_id, _row(query_id, prompt, request, ranked, versions, submission))

    async def find(self, query_id: str, tenant: str | None = None) -> LoggedQuery:
        """A query that the tenant has asked; another replica may need a moment to write it.

        Raises:
            NotFound: no such query, or somebody else's.
            Unavailable: Postgres does not answer.
        """
        if query_id in self._rows:
            await self.flush()
        for attempt in range(_READ_ATTEMPTS):
            record = await self._read(query_id, tenant)
            if record is not None:
                return _logged(record)
            if attempt + 1 < _READ_ATTEMPTS:
                await asyncio.sleep(_READ_PAUSE_S)
        raise NotFound(f"query {query_id}")

    async def owned(self, query_ids: Collection[str], tenant: str | None) -> frozenset[str]:
        """Those of the queries that the tenant has asked; waits for rows of other replicas as `find` does.

        Raises:
            Unavailable: Postgres does not answer.
        """
        wanted, found = frozenset(query_ids), frozenset[str]()
        if any(query_id in self._rows for query_id in wanted):
            await self.flush()
        for attempt in range(_READ_ATTEMPTS):
            if found == wanted:
                break
            if attempt:
                await asyncio.sleep(_READ_PAUSE_S)
            found |= await self._owned(wanted - found, tenant)
        return found

    async def flush(self) -> None:
        """Write what waits now; when Postgres cannot be reached the rows stay queued."""
        await self._rows.flush()

    async def close(self) -> None:
        """Write the rest and stop."""
        await self._rows.close()

    async def _copy(self, rows: bytes) -> None:
        await self._pool.copy_to_table("queries", source=BytesIO(rows), columns=COLUMNS)

    async def _owned(self, query_ids: Collection[str], tenant: str | None) -> frozenset[str]:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                return await own_queries(self._pool, query_ids, tenant)
        except UNREACHABLE as err:
            raise Unavailable("postgres", type(err).__name__) from err

    async def _read(self, query_id: str, tenant: str | None) -> asyncpg.Record | None:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                return await self._pool.fetchrow(self._statements["find_query"], query_id, tenant)
        except UNREACHABLE as err:
            raise Unavailable("postgres", type(err).__name__) from err


def _row(
    query_id: str,
    prompt: str,
    request: RankRequest,
    ranked: RankedList,
    versions: Mapping[str, str],
    by: Submission,
) -> bytes:
    """The row in COPY's text format, fields in the order of `COLUMNS`."""
    leads = ranked.leads
    return copy_row((
        query_id.encode(), text_field(prompt), json_field(query_json(request.query)), _json(_options(request, ranked)),
        moment(request.as_of_s).encode(), text_field(ranked.generation), _json(versions),
        array_field([lead["lead_id"] for lead in leads]), array_field([lead["company_id"] for lead in leads]),
        array_field([lead["score"] for lead in leads]), array_field([lead["fit_score"] for lead in leads]),
        array_field([lead["intent_score"] for lead in leads]), array_field([lead["intent_source"] for lead in leads]),
        _json([[(each["miner_id"], each["snippet_id"], each["points"]) for each in lead["signals"]] for lead in leads]),
        b"%d" % ranked.pool,
        b"%d" % ranked.available, _json(ranked.relaxation), _json(ranked.routes), _json(ranked.degradations),
        _json(ranked.timings_ms), repr(float(ranked.cost.total_usd)).encode(),
        _NULL if request.tenant is None else text_field(request.tenant),
        _NULL if by.submitter is None else text_field(by.submitter),
        _NULL if by.judgement is None else b"%.4f" % by.judgement.score,
        b"t" if by.judgement is not None and by.judgement.rule is not None else b"f",
    ))  # fmt: skip


def _options(request: RankRequest, ranked: RankedList) -> dict[str, Any]:
    """With what the query was asked; where its list was drafted also against whom, and the side that picked each lead, in order."""
    options: dict[str, Any] = {
        "limit": request.limit, "candidates": request.candidate_ids, "min_score": request.min_score, "llm": request.llm,
        "weights": {"final": _weights(request.final), "fit": _weights(request.fit)},
    }  # fmt: skip
    if ranked.challenger is not None:
        options["challenger"] = ranked.challenger.model_dump()
        options["picked_by"] = [lead["picked_by"] for lead in ranked.leads]
    return options


@lru_cache(maxsize=64)
def _weights(weights: FinalWeights | FitWeights) -> dict[str, float]:
    """Frozen models, nearly always the configuration's own."""
    return weights.model_dump()


def _json(value: object) -> bytes:
    return json_field(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))


def _logged(record: asyncpg.Record) -> LoggedQuery:
    return LoggedQuery(
        query_id=record["query_id"],
        prompt=record["prompt"],
        query=_QUERY.validate_python(json.loads(record["parsed"])),
        options=json.loads(record["options"]),
        as_of_s=record["as_of"].timestamp(),
        generation=record["generation"],
        lead_ids=tuple(record["lead_ids"]),
        scores=tuple(record["scores"]),
    )
