"""What single legs say of the companies that a prompt admits, for rankings that the configuration cannot express."""

import time
from dataclasses import dataclass, replace

import numpy as np

from bench.evaluation.cases import Case
from deployments.inprocess import InProcess
from ranking.admitted import Admitted
from ranking.config import RankingConfig
from ranking.contributions import unite
from ranking.deadline import Deadline
from ranking.decay import DAY_S, FUTURE_TOLERANCE_S
from ranking.hits import chosen_terms
from ranking.intent import IntentConfig
from ranking.journey import Journey, RankRequest
from ranking.pipeline import evidence_request, survey
from ranking.ports import RetrievalRequest
from ranking.relaxation import stop_at
from ranking.types import Candidates, FloatArray, IntArray

K = 25
DEADLINE_MS = 60_000.0
EVERYBODY = RankingConfig(intent=IntentConfig(bm25_threshold=1_000.0, booster_threshold=1_000.0))
"""The booster scores the whole pool; what BM25 says of it is still in `Survey.pool`."""


@dataclass(frozen=True)
class Legs:
    """The pool of one prompt, columns of length m.

    Attributes:
        rows: int32[m] representative company rows.
        fit: float64[m] in [0, 1]; lexical, boosted: float64[m] in [0, 100]; events: float64[m], points of F-6.
        ties: int32[m] order of the lead ids, so that equal scores come in one order.
        reachable: int32[...] pool positions of companies with a contact that may be approached.
    """

    rows: IntArray
    fit: FloatArray
    lexical: FloatArray
    boosted: FloatArray
    events: FloatArray
    ties: IntArray
    reachable: IntArray

    def best(self, scores: FloatArray) -> IntArray:
        """Company rows of the best K, float64[m] scores, ties by fit and lead id."""
        at = self.reachable
        order = np.lexsort((self.ties[at], -self.fit[at], -scores[at]))[:K]
        return self.rows[at[order]]


@dataclass(frozen=True)
class Admission:
    """Who was admitted and how: company rows, the position of the step that admitted each, and what trivial rankings look at.

    `topical` counts each company's snippets that name the product, whatever they say of it; `newest_days` is the age of the newest
    of them, inf without any. What is dated more than a day after as_of is unknown.
    """

    rows: IntArray
    steps: IntArray
    topical: FloatArray
    newest_days: FloatArray


def asked(case: Case, config: RankingConfig, limit: int = K) -> RankRequest:
    """What the pipeline is asked for a case; nobody asks a language model."""
    return RankRequest(
        case.query,
        limit,
        case.as_of_s,
        config.final,
        config.fit.weights,
        candidate_ids=case.only,
        llm="never",
    )


def patience() -> Deadline:
    """Long enough never to matter."""
    return Deadline.after_ms(DEADLINE_MS, time.monotonic)


async def legs_of(system: InProcess, case: Case) -> Legs:
    """Every leg of the pool that the default ranking would take."""
    everybody = replace(system, config=EVERYBODY)
    found = await survey(
        asked(case, EVERYBODY), everybody.ports(), EVERYBODY, patience(), Journey(time.monotonic)
    )
    pool, contacts = found.pool, found.ranking.contacts
    return Legs(
        found.candidates.rows[pool.positions], found.ranking.fit, pool.base, found.intent.base, pool.churn + pool.job,
        contacts.ranks, np.flatnonzero(contacts.leads >= 0).astype(np.int32),
    )  # fmt: skip


async def admission_of(system: InProcess, case: Case) -> Admission:
    """Who is admitted, and which of their snippets name the product."""
    candidates = await system.retrieve(
        RetrievalRequest(case.query.filters(), stop_at(K), candidate_ids=case.only), patience()
    )
    count, newest_s = topical(system, case, candidates)
    return Admission(
        candidates.rows, candidates.steps.astype(np.int32), count,
        np.maximum(0.0, (case.as_of_s - newest_s) / DAY_S),
    )  # fmt: skip


def topical(system: InProcess, case: Case, candidates: Candidates) -> tuple[FloatArray, FloatArray]:
    """How many known snippets of each candidate name the product, float64[n]; and when the newest was dated, -inf without any."""
    config = RankingConfig()
    question = evidence_request(asked(case, config), candidates, config)
    terms = chosen_terms(question.concepts, question.keywords, system.index, config.intent.terms)
    hits = unite([found for _, found in terms], Admitted.of(question.rows, system.tables.company_count))
    at_s = system.tables.at(case.as_of_s).effective_s[hits.rows]
    known = at_s <= case.as_of_s + FUTURE_TOLERANCE_S
    count = np.bincount(hits.positions[known], minlength=len(candidates)).astype(np.float64)
    newest_s = np.full(len(candidates), -np.inf)
    np.maximum.at(newest_s, hits.positions[known], at_s[known])
    return count, newest_s
