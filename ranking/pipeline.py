"""The story of one query: retrieve, weigh the evidence, decide the intent, combine, return the best K.

Everything here is a function of values; processes, clocks and I/O come in through `Ports`. The same code answers
online and offline.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from ranking.answer import Degradation, RankedList, Routes
from ranking.cascade import Intent, decide, judged, undecided
from ranking.config import RankingConfig
from ranking.deadline import Clock, Deadline
from ranking.doubt import Advice, Adviser, Aside, Asker, Doubts
from ranking.drafting import drafted, signed
from ranking.errors import DeadlineExceeded, DependencyError, Overloaded, UnknownGeneration
from ranking.exemplars import industry_values
from ranking.feature_matrix import matrix
from ranking.fit import FitWeights, effective_weights
from ranking.fusion import FinalWeights
from ranking.interleaving import Challenge
from ranking.ordering import pool_scores, top
from ranking.pool_by_fit import without_evidence
from ranking.ports import (
    Boosted,
    Booster,
    Catalogue,
    ChosenContacts,
    Embedder,
    Evidence,
    EvidenceRequest,
    Retrieval,
    RetrievalRequest,
)
from ranking.presentation import Presenter, Ranking, shortfall
from ranking.relaxation import stop_at
from ranking.tab import Tab
from ranking.trim import pool_size
from ranking.types import (
    BoolArray,
    Candidates,
    Float32Array,
    FloatArray,
    Generation,
    IntArray,
    PoolEvidence,
    Query,
)
from ranking.vendors import known_vendors, only_if_needed

Answer = TypeVar("Answer")
_NOBODY: IntArray = np.zeros(0, dtype=np.int32)
_NONE: FloatArray = np.zeros(0)
_GRACE_S = 0.05
"""A late stage is left out at the deadline and the rest takes its time; later than this nobody waits for the answer."""


@dataclass(frozen=True, slots=True)
class RankRequest:
    """One query, parsed. `as_of_s` is seconds since the epoch, UTC; with a `challenge` two rankings draft the list.

    `llm` says whether the language model's judgement is wanted: "never", "auto" (it may be asked, and is hardly waited for),
    "wait" (for as long as the deadline allows), or "known" (what is known of it, nobody is asked: computing a list again costs nothing).
    """

    query: Query
    limit: int
    as_of_s: float
    final: FinalWeights
    fit: FitWeights
    candidate_ids: tuple[str, ...] | None = None
    min_score: float = 0.0
    llm: str = "auto"
    max_cost_usd: float | None = None
    query_id: str = ""
    tenant: str | None = None
    aside: Aside = nullcontext
    tab: Tab | None = None
    generation: Generation | None = None
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside of the pipeline; `catalogue` opens the display store of a generation, `adviser` is None without a language model."""

    retrieval: Retrieval
    evidence: Evidence
    booster: Booster
    embedder: Embedder
    catalogue: Callable[[Generation], Catalogue]
    adviser: Adviser | None = None


@dataclass(slots=True)
class Journey:
    """What happened on the way: stage times and everything that was skipped."""

    clock: Clock
    timings_ms: dict[str, float] = field(default_factory=dict)
    degradations: list[Degradation] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; its milliseconds add up when it runs twice."""
        started_s = self.clock()
        try:
            yield
        finally:
            spent_ms = (self.clock() - started_s) * 1000.0
            self.timings_ms[name] = self.timings_ms.get(name, 0.0) + spent_ms

    def degrade(self, stage: str, reason: str) -> None:
        """Note that a stage was skipped."""
        note = Degradation(stage, reason)
        if note not in self.degradations:
            self.degradations.append(note)


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything known about one query before leads are made of it: who was admitted, the pool, its intent, its order, what it cost.

    Attributes:
        asked: bool[m]; whom the booster was asked about. `features` float32[m, len(FEATURES)] of the whole pool.
        booster: the version that answered; "" where none did. `boosted` float64[asked.sum()] is what it said.
        judged_at: int32[k] in the pool; whom `advice` judges.
    """

    request: RankRequest
    candidates: Candidates
    question: EvidenceRequest
    pool: PoolEvidence
    intent: Intent
    catalogue: Catalogue
    ranking: Ranking
    advice: Advice
    asked: BoolArray
    features: Float32Array
    booster: str
    boosted: FloatArray
    judged_at: IntArray


async def rank_leads(
    request: RankRequest,
    ports: Ports,
    config: RankingConfig,
    deadline: Deadline,
    surveyed: Callable[[Survey], None] | None = None,
) -> RankedList:
    """The K leads most likely to buy, best first (F-2 to F-7); `surveyed` is told how they were found.

    Raises:
        LeadError: retrieval could not answer; everything after it degrades instead.
        DeadlineExceeded: the deadline passed so long ago that what is left of the work is not worth doing.
    """
    journey = Journey(deadline.clock)
    found = await survey(request, ports, config, deadline, journey)
    if surveyed is not None:
        surveyed(found)
    return show(found, config, journey)


