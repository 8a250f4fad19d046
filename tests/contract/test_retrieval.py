"""One suite for both retrieval backends: Postgres and the snapshot admit the same companies in the same steps."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import asyncpg
import numpy as np
import pytest

from db.pool import PoolLimits, open_pool
from db.search import SqlRetrieval
from db.snapshot import Snapshot, open_snapshot, write_snapshot
from db.snapshot.engine import SnapshotRetrieval
from db.suppressions import load_suppressions
from ranking.deadline import Deadline
from ranking.ports import RetrievalRequest
from ranking.types import Candidates, Generation, IntArray, Query
from tests.fixtures.company_world import TAXONOMY, World, random_world
from tests.fixtures.random_queries import random_query

COMPANIES = 300


@dataclass(frozen=True)
class SnapshotRows:
    """The rows of a snapshot, for the SQL backend."""

    snapshot: Snapshot

    @property
    def generation(self) -> Generation:
        return self.snapshot.generation

    def rows_of(self, company_ids: Sequence[str]) -> IntArray:
        return self.snapshot.companies.by_id.rows_of(company_ids, self.snapshot.companies.ids)


@dataclass(frozen=True)
class Backends:
    world: World
    columns: SnapshotRetrieval
    tables: SqlRetrieval

    async def both(self, request: RetrievalRequest) -> tuple[Candidates, Candidates]:
        deadline = Deadline.after_ms(20_000, time.monotonic)
        return self.columns.retrieve(request), await self.tables.retrieve(request, deadline)


async def backends_of(world: World, pool: asyncpg.Pool, folder: Path) -> Backends:
    async with pool.acquire() as connection:
        await world.insert(connection)
        generation = await write_snapshot(connection, folder, TAXONOMY, clock=lambda: 1_800_000_000.0)
    snapshot = open_snapshot(folder, generation)
    return Backends(
        world,
        SnapshotRetrieval(snapshot, TAXONOMY, await load_suppressions(pool)),
        SqlRetrieval(pool, TAXONOMY, SnapshotRows(snapshot)),
    )


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database, PoolLimits(min_size=1, max_size=2))
    yield opened
    await opened.close()


@pytest.fixture(params=[1, 2])
async def backends(request: pytest.FixtureRequest, pool: asyncpg.Pool, tmp_path: Path) -> Backends:
    return await backends_of(random_world(Random(request.param), COMPANIES), pool, tmp_path)


def assert_same(columns: Candidates, tables: Candidates, request: RetrievalRequest) -> None:
    assert columns.rows.tolist() == tables.rows.tolist(), request
    assert columns.source_rows.tolist() == tables.source_rows.tolist(), request
    assert columns.steps.tolist() == tables.steps.tolist(), request
    assert columns.levels.tolist() == tables.levels.tolist(), request
    assert columns.relaxation == tables.relaxation, request
    assert columns.dropped == tables.dropped, request
    assert columns.unresolved_exemplars == tables.unresolved_exemplars, request
    assert columns.exemplars == tables.exemplars, request
    assert (columns.similarity is None) == (tables.similarity is None), request
    if columns.similarity is not None and tables.similarity is not None:
        np.testing.assert_allclose(columns.similarity, tables.similarity, atol=1e-5)


async def test_both_backends_admit_the_same_companies_in_the_same_steps(backends: Backends) -> None:
    random = Random(10)
    for _ in range(120):
        request = RetrievalRequest(
            random_query(random),
            stop_at=random.choice((5, 20, 60, 1000)),
            tenant=random.choice((None, None, "blue", "green", "unheard of")),
        )
        assert_same(*await backends.both(request), request)


async def test_both_backends_judge_a_list_alike(backends: Backends) -> None:
    random = Random(11)
    ids = [each.id for each in backends.world.companies] + [each.id for each in backends.world.leads]
    for _ in range(40):
        request = RetrievalRequest(
            random_query(random),
            stop_at=200,
            candidate_ids=(*random.sample(ids, 60), "missing", ids[0], ids[0]),
            tenant=random.choice((None, "blue", "green")),
        )
        assert_same(*await backends.both(request), request)


async def test_both_backends_find_the_same_neighbours_of_a_free_text(backends: Backends) -> None:
    random = Random(12)
    for stop_at in (1, 10, 80):
        vector = np.zeros(384, dtype=np.float32)
        vector[:6] = [random.gauss(0.0, 1.0) for _ in range(6)]
        request = RetrievalRequest(Query(exemplars=("nobody at all",)), stop_at, exemplar_vector=vector)
        columns, tables = await backends.both(request)
        assert_same(columns, tables, request)
        assert columns.relaxation[0].step == "exemplar"
        assert columns.relaxation[0].added == len(columns.rows) == stop_at
