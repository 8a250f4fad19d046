"""How Postgres carries out the retrieval statements on 20,000 companies: selective steps never read whole tables."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np
import psycopg
import pytest

from db.bindings import Bindings
from db.embedded import EmbeddedPostgres
from db.pool import PoolLimits, open_pool
from db.search import SqlRetrieval
from db.statements import load
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, Unavailable
from ranking.ports import RetrievalRequest
from ranking.relaxation import exclusion, scope
from ranking.types import EmployeeRange, Exclusions, Generation, IntArray, Query, Targets
from tests.fixtures.company_world import TAXONOMY

COMPANIES = 20_000
WITH_VECTOR = 500
NUMBERED = Generation("numbered")

# One company in 400 is a hospital in Germany with 51-200 people that uses a rare tool; the others are spread widely.
_WORLD = """
INSERT INTO companies (company_id, name, name_key, domain_key, industry_code, sub_industry_code, country_code,
    region_code, city_code, employee_count, stage_code, technologies, keyword_tokens, former_name_keys, cluster_id,
    content_hash)
SELECT id, id, id, id || '.com', 'healthcare', CASE WHEN rare THEN 'hospitals' ELSE 'common_' || n %% 20 END,
    CASE WHEN rare THEN 'DE' ELSE 'C' || n %% 15 END, CASE WHEN n %% 500 = 0 THEN 'us_ca' END,
    CASE WHEN n %% 300 = 0 THEN 'berlin' END, CASE WHEN rare THEN 100 ELSE 1000 + n END,
    CASE WHEN n %% 250 = 0 THEN 'seed' ELSE 'public' END,
    CASE WHEN rare THEN ARRAY['a rare tool'] ELSE ARRAY['common tool', 'tool ' || n %% 50] END,
    ARRAY['word' || n %% 1000, 'company'], ARRAY['former ' || n],
    CASE WHEN n %% 50 = 1 THEN lpad((n - 1)::text, 6, '0') ELSE id END, ''
FROM (SELECT n, lpad(n::text, 6, '0') AS id, n %% 400 = 0 AS rare FROM generate_series(0, %s - 1) AS n) AS made
"""
_LEADS = """
INSERT INTO leads (lead_id, company_id, role_codes, seniority_code, content_hash)
SELECT company_id || '-' || n, company_id,
    CASE WHEN company_id::integer % 333 = 0 THEN ARRAY['engineering', 'devops'] ELSE ARRAY['sales'] END,
    CASE WHEN company_id::integer % 333 = 0 THEN 'cxo' ELSE 'manager' END, ''
FROM companies, generate_series(1, 2) AS n
"""


RARE = Targets(industries=("hospitals",), countries=("DE",), employees=(EmployeeRange(51, 200),))


@pytest.fixture(scope="module")
def plans_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """One large world for all tests of this module; they only read it."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE plans TEMPLATE migrated STRATEGY file_copy")
        with psycopg.connect(postgres.dsn("plans"), autocommit=True) as filling:
            _fill(filling)
        yield postgres.dsn("plans")
        connection.execute("DROP DATABASE plans WITH (FORCE)")


def _fill(connection: psycopg.Connection) -> None:
    random = np.random.default_rng(7)
    vectors = random.normal(size=(WITH_VECTOR, 384)).astype(np.float32)
    connection.execute(_WORLD, (COMPANIES,))
    connection.execute(_LEADS)
    connection.execute("CREATE TEMPORARY TABLE vectors (company_id text PRIMARY KEY, embedding vector(384))")
    with connection.cursor().copy("COPY vectors FROM STDIN") as copy:
        for number, vector in enumerate(vectors):
            copy.write_row((f"{number:06d}", str(vector.tolist())))
    connection.execute(
        "UPDATE companies SET embedding = made.embedding FROM vectors AS made WHERE made.company_id = companies.company_id"
    )
    connection.execute("VACUUM ANALYZE companies, leads")


@pytest.fixture
async def world(plans_database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(plans_database, PoolLimits(min_size=1, max_size=1))
    yield opened
    await opened.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


async def plan_of(
    pool: asyncpg.Pool,
    query: Query,
    *,
    admit_unknown: bool = False,
    direction: Any = None,
    nearest: int | None = None,
) -> list[dict[str, Any]]:
    asked = scope(query.include, TAXONOMY)
    bindings = Bindings(None, asked.strict, exclusion(query.exclude, TAXONOMY), (), direction)
    parameters = bindings.step(asked.strict, admit_unknown=admit_unknown)
    statement = load()["admitted_companies"]
    async with pool.acquire() as connection:
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *parameters, nearest)
    return list(nodes(json.loads(explained)[0]["Plan"]))


def whole_tables(plan: list[dict[str, Any]]) -> set[str]:
    return {
        node["Relation Name"]
        for node in plan
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in ("companies", "leads")
    }