async def survey(
    request: RankRequest, ports: Ports, config: RankingConfig, deadline: Deadline, journey: Journey
) -> Survey:
    """Retrieve, weigh and order; once more on the newest snapshot when a leaf swapped its own between two hops."""
    try:
        return await _survey(request, ports, config, deadline, journey)
    except UnknownGeneration:
        return await _survey(replace(request, generation=None), ports, config, deadline, journey)


async def _survey(
    request: RankRequest, ports: Ports, config: RankingConfig, deadline: Deadline, journey: Journey
) -> Survey:
    with journey.stage("retrieve"):
        candidates = await _retrieve(request, ports, deadline, journey)
    question = evidence_request(request, candidates, config)
    with journey.stage("evidence"):
        pool = await _gather(question, candidates, ports.evidence, deadline, journey)
    deadline.give_up("intent", _GRACE_S)
    catalogue = ports.catalogue(candidates.generation)
    with journey.stage("intent"):
        facts = catalogue.facts(candidates.rows[pool.positions])
        numbers = config.intent
        asked = undecided(pool, min(numbers.booster_threshold, numbers.bm25_threshold))
        features = matrix(candidates, pool, facts)
        told = await _boosted(asked, features, ports.booster, deadline, journey)
        intent = decide(pool, asked, None if told is None else told.intent)
        booster, boosted = ("", _NONE) if told is None else (told.version, told.intent)
    deadline.give_up("rank", _GRACE_S)
    with journey.stage("rank"):
        contacts = catalogue.contacts(candidates, pool.positions, request.query, request.candidate_ids)
        ranking = order(request, candidates, pool, intent, contacts, question)
    in_doubt = undecided(pool, numbers.bm25_threshold)
    advice, judged_at = await _advise(
        request, candidates, pool, in_doubt, features, ranking, booster, ports.adviser, catalogue, deadline, journey
    )  # fmt: skip
    if len(judged_at):
        with journey.stage("rank"):
            intent = judged(intent, judged_at, advice.judgement.scores)
            ranking = order(request, candidates, pool, intent, contacts, question)
    if request.challenge is not None:
        with journey.stage("rank"):
            levels, likeness = candidates.fit_levels.at(pool.positions), _likeness(question, pool)
            ranking = drafted(
                ranking, request.challenge, pool, levels, likeness, config.fit.untargeted, request.limit, request.min_score
            )  # fmt: skip
    return Survey(
        request, candidates, question, pool, intent, catalogue, ranking, advice, asked, features, booster, boosted,
        judged_at,
    )  # fmt: skip


def show(found: Survey, config: RankingConfig, journey: Journey) -> RankedList:
    """The answer of a survey: K leads with their evidence, and the account of what happened."""
    with journey.stage("present"):
        leads = Presenter(
            found.ranking, found.candidates, found.pool, found.catalogue, found.question, config.signals_shown
        ).leads()
        if found.ranking.draft is not None:
            leads = signed(leads, found.ranking.draft)
    counts, challenge = found.intent.counts(), found.request.challenge
    available = len(found.candidates)
    return RankedList(
        leads=leads,
        generation=found.candidates.generation,
        pool=len(found.pool.positions),
        available=available,
        shortfall=shortfall(
            found.request.limit, len(leads), available, found.ranking.scores, found.request.min_score
        ),
        relaxation=found.candidates.relaxation,
        routes=Routes(counts["bm25"], counts["llm"], counts["gbdt"], counts["none"]),
        dropped=found.candidates.dropped,
        degradations=tuple(journey.degradations),
        timings_ms=journey.timings_ms,
        unresolved_exemplars=found.candidates.unresolved_exemplars,
        cost=found.advice.bill(len(leads)),
        challenger=None if challenge is None else challenge.challenger,
        booster=found.booster,
    )


async def _retrieve(request: RankRequest, ports: Ports, deadline: Deadline, journey: Journey) -> Candidates:
    """F-2, F-2b: filters first; exemplars that no stored company answers to are embedded and asked for again."""
    question = RetrievalRequest(
        query=request.query.filters(),
        stop_at=stop_at(request.limit),
        candidate_ids=request.candidate_ids,
        generation=request.generation,
    )
    candidates = await ports.retrieval.retrieve(question, deadline)
    if not candidates.unresolved_exemplars:
        return candidates
    vectors = await _or_degrade(
        lambda: ports.embedder.embed(candidates.unresolved_exemplars, deadline), "embedder", journey
    )
    if vectors is None:
        return candidates
    return await ports.retrieval.retrieve(
        RetrievalRequest(
            query=question.query, stop_at=question.stop_at, candidate_ids=question.candidate_ids,
            exemplar_vector=vectors.mean(axis=0), generation=candidates.generation,
        ),
        deadline,
    )  # fmt: skip


