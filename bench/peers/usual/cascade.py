"""The whole cascade on the usual libraries: prompts in, answers out, any number at once.

What can be done for several prompts together is (statements run beside each other, one encoding, one prediction); FastAPI hands over one
prompt at a time, LitServe the batch it has gathered.
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from bench.peers.usual import evidence, leads, lexical
from bench.peers.usual.booster import Booster
from bench.peers.usual.corpus import Corpus, open_corpus, statements
from bench.peers.usual.evidence import Boosts, Evidence
from bench.peers.usual.filters import MOST_CANDIDATES, Asked
from configs.schema import DEFAULT_BOOSTER
from db.pool import PoolLimits, open_pool
from models.embedder import EmbedderConfig, Encoder, open_encoder
from ranking.config import RankingConfig
from ranking.fit import effective_weights
from ranking.fusion import FinalWeights
from ranking.prompt import parse
from ranking.relaxation import stop_at
from ranking.taxonomy import Taxonomy, load_taxonomy
from ranking.text import company_name_key, domain_key
from ranking.trim import pool_size
from ranking.types import Query

CONNECTIONS = 4  # per worker; more would only wait for the same two cores
Floats = NDArray[np.float64]
_BY_EVIDENCE = "(c.company_id = ANY($32::text[])) DESC, c.company_id"
_BY_LIKENESS = "c.embedding <=> $34, (c.company_id = ANY($32::text[]))"
_SIGNALS = 3
_WARM_UP = (
    "CRM software for banks in Germany with 50-500 employees",
    "payroll software for companies like Northwind Traders",
)
_WARM_UP_ROUNDS = 5


@dataclass(slots=True)
class Question:
    """One prompt on its way."""

    prompt: str
    limit: int
    as_of_s: float
    query: Query
    asked: Asked
    scores: NDArray[np.float32]
    words: int
    direction: NDArray[np.float32] | None = None
    found: dict[str, tuple[asyncpg.Record, str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Pool:
    """The best candidates by fit and lexical evidence, columns of length m; `steps` names of rungs."""

    companies: list[str]
    rows: list[asyncpg.Record]
    steps: list[str]
    numbers: NDArray[np.int64]
    levels: Floats
    fit: Floats
    evidence: Evidence
    boosts: Boosts | None = None
    asked: NDArray[np.bool_] | None = None


class UsualCascade:
    """Everything a worker holds; `pool` are its Postgres connections, until the process ends."""

    def __init__(self, pool: asyncpg.Pool, corpus: Corpus, encoder: Encoder) -> None:
        self._pool = pool
        self._corpus = corpus
        self._encoder = encoder
        self._taxonomy: Taxonomy = load_taxonomy()
        self._config = RankingConfig()
        self._final: FinalWeights = self._config.final
        self._booster = Booster(DEFAULT_BOOSTER)
        self._statements = statements()
        self._seniorities = sorted(self._taxonomy.SENIORITIES, key=self._taxonomy.seniority_rank)

    async def answer(self, bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answers to some requests, in order."""
        questions = [self._question(body) for body in bodies]
        await self._compare(questions)
        await asyncio.gather(*map(self._admit, questions))
        pools = [self._trim(question) for question in questions]
        await asyncio.gather(*map(self._boost, questions, pools))
        scored = self._decide(questions, pools)
        return list(await asyncio.gather(*map(self._show, questions, pools, scored)))

    async def warm_up(self, connections: int) -> None:
        """Answer some prompts on every connection, so that none parses its statements and looks up its types under load."""
        for _ in range(_WARM_UP_ROUNDS):
            await asyncio.gather(
                *(self.answer([{"query": prompt}]) for _ in range(connections) for prompt in _WARM_UP)
            )

    def _question(self, body: Mapping[str, Any]) -> Question:
        query = parse(body["query"], self._taxonomy)
        scores, words = self._corpus.index.scores(lexical.search_text(query, self._taxonomy))
        as_of = body.get("options", {}).get("as_of")
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        moment = now if as_of is None else datetime.fromisoformat(as_of)
        asked = Asked.of(query, self._taxonomy)
        return Question(body["query"], body.get("limit", 25), moment.timestamp(), query, asked, scores, words)

    async def _compare(self, questions: Sequence[Question]) -> None:
        """Directions of exemplars: stored vectors of those that are known, one encoding for all others."""
        asking = [question for question in questions if question.query.exemplars]
        stored = [
            await self._pool.fetch(
                self._statements["exemplars"],
                [company_name_key(name) for name in question.query.exemplars],
                [domain_key(name) for name in question.query.exemplars],
            )
            for question in asking
        ]
        unknown = [
            _unknown(question.query.exemplars, rows) for question, rows in zip(asking, stored, strict=True)
        ]
        texts = [text for each in unknown for text in each]
        encoded = iter(self._encoder.encode(texts) if texts else ())
        for question, rows, names in zip(asking, stored, unknown, strict=True):
            vectors = [row["embedding"].to_numpy() for row in rows] + [next(encoded) for _ in names]
            mean = np.mean(vectors, axis=0)
            question.direction = (mean / np.linalg.norm(mean)).astype(np.float32)

    async def _admit(self, question: Question) -> None:
        """One statement per rung until enough companies are admitted; those with evidence come first."""
        corpus = self._corpus
        owner_best = np.maximum.reduceat(np.append(question.scores, np.float32(0)), corpus.starts[:-1])
        owner_best[corpus.starts[1:] == corpus.starts[:-1]] = 0.0
        most = min(MOST_CANDIDATES, int(np.count_nonzero(owner_best)))
        best = np.argpartition(-owner_best, most - 1)[:most] if most else np.zeros(0, dtype=np.int64)
        with_evidence = corpus.companies[best].tolist()
        near = question.direction is not None and not question.asked.strict.asks_company
        order = _BY_LIKENESS if near else _BY_EVIDENCE
        statement = self._statements["candidates"].replace("/* ORDER */", order)
        for name, rung, admit_unknown in question.asked.rungs():
            parameters = question.asked.parameters(
                rung, admit_unknown=admit_unknown, evidence=with_evidence, known=list(question.found),
                direction=question.direction,
            )  # fmt: skip
            for row in await self._pool.fetch(statement, *parameters):
                question.found[row["company_id"]] = row, name
            if len(question.found) >= stop_at(question.limit):
                break

    def _trim(self, question: Question) -> Pool:
        """The best by fit and lexical evidence (F-4)."""
        corpus = self._corpus
        known = [(row, step) for row, step in question.found.values() if row["company_id"] in corpus.numbers]
        rows = [row for row, _ in known]
        numbers = np.array([corpus.numbers[row["company_id"]] for row in rows], dtype=np.int64)
        levels = np.array(
            [(row["industry_fit"], row["size_fit"], row["region_fit"]) for row in rows], dtype=np.float64
        ).reshape(-1, 3)
        if question.direction is not None and not question.query.include.industries:
            levels[:, 0] = [0.5 if row["similarity"] is None else max(row["similarity"], 0.0) for row in rows]
        weights = effective_weights(
            question.query, self._config.fit.weights.array(), self._config.fit.untargeted
        )
        fit = levels @ weights
        weighed = evidence.weigh(corpus, numbers, question.scores, question.as_of_s)
        preliminary = self._final.fit * fit + self._final.intent * weighed.base / 100.0
        best = np.argsort(-preliminary, kind="stable")[: pool_size(question.limit)]
        return Pool(
            companies=[rows[at]["company_id"] for at in best.tolist()],
            rows=[rows[at] for at in best.tolist()],
            steps=[known[at][1] for at in best.tolist()],
            numbers=numbers[best],
            levels=levels[best],
            fit=fit[best],
            evidence=evidence.weigh(corpus, numbers[best], question.scores, question.as_of_s),
        )

    async def _boost(self, question: Question, pool: Pool) -> None:
        technologies, roles = evidence.relevance(question.query, self._taxonomy)
        events = await self._pool.fetch(
            self._statements["events"], pool.companies, list(technologies), list(roles)
        )
        places = {company: place for place, company in enumerate(pool.companies)}
        pool.boosts = evidence.boost(events, places, technologies, roles, question.as_of_s)

    def _decide(self, questions: Sequence[Question], pools: Sequence[Pool]) -> list[Floats]:
        """Base intent of each pool: BM25 where it reaches the threshold, else the booster, in one prediction for all (F-5)."""
        tables = []
        for question, pool in zip(questions, pools, strict=True):
            pool.asked = pool.evidence.best_raw < self._config.intent.bm25_threshold
            tables.append(self._table(question, pool)[pool.asked])
        scores = self._booster.score(np.concatenate(tables))
        ends = np.cumsum([len(table) for table in tables])[:-1]
        decided = []
        for pool, boosted in zip(pools, np.split(scores, ends), strict=True):
            base = pool.evidence.base
            base[pool.asked] = boosted
            decided.append(base)
        return decided

    def _table(self, question: Question, pool: Pool) -> Floats:
        rows, boosts = pool.rows, pool.boosts
        assert boosts is not None
        order = {"strict": 0, "unknown": 1, "region_widened": 6, "industry_dropped": 11}
        columns = {
            "fit_industry": pool.levels[:, 0], "fit_size": pool.levels[:, 1], "fit_region": pool.levels[:, 2],
            "unverified": _column(rows, "unverified"), "step": np.array([order[step] for step in pool.steps], dtype=np.float64),
            "similarity": _column(rows, "similarity"), "log_employees": np.log1p(_column(rows, "employee_count")),
            "founded": _column(rows, "founded_year"), "technologies": _column(rows, "technologies"),
            "churn": boosts.churn, "job": boosts.job, "churn_rel": boosts.churn_rel, "churn_days": boosts.churn_days,
            "job_rel": boosts.job_rel, "job_days": boosts.job_days,
            **evidence.features(pool.evidence, self._corpus, pool.numbers, question.words),
        }  # fmt: skip
        return self._booster.table(columns, len(rows))

    async def _show(self, question: Question, pool: Pool, base: Floats) -> dict[str, Any]:
        assert pool.boosts is not None
        assert pool.asked is not None
        intent = np.minimum(100.0, base + pool.boosts.churn + pool.boosts.job)
        scores = self._final.fit * pool.fit + self._final.intent * intent / 100.0
        best = np.lexsort((pool.numbers, -pool.fit, -scores))[: question.limit].tolist()
        ranked = [self._ranked(pool, at, scores, intent, base) for at in best]
        shown = await self._fetch(question, ranked)
        return {
            "query_id": uuid.uuid4().hex,
            "parsed": question.query,
            "leads": shown,
            "metadata": {
                "returned": len(shown), "pool": len(pool.companies), "available": len(question.found),
                "routes": {"bm25": int(np.sum(~pool.asked)), "llm": 0, "gbdt": int(np.sum(pool.asked)), "none": 0},
                "cost": {"total_usd": 0.0, "llm_ratio": 0.0}, "as_of": question.as_of_s,
            },
        }  # fmt: skip

    def _ranked(self, pool: Pool, at: int, scores: Floats, intent: Floats, base: Floats) -> leads.Ranked:
        assert pool.boosts is not None
        assert pool.asked is not None
        hits = range(*pool.evidence.shown(at).indices(len(pool.evidence.owner)))[:_SIGNALS]
        industry, size, region = pool.levels[at].tolist()
        return leads.Ranked(
            company_id=pool.companies[at], score=float(scores[at]), fit=float(pool.fit[at]), intent=float(intent[at]),
            fit_levels=(industry, size, region),
            intent_points=(float(base[at]), float(pool.boosts.churn[at]), float(pool.boosts.job[at])),
            source="gbdt" if pool.asked[at] else "bm25", step=pool.steps[at],
            snippets=[
                (str(self._corpus.snippets[pool.evidence.snippet[hit]]), float(pool.evidence.decay[hit])) for hit in hits
            ],
        )  # fmt: skip

    async def _fetch(self, question: Question, ranked: Sequence[leads.Ranked]) -> list[dict[str, Any]]:
        """Names, contacts and texts of the leads, in two statements beside each other."""
        strict, excluded = question.asked.strict, question.asked.excluded
        ids = [each.company_id for each in ranked]
        roles = sorted(strict.roles or ()) or None
        companies, snippets = await asyncio.gather(
            self._pool.fetch(
                self._statements["companies"], ids, roles, sorted(strict.seniorities or ()) or None, self._seniorities,
                sorted(excluded.roles) or None, sorted(excluded.seniorities) or None,
            ),
            self._pool.fetch(
                self._statements["snippets"], ids, [snippet for each in ranked for snippet, _ in each.snippets]
            ),
        )  # fmt: skip
        by_id = {row["company_id"]: row for row in companies}
        texts = {(row["company_id"], row["snippet_id"]): row for row in snippets}
        industry, size, region = effective_weights(
            question.query, self._config.fit.weights.array(), self._config.fit.untargeted
        ).tolist()
        weights = leads.Weights(self._final.fit, self._final.intent, (industry, size, region))
        reachable = [each for each in ranked if each.company_id in by_id]
        return [
            leads.lead(rank, each, by_id[each.company_id], texts, roles, weights, question.as_of_s)
            for rank, each in enumerate(reachable, start=1)
        ]


async def open_cascade(dsn: str, folder: Path) -> UsualCascade:
    """Load index, booster and sentence model, connect, warm up; torch with one thread, as every core has a worker."""
    encoder = open_encoder(EmbedderConfig(backend="torch"))
    limits = PoolLimits(min_size=CONNECTIONS, max_size=CONNECTIONS)
    pool = await open_pool(dsn, limits, application_name="peer")
    cascade = UsualCascade(pool, open_corpus(folder), encoder)
    await cascade.warm_up(CONNECTIONS)
    return cascade


def _unknown(names: Sequence[str], rows: Sequence[asyncpg.Record]) -> list[str]:
    keys = {row["name_key"] for row in rows} | {row["domain_key"] for row in rows}
    return [name for name in names if company_name_key(name) not in keys and domain_key(name) not in keys]


def _column(rows: Sequence[asyncpg.Record], name: str) -> Floats:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
