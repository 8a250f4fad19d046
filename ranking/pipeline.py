"""The story of one query: retrieve, weigh the evidence, decide the intent, combine, return the best K.

Everything here is a function of values; processes, clocks and I/O come in through `Ports`. The same code answers
online and offline. What a query asks, and what is known of it on the way, is in `ranking.journey`.

In order: what happens, and where its rules are.

    _retrieve   who may be a lead, NOT clauses first           ranking.relaxation, ranking.fit, ranking.exemplars
    _gather     what speaks for them, cut to the pool          ranking.evidence, ranking.intent, ranking.boosts
    _boosted    those whose evidence is too weak to count      ranking.cascade, ranking.feature_matrix
    order       one contact per company, scores, the best K    ranking.collapse, ranking.ordering, ranking.fusion, ranking.vendors
    _advised    the language model's word on those in doubt    ranking.doubt, ranking.asking
    _drafted    the list shared by two rankings, for a trial   ranking.drafting, ranking.interleaving
    show        leads with evidence, waterfall, one sentence   ranking.presentation, ranking.signals, ranking.explain
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ranking.answer import RankedList, Routes
from ranking.cascade import Intent, decide, judged, undecided
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.doubt import Advice, Adviser, Asker, Doubts
from ranking.drafting import drafted, signed
from ranking.errors import UnknownGeneration
from ranking.exemplars import industry_values
from ranking.feature_matrix import matrix
from ranking.fit import effective_weights
from ranking.journey import Journey, RankRequest, Survey
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
from ranking.trim import pool_size
from ranking.types import (
    BoolArray,
    Candidates,
    Float32Array,
    Generation,
    IntArray,
    PoolEvidence,
)
from ranking.vendors import known_vendors, only_if_needed

_NOBODY: IntArray = np.zeros(0, dtype=np.int32)
_SILENT = Boosted("", np.zeros(0))
"""What the booster says when nobody asks it."""
_GRACE_S = 0.05
"""A late stage is left out at the deadline and the rest takes its time; later than this nobody waits for the answer."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside of the pipeline; `catalogue` opens the display store of a generation, `adviser` is None without a language model."""

    retrieval: Retrieval
    evidence: Evidence
    booster: Booster
    embedder: Embedder
    catalogue: Callable[[Generation], Catalogue]
    adviser: Adviser | None = None


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
    numbers = config.intent
    with journey.stage("intent"):
        facts = catalogue.facts(candidates.rows[pool.positions])
        asked = undecided(pool, min(numbers.booster_threshold, numbers.bm25_threshold))
        features = matrix(candidates, pool, facts)
        told = await _boosted(asked, features, ports.booster, deadline, journey)
        intent = decide(pool, asked, None if told is None else told.intent)
    deadline.give_up("rank", _GRACE_S)
    with journey.stage("rank"):
        contacts = catalogue.contacts(candidates, pool.positions, request.query, request.candidate_ids)
        ranking = order(request, candidates, pool, intent, contacts, question)
    booster = _SILENT if told is None else told
    found = Survey(
        request, candidates, question, pool, intent, catalogue, ranking, Advice.nothing(tab=request.tab), asked, features,
        booster.version, booster.intent, _NOBODY,
    )  # fmt: skip
    found = await _advised(found, numbers.bm25_threshold, ports.adviser, deadline, journey)
    return _drafted(found, config, journey)


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
    vectors = await journey.or_skip(
        "embedder", lambda: ports.embedder.embed(candidates.unresolved_exemplars, deadline)
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
    """The pool with its evidence (F-4 to F-6); by fit alone when the bm25 leaf does not answer."""
    pool = await journey.or_skip("bm25", lambda: evidence.gather(question, deadline))
    return pool if pool is not None else without_evidence(question, candidates)


async def _boosted(
    asked: BoolArray, features: Float32Array, booster: Booster, deadline: Deadline, journey: Journey
) -> Boosted | None:
    """What the booster says of those whose evidence is too weak for BM25's base to stand (F-5); None when it does not answer."""
    if not asked.any():
        return _SILENT
    of_asked = features.take(np.flatnonzero(asked), axis=0)
    return await journey.or_skip("gbdt", lambda: booster.score(of_asked, deadline))


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


async def _advised(
    found: Survey, threshold: float, adviser: Adviser | None, deadline: Deadline, journey: Journey
) -> Survey:
    """The same with the language model's word on those in doubt, ordered again where it has one.

    In doubt is who has evidence that BM25 cannot decide by, below `threshold`, and can be contacted. Without evidence there is
    nothing to ask about: the booster has decided (F-5).
    """
    request, pool = found.request, found.pool
    if request.llm == "never":
        return found
    in_doubt = undecided(pool, threshold) & (pool.base > 0.0) & (found.ranking.contacts.leads >= 0)
    if not in_doubt.any():
        return found
    if adviser is None:
        journey.degrade("llm", "no_key")
        return found
    at = np.flatnonzero(in_doubt).astype(np.int32)
    with journey.stage("llm"):
        advice = await adviser.advise(_doubts(found, at), deadline)
    for reason in advice.notes:
        journey.degrade("llm", reason)
    judged_at = at[advice.judgement.at]
    found = replace(found, advice=advice, judged_at=judged_at)
    if not len(judged_at):
        return found
    with journey.stage("rank"):
        intent = judged(found.intent, judged_at, advice.judgement.scores)
        ranking = order(request, found.candidates, pool, intent, found.ranking.contacts, found.question)
    return replace(found, intent=intent, ranking=ranking)


def _doubts(found: Survey, at: IntArray) -> Doubts:
    """What an adviser is told of the companies at these places in the pool."""
    request, candidates, pool, ranking = found.request, found.candidates, found.pool, found.ranking
    asker = Asker(
        request.query_id, request.tenant, request.llm, request.limit, request.max_cost_usd, request.aside, request.tab
    )  # fmt: skip
    return Doubts(
        asker=asker,
        product=request.query.product,
        generation=candidates.generation,
        as_of_s=request.as_of_s,
        catalogue=found.catalogue,
        pool=len(pool.positions),
        positions=at,
        rows=candidates.rows[pool.positions[at]],
        snippets=pool.snippets[at],
        features=found.features[at],
        fit=ranking.fit,
        base=ranking.intent.base,
        boosts=pool.churn + pool.job,
        scores=ranking.scores,
        final_weights=np.asarray([request.final.fit, request.final.intent]),
        min_score=request.min_score,
        booster=found.booster,
    )


def _drafted(found: Survey, config: RankingConfig, journey: Journey) -> Survey:
    """The same with a list that a challenger has drafted, too, where there is one."""
    request, pool = found.request, found.pool
    if request.challenge is None:
        return found
    with journey.stage("rank"):
        levels, likeness = found.candidates.fit_levels.at(pool.positions), _likeness(found.question, pool)
        ranking = drafted(
            found.ranking, request.challenge, pool, levels, likeness, config.fit.untargeted, request.limit,
            request.min_score,
        )  # fmt: skip
    return replace(found, ranking=ranking)


def show(found: Survey, config: RankingConfig, journey: Journey) -> RankedList:
    """The answer of a survey: K leads with their evidence, and the account of what happened."""
    with journey.stage("present"):
        leads = Presenter(
            found.ranking, found.candidates, found.pool, found.catalogue, found.question, config.signals_shown,
            config.intent.rank_discount,
        ).leads()  # fmt: skip
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