def evidence_request(request: RankRequest, candidates: Candidates, config: RankingConfig) -> EvidenceRequest:
    """What the bm25 leaf is asked: concepts, everybody admitted, and how fit and intent weigh in the trim (F-4, F-5)."""
    weights = effective_weights(request.query, request.fit.array(), config.fit.untargeted)
    return EvidenceRequest(
        generation=candidates.generation,
        concepts=request.query.product.concepts,
        keywords=request.query.product.keywords,
        rows=candidates.companies.bits,
        admitted=len(candidates),
        levels=candidates.fit_levels,
        fit_weights=np.asarray(weights, dtype=np.float64),
        final_weights=np.asarray([request.final.fit, request.final.intent]),
        pool_size=pool_size(request.limit),
        as_of_s=request.as_of_s,
        industry=industry_values(request.query, candidates.similarity),
    )


async def _gather(
    question: EvidenceRequest,
    candidates: Candidates,
    evidence: Evidence,
    deadline: Deadline,
    journey: Journey,
) -> PoolEvidence:
    pool = await _or_degrade(lambda: evidence.gather(question, deadline), "bm25", journey)
    return pool if pool is not None else without_evidence(question, candidates)


async def _boosted(
    asked: BoolArray, features: Float32Array, booster: Booster, deadline: Deadline, journey: Journey
) -> Boosted | None:
    """What the booster says of those whose evidence is too weak for BM25's base to stand (F-5); None when it does not answer."""
    if not asked.any():
        return Boosted("", _NONE)
    of_asked = features.take(np.flatnonzero(asked), axis=0)
    return await _or_degrade(lambda: booster.score(of_asked, deadline), "gbdt", journey)


async def _advise(
    request: RankRequest,
    candidates: Candidates,
    pool: PoolEvidence,
    open_to_judgement: BoolArray,
    features: Float32Array,
    ranking: Ranking,
    booster: str,
    adviser: Adviser | None,
    catalogue: Catalogue,
    deadline: Deadline,
    journey: Journey,
) -> tuple[Advice, IntArray]:
    """The language model's word on those in doubt, and their positions in the pool.

    Without evidence there is nothing to ask about: the booster has decided (F-5).
    """
    in_doubt = open_to_judgement & (pool.base > 0.0) & (ranking.contacts.leads >= 0)
    if request.llm == "never" or not in_doubt.any():
        return Advice.nothing(tab=request.tab), _NOBODY
    if adviser is None:
        journey.degrade("llm", "no_key")
        return Advice.nothing(tab=request.tab), _NOBODY
    at = np.flatnonzero(in_doubt).astype(np.int32)
    asker = Asker(
        request.query_id,
        request.tenant,
        request.llm,
        request.limit,
        request.max_cost_usd,
        request.aside,
        request.tab,
    )
    doubts = Doubts(
        asker, request.query.product, candidates.generation, request.as_of_s, catalogue, len(pool.positions), at,
        candidates.rows[pool.positions[at]], pool.snippets[at], features[at], ranking.fit, ranking.intent.base,
        pool.churn + pool.job, ranking.scores, np.asarray([request.final.fit, request.final.intent]),
        request.min_score, booster,
    )  # fmt: skip
    with journey.stage("llm"):
        advice = await adviser.advise(doubts, deadline)
    for reason in advice.notes:
        journey.degrade("llm", reason)
    return advice, at[advice.judgement.at]


def order(
    request: RankRequest,
    candidates: Candidates,
    pool: PoolEvidence,
    intent: Intent,
    contacts: ChosenContacts,
    question: EvidenceRequest,
) -> Ranking:
    """Final scores of the pool and the best K, one contact per company (F-3's collapse, F-4, F-7); vendors only if needed."""
    levels = candidates.fit_levels.at(pool.positions)
    fit, scores = pool_scores(
        levels, question.fit_weights, _likeness(question, pool), intent.total, contacts.leads, request.final
    )
    if request.candidate_ids is None:
        scores = only_if_needed(scores, known_vendors(pool), request.limit, request.min_score)
    best = top(scores, fit, contacts.ranks, request.limit, request.min_score)
    return Ranking(best, scores, fit, question.fit_weights, request.final, intent, contacts, request.query)


def _likeness(question: EvidenceRequest, pool: PoolEvidence) -> Float32Array | None:
    """What counts in place of the pool's industry levels; None without exemplars."""
    return None if question.industry is None else question.industry[pool.positions]


async def _or_degrade(call: Callable[[], Awaitable[Answer]], stage: str, journey: Journey) -> Answer | None:
    """The call's answer, or None with a degradation when the stage cannot answer in time."""
    try:
        return await call()
    except UnknownGeneration:
        raise
    except DeadlineExceeded:
        journey.degrade(stage, "deadline")
    except Overloaded:
        journey.degrade(stage, "overloaded")
    except DependencyError:
        journey.degrade(stage, "unavailable")
    return None
