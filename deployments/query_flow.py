"""From a request body to an answer: parse, rank, log. What every HTTP route shares, without HTTP."""

import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from deployments.access import LOCAL, Caller
from deployments.admission import Admission, AdmissionLimits
from deployments.caches.use import CacheUse, followed
from deployments.gate import Gate
from deployments.llm.parsing import Parsed, ParsedBy, Parsing
from deployments.query_json import versions_of
from deployments.query_log import LoggedQuery, QueryLog, Submission
from deployments.rank_request import rank_request, wanted_limit
from deployments.reputation import Reputation
from deployments.schemas import ExplainBody, QueryBody, RerankBody
from deployments.telemetry import Telemetry
from ranking.answer import Degradation, RankedLead, RankedList
from ranking.config import RankingConfig
from ranking.correction import checked
from ranking.deadline import Clock, Deadline
from ranking.doubt import Aside, Asker
from ranking.errors import FieldError, InvalidQuery, NotFound
from ranking.fit import FitWeights
from ranking.fusion import FinalWeights
from ranking.interleaving import Challenge, Challenger
from ranking.journey import Journey, RankRequest, Survey
from ranking.pipeline import Ports, rank_leads, survey
from ranking.prompt import parse
from ranking.standing import Standing, standing
from ranking.taxonomy import Taxonomy
from ranking.types import Generation, Query

