"""Exemplars order the list where nobody named an industry, from the trim to the waterfall (F-2b, F-3, F-4, F-7)."""

import asyncio
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ranking.answer import RankedList
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.ports import Retrieval, RetrievalRequest
from ranking.types import Candidates, Query, Targets
from tests.fixtures.served_world import AS_OF_S, ServedWorld

LIMIT = 50


@dataclass(frozen=True)
class Likened:
    """Retrieval as it is, with likeness that grows with the row."""

    inner: Retrieval

    async def retrieve(self, request: RetrievalRequest, deadline: Deadline) -> Candidates:
        found = await self.inner.retrieve(request, deadline)
        likeness = np.linspace(0.1, 0.9, len(found.rows), dtype=np.float32)
        return replace(found, similarity=likeness)


def ranked(world: ServedWorld, query: Query) -> RankedList:
    config = RankingConfig()
    ports = replace(world.system.ports(), retrieval=Likened(world.system))
    request = RankRequest(query, LIMIT, AS_OF_S, config.final, config.fit.weights, llm="never")
    return asyncio.run(rank_leads(request, ports, config, Deadline.after_ms(10_000, time.monotonic)))


def test_the_likest_companies_come_first_when_nothing_else_tells_them_apart(served_world):
    leads = ranked(served_world, Query(exemplars=("a well known name",))).leads
    values = [lead["waterfall"][0]["value"] for lead in leads]
    assert len(leads) == LIMIT
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(0.9)


def test_the_waterfall_of_likened_leads_sums_to_their_score(served_world):
    for lead in ranked(served_world, Query(exemplars=("a well known name",))).leads:
        assert sum(part["points"] for part in lead["waterfall"]) == pytest.approx(lead["score"], abs=1e-6)
        assert lead["waterfall"][0]["part"] == "fit.industry"


def test_a_named_industry_counts_as_named_whatever_the_likeness(served_world):
    query = Query(exemplars=("a well known name",), include=Targets(industries=("healthcare",)))
    values = {lead["waterfall"][0]["value"] for lead in ranked(served_world, query).leads}
    assert values <= {0.0, 0.5, 0.7, 1.0}