def indexes(plan: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in plan if "Index Name" in node}


async def test_selective_steps_read_no_table_as_a_whole(world: asyncpg.Pool) -> None:
    selective = {
        "industry": Query(include=Targets(industries=("hospitals",))),
        "industry, region and size": Query(include=RARE),
        "technology": Query(include=Targets(technologies=("a rare tool",))),
        "city": Query(include=Targets(cities=("berlin",))),
        "stage": Query(include=Targets(stages=("seed",))),
        "size": Query(include=Targets(employees=(EmployeeRange(51, 200),))),
        "role": Query(include=Targets(roles=("devops",))),
        "seniority": Query(include=Targets(seniorities=("cxo",))),
        "NOT a company": Query(
            include=RARE, exclude=Exclusions(companies=("000400", "former 800", "word.com"))
        ),
        "NOT a keyword": Query(include=RARE, exclude=Exclusions(keywords=("word7 company",))),
        "NOT an industry": Query(include=RARE, exclude=Exclusions(industries=("hospitals",))),
        "NOT a role": Query(include=RARE, exclude=Exclusions(roles=("sales",))),
    }
    read_whole = {name: whole_tables(await plan_of(world, query)) for name, query in selective.items()}
    assert read_whole == {name: set() for name in selective}


async def test_a_step_that_admits_everybody_reads_the_companies_as_a_whole(world: asyncpg.Pool) -> None:
    assert "companies" in whole_tables(await plan_of(world, Query()))


async def test_admitting_unknown_values_still_uses_the_indexes(world: asyncpg.Pool) -> None:
    assert whole_tables(await plan_of(world, Query(include=RARE), admit_unknown=True)) == set()


async def test_the_index_of_the_dimension_is_used(world: asyncpg.Pool) -> None:
    assert "companies_sub_industry" in indexes(
        await plan_of(world, Query(include=Targets(industries=("hospitals",))))
    )
    assert "companies_technologies" in indexes(
        await plan_of(world, Query(include=Targets(technologies=("a rare tool",))))
    )
    assert "leads_role_codes" in indexes(await plan_of(world, Query(include=Targets(roles=("devops",)))))


async def test_neighbours_come_from_the_vector_index(world: asyncpg.Pool) -> None:
    direction = np.zeros(384, dtype=np.float32)
    direction[0] = 1.0
    assert "companies_embedding" in indexes(await plan_of(world, Query(), direction=direction, nearest=50))


@dataclass(frozen=True)
class RowsById:
    """Companies numbered by their ids, except those the snapshot does not hold yet."""

    fresh: frozenset[str] = frozenset()
    generation: Generation = NUMBERED

    def rows_of(self, company_ids: Sequence[str]) -> IntArray:
        return np.array([-1 if each in self.fresh else int(each) for each in company_ids], dtype=np.int32)


def within(milliseconds: float) -> Deadline:
    return Deadline.after_ms(milliseconds, time.monotonic)


async def test_a_strict_step_that_finds_enough_is_the_only_one(world: asyncpg.Pool) -> None:
    retrieval = SqlRetrieval(world, TAXONOMY, RowsById())
    found = await retrieval.retrieve(RetrievalRequest(Query(include=RARE), stop_at=50), within(20_000))
    assert found.rows.tolist() == list(range(0, COMPANIES, 400))
    assert [(report.step, report.added) for report in found.relaxation] == [("strict", COMPANIES // 400)]


async def test_companies_without_a_row_are_left_out(world: asyncpg.Pool) -> None:
    retrieval = SqlRetrieval(world, TAXONOMY, RowsById(fresh=frozenset({"000400"})))
    found = await retrieval.retrieve(RetrievalRequest(Query(include=RARE), stop_at=50), within(20_000))
    assert found.rows.tolist() == [0, *range(800, COMPANIES, 400)]


async def test_a_deadline_ends_the_statement(world: asyncpg.Pool) -> None:
    retrieval = SqlRetrieval(world, TAXONOMY, RowsById())
    everybody = RetrievalRequest(Query(exclude=Exclusions(keywords=("word1",))), stop_at=200)
    with pytest.raises(DeadlineExceeded):
        await retrieval.retrieve(everybody, within(5))


async def test_a_passed_deadline_asks_nothing(world: asyncpg.Pool) -> None:
    retrieval = SqlRetrieval(world, TAXONOMY, RowsById())
    with pytest.raises(DeadlineExceeded):
        await retrieval.retrieve(RetrievalRequest(Query(), stop_at=200), within(0))


async def test_a_closed_pool_is_an_unavailable_dependency(plans_database: str) -> None:
    pool = await open_pool(plans_database, PoolLimits(min_size=1, max_size=1))
    await pool.close()
    with pytest.raises(Unavailable):
        await SqlRetrieval(pool, TAXONOMY, RowsById()).retrieve(RetrievalRequest(Query(), 200), within(1000))