_OFFLINE_DEADLINE_MS = 10_000.0
_MOST_LAG = 0.25
_LEADS_PER_WORK = 100
_LISTED_PER_WORK = 800


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered query and what the envelope says about it; `parsed_by` is "caller" for a parse that came with the request."""

    query_id: str
    request: RankRequest
    ranked: RankedList
    total_ms: float
    parse_cached: bool
    parsed_by: ParsedBy | Literal["caller"] = "rules"
    embedding_cached: bool = False


class ParseCache:
    """Parsed prompts of this replica, least recently used first out."""

    def __init__(self, taxonomy: Taxonomy, capacity: int) -> None:
        self._taxonomy = taxonomy
        self._capacity = capacity
        self._held: OrderedDict[str, Query] = OrderedDict()

    def parse(self, prompt: str) -> tuple[Query, bool]:
        """The parse, and whether it was held."""
        held = self._held.get(prompt)
        if held is not None:
            self._held.move_to_end(prompt)
            return held, True
        query = parse(prompt, self._taxonomy)
        if self._capacity:
            self._held[prompt] = query
            if len(self._held) > self._capacity:
                self._held.popitem(last=False)
        return query, False


class QueryFlow:
    """Answers queries. `generation` names the snapshot new queries use; `versions` what is loaded.

    `parsing` reads prompts whose parse by the rules is less sure than `unsure_below`; None without a language model.
    `surveyed` is told of each query how its list was found.
    """

    def __init__(
        self,
        *,
        ports: Ports,
        taxonomy: Taxonomy,
        generation: Callable[[], Generation],
        versions: Callable[[], Mapping[str, str]],
        log: QueryLog,
        telemetry: Telemetry,
        parse_cache: int,
        max_in_flight: int,
        parsing: Parsing | None = None,
        unsure_below: float = 0.0,
        lag_s: Callable[[], float] = lambda: 0.0,
        answered: Callable[[RankRequest, RankedList], None] = lambda _request, _ranked: None,
        reputation: Reputation | None = None,
        surveyed: Callable[[Survey], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        clock: Clock = time.monotonic,
    ) -> None:
        self._ports = ports
        self._taxonomy = taxonomy
        self._generation = generation
        self._versions = versions
        self._log = log
        self._telemetry = telemetry
        self._parses = ParseCache(taxonomy, parse_cache)
        self.gate = Gate(Admission(AdmissionLimits(most=max_in_flight)), clock, telemetry)
        self._parsing = parsing
        self._unsure_below = unsure_below
        self._lag_s = lag_s
        self._answered = answered
        self._reputation = reputation
        self._surveyed = surveyed
        self._now = now
        self._new_id = new_id
        self._clock = clock
        self.config = RankingConfig()

    def parse(self, prompt: str) -> Query:
        """F-1 for `POST /parse`: the rules' parse, which costs nothing and is the same at every time."""
        return self._parsed(prompt)[0]

    def admit(self, caller: Caller) -> None:
        """Refuse whose standing is too poor.

        Raises:
            Throttled: with the way back.
        """
        if self._reputation is not None:
            self._reputation.admit(caller)

    def check(self, deadline_ms: float) -> None:
        """Refuse early, before a body is checked or even read, what `answer` would refuse.

        Raises:
            Overloaded: as `answer`.
        """
        self.gate.check(self._deadline(deadline_ms).at_s)

    async def answer(self, body: QueryBody, caller: Caller = LOCAL) -> Answer:
        """Rank leads for one request and log it.

        Raises:
            Overloaded: too many queries are in work for an answer by the deadline.
            LeadError: as the pipeline.
        """
        started_s = self._clock()
        deadline = self._deadline(body.options.deadline_ms)
        async with self.gate.turn(deadline, _weight(body.limit, len(body.candidates or ()))) as aside:
            return await self._answer(body, caller, deadline, started_s, aside)

    def _deadline(self, milliseconds: float) -> Deadline:
        """Counted from when the request came, as far as the loop's lag tells; a guess shall not take most of the time away."""
        lag_ms = min(self._lag_s() * 1000.0, _MOST_LAG * milliseconds)
        return Deadline.after_ms(milliseconds - lag_ms, self._clock)

    async def _answer(
        self, body: QueryBody, caller: Caller, deadline: Deadline, started_s: float, aside: Aside
    ) -> Answer:
        begun_s = self._clock()
        query_id = self._new_id()
        with followed() as use:
            parsed = await self._read(body, caller, query_id, aside, deadline)
            request = self._request(body, caller, parsed, query_id, aside)
            parse_ms = (self._clock() - begun_s) * 1000.0
            ranked = await rank_leads(request, self._ports, self.config, deadline, self._surveyed)
        total_s = self._clock() - started_s
        wait_ms = (begun_s - started_s) * 1000.0
        timings = {"wait": wait_ms, "parse": parse_ms, **ranked.timings_ms, "total": total_s * 1000.0}
        notes = tuple(Degradation("parse", reason) for reason in parsed.notes)
        ranked = replace(
            ranked,
            timings_ms={stage: round(spent, 3) for stage, spent in timings.items()},
            degradations=(*notes, *ranked.degradations, *_cache_notes(use)),
        )
        self._log.put(
            query_id,
            body.query,
            request,
            ranked,
            versions_of(ranked, self._versions()),
            self._submission(caller, body, request, ranked),
        )
        self._telemetry.answered(ranked)
        by = "caller" if body.parsed is not None else parsed.by
        self._answered(request, ranked)
        return Answer(query_id, request, ranked, total_s * 1000.0, parsed.held, by, use.embedding)

    def _submission(
        self, caller: Caller, body: QueryBody, request: RankRequest, ranked: RankedList
    ) -> Submission:
        if self._reputation is None:
            return Submission(caller.submitter)
        return Submission(caller.submitter, self._reputation.note(caller, body, request, len(ranked.leads)))

    async def again(self, query_id: str, caller: Caller = LOCAL) -> tuple[LoggedQuery, RankedList]:
        """A logged query computed again, on its own snapshot while that is held, else on the current one."""
        logged = await self._log.find(query_id, caller.tenant)
        request = self._logged_request(logged, caller)
        async with self._turn(request) as deadline:
            return logged, await rank_leads(request, self._ports, self.config, deadline)

    async def explain(self, body: ExplainBody, caller: Caller = LOCAL) -> dict[str, Any]:
        """Why a lead is, or is not, in the list of a logged query."""
        logged = await self._log.find(body.query_id, caller.tenant)
        wanted = body.lead_id or body.company_id or ""
        request = self._logged_request(logged, caller)
        async with self._turn(request) as deadline:
            found = await self._survey(request, deadline)
            position = _position(found, body)
            if position is None:
                told = Standing(False, "filters", await self._why_not_admitted(found, wanted, deadline))
            else:
                told = standing(found, position, lead_id=body.lead_id, company_id=body.company_id)
        return {
            "query_id": logged.query_id,
            "id": wanted,
            "generation": found.candidates.generation,
            "same_snapshot": found.candidates.generation == logged.generation,
            **asdict(told),
        }

    async def rerank(self, body: RerankBody, caller: Caller = LOCAL) -> dict[str, Any]:
        """The same candidates under other weights, with rank changes."""
        logged = await self._log.find(body.query_id, caller.tenant)
        request = self._logged_request(logged, caller)
        request = replace(
            request, limit=body.limit or request.limit,
            final=body.weights.final or request.final, fit=body.weights.fit or request.fit, challenge=None,
        )  # fmt: skip
        async with self._turn(request) as deadline:
            ranked = await rank_leads(request, self._ports, self.config, deadline)
        before = {lead_id: rank for rank, lead_id in enumerate(logged.lead_ids, start=1)}
        return {
            "query_id": logged.query_id,
            "same_snapshot": ranked.generation == logged.generation,
            "leads": [_with_change(lead, before.get(lead["lead_id"])) for lead in ranked.leads],
            "degradations": ranked.degradations,
        }

    def _parsed(self, prompt: str) -> tuple[Query, bool]:
        query, cached = self._parses.parse(prompt)
        self._telemetry.cache("parse", hit=cached)
        return query, cached

    async def _read(
        self, body: QueryBody, caller: Caller, query_id: str, aside: Aside, deadline: Deadline
    ) -> Parsed:
        """The caller's parse, the rules', or where these are unsure the language model's as well."""
        if body.parsed is not None:
            return Parsed(checked(body.parsed, self._taxonomy))
        rules, cached = self._parses.parse(body.query)
        mode = body.options.llm
        if rules.confidence >= self._unsure_below or mode == "never":
            parsed = Parsed(rules, held=cached)
        elif self._parsing is None:
            parsed = Parsed(rules, held=cached, notes=("no_key",))
        else:
            limit = wanted_limit(body, rules)
            asker = Asker(query_id, caller.tenant, mode, limit, body.options.max_cost_usd, aside)
            parsed = await self._parsing.parse(body.query, rules, asker, deadline)
            if cached and parsed.by == "rules":
                parsed = replace(parsed, held=True)
        self._telemetry.cache("parse", hit=parsed.held)
        return parsed

    def _request(
        self, body: QueryBody, caller: Caller, parsed: Parsed, query_id: str, aside: Aside
    ) -> RankRequest:
        return rank_request(
            body, parsed.query, self._taxonomy, self.config, self._now(),
            query_id=query_id, tenant=caller.tenant, aside=aside, tab=parsed.tab, generation=self._generation(),
        )  # fmt: skip

    def _logged_request(self, logged: LoggedQuery, caller: Caller) -> RankRequest:
        options = logged.options
        candidates, challenger = options["candidates"], options.get("challenger")
        return RankRequest(
            query=logged.query,
            limit=options["limit"],
            as_of_s=logged.as_of_s,
            final=FinalWeights.model_validate(options["weights"]["final"]),
            fit=FitWeights.model_validate(options["weights"]["fit"]),
            candidate_ids=None if candidates is None else tuple(candidates),
            min_score=options["min_score"],
            llm="never" if options["llm"] == "never" else "known",
            query_id=logged.query_id,
            tenant=caller.tenant,
            generation=Generation(logged.generation),
            challenge=None
            if challenger is None
            else Challenge(Challenger.model_validate(challenger), logged.query_id),
        )

    @asynccontextmanager
    async def _turn(self, request: RankRequest) -> AsyncIterator[Deadline]:
        """What computes again waits and counts like a query."""
        deadline = self._deadline(_OFFLINE_DEADLINE_MS)
        async with self.gate.turn(deadline, _weight(request.limit, len(request.candidate_ids or ()))):
            yield deadline

    async def _survey(self, request: RankRequest, deadline: Deadline) -> Survey:
        return await survey(request, self._ports, self.config, deadline, Journey(self._clock))

    async def _why_not_admitted(self, found: Survey, wanted: str, deadline: Deadline) -> str:
        """Ask about this one company alone: nothing is relaxed then, and what drops it is named."""
        if found.request.candidate_ids is not None:
            for each in found.candidates.dropped:
                if each.id == wanted:
                    return each.reason
        generation = found.candidates.generation
        request = replace(found.request, candidate_ids=(wanted,), generation=generation)
        alone = await self._survey(request, deadline)
        if alone.candidates.dropped:
            return alone.candidates.dropped[0].reason
        if found.request.candidate_ids is not None:
            return "not among the candidates of the request"
        return "the ladder stopped before the step that would admit it"


