"""What a retrieval leg is asked and what it does; ours."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.peers.usual import filters, lexical
from deployments.inprocess import InProcess, open_in_process
from models.embedder import EmbedderConfig, open_encoder
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import RankRequest
from ranking.pipeline import evidence_request
from ranking.ports import RetrievalRequest
from ranking.prompt import parse
from ranking.relaxation import stop_at
from ranking.taxonomy import Taxonomy
from ranking.types import Query

LIMIT = 25
_DEADLINE_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class LegQuery:
    """One parsed prompt, and what the other legs take from it; `vector` float32[384] is that of the searched text."""

    query: Query
    text: str
    asked: filters.Asked
    vector: NDArray[np.float32]


class Leg(Protocol):
    """Filters and lexical search under one engine."""

    async def build(self) -> None:
        """Make what it searches."""
        ...

    def size_mib(self) -> float:
        """On disk."""
        ...

    async def search(self, asked: LegQuery) -> Sequence[str]:
        """Ids of the best companies, best first."""
        ...

    def outside_cpu_s(self) -> float:
        """CPU seconds so far of processes other than this one that work for it."""
        ...


def leg_queries(prompts: Sequence[str], taxonomy: Taxonomy) -> list[LegQuery]:
    """Parse and encode beforehand: neither is measured."""
    queries = [parse(prompt, taxonomy) for prompt in prompts]
    texts = [lexical.search_text(query, taxonomy) for query in queries]
    vectors = open_encoder(EmbedderConfig()).encode(texts)
    return [
        LegQuery(query, text, filters.Asked.of(query, taxonomy), vector)
        for query, text, vector in zip(queries, texts, vectors, strict=True)
    ]


class OurLeg:
    """The retrieval and bm25 leaves in this process."""

    def __init__(self, snapshots: Path, taxonomy: Taxonomy, as_of_s: float) -> None:
        self._snapshots, self._taxonomy, self._as_of_s = snapshots, taxonomy, as_of_s
        self._config = RankingConfig()
        self._system: InProcess | None = None

    async def build(self) -> None:
        """Open the published snapshot: what building it takes is another record's figure."""
        self._system = open_in_process(self._snapshots, self._taxonomy, self._config)

    def size_mib(self) -> float:
        """Of the generation's files, everything that serving needs."""
        return folder_mib(self._snapshots / (self._snapshots / "CURRENT").read_text("utf-8").strip())

    async def search(self, asked: LegQuery) -> Sequence[str]:
        """The companies of the pool that match every filter and have evidence, by base intent; ids of the best."""
        assert self._system is not None
        config, deadline = self._config, Deadline.after_ms(_DEADLINE_MS, time.monotonic)
        request = RankRequest(asked.query, LIMIT, self._as_of_s, config.final, config.fit.weights)
        candidates = await self._system.retrieve(RetrievalRequest(asked.query, stop_at(LIMIT)), deadline)
        pool = await self._system.gather(evidence_request(request, candidates, config), deadline)
        comparable = np.flatnonzero((pool.base > 0.0) & (candidates.steps[pool.positions] == 0))
        best = pool.positions[comparable[np.argsort(-pool.base[comparable], kind="stable")[:LIMIT]]]
        ids = self._system.snapshot.companies.ids
        return [ids[int(row)] for row in candidates.rows[best]]

    def outside_cpu_s(self) -> float:
        """Nobody else works for it."""
        return 0.0


def folder_mib(folder: Path) -> float:
    """Size of all files below."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1)