def _cache_notes(use: CacheUse) -> tuple[Degradation, ...]:
    return (Degradation("cache", "redis"),) if use.redis_away else ()


def _weight(limit: int, listed: int) -> int:
    """The work of a request in ordinary queries, from what was measured (decision record 0015)."""
    return 1 + limit // _LEADS_PER_WORK + listed // _LISTED_PER_WORK


def _position(found: Survey, body: ExplainBody) -> int | None:
    """Where the company stands among the candidates; None when it was not admitted. Raises `NotFound`."""
    if body.lead_id is not None:
        lead = found.catalogue.lead_row(body.lead_id)
        row = None if lead is None else found.catalogue.company_of(lead)
    else:
        row = found.catalogue.company_row(body.company_id or "")
    if row is None:
        raise NotFound(body.lead_id or body.company_id or "")
    at = int(found.candidates.rows.searchsorted(row))
    is_there = at < len(found.candidates.rows) and int(found.candidates.rows[at]) == row
    return at if is_there else None


def _with_change(lead: RankedLead, before: int | None) -> dict[str, Any]:
    return {
        **lead,
        "rank_before": before,
        "rank_change": None if before is None else before - lead["rank"],
    }


def unusable_id(name: str) -> InvalidQuery:
    """The error for a path parameter that cannot be an id."""
    return InvalidQuery("The request cannot be used as it is.", (FieldError(f"/{name}", "is not an id"),))
