"""Retrieval in Postgres (F-2, F-2b): the record, exact and fresh, where the snapshot is quick.

Each step of the ladder is one statement. Steps only grow, so the last one brings everybody who is admitted, and all but
the last bring fewer than the stop rule asks for.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import numpy as np

from db.bindings import Bindings
from db.exemplars import StoredExemplars, find_exemplars
from db.filtering.clusters import best_records
from db.listed_search import judge
from db.statements import load
from ranking.codebook import UNKNOWN, Codebook
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, Unavailable
from ranking.fit import DEFAULT_WEIGHTS, UNVERIFIED, fit_scores, level_table, levels_of
from ranking.levels import Levels
from ranking.ports import RetrievalRequest
from ranking.relaxation import Exclusion, Places, Scope, exclusion, rungs, scope
from ranking.row_set import RowSet
from ranking.taxonomy import Taxonomy
from ranking.types import (
    Candidates,
    Dropped,
    Float32Array,
    FloatArray,
    Generation,
    IntArray,
    LevelArray,
    StepReport,
    moved_sources,
)

_MAX_VISITED = 100_000
_LEAST_LIST, _MOST_LIST = 100, 1000


class Numbering(Protocol):
    """The generation whose rows the answer speaks of."""

    @property
    def generation(self) -> Generation:
        """Its name."""
        ...

    def rows_of(self, company_ids: Sequence[str]) -> IntArray:
        """int32 rows in input order, -1 for a company it does not hold."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """Records that were admitted, the step that first admitted each business, and the account of the steps."""

    records: Sequence[asyncpg.Record]
    step_of: dict[str, int]
    relaxation: tuple[StepReport, ...]
    dropped: tuple[Dropped, ...] = ()

    @property
    def by_likeness(self) -> bool:
        """Whether nearness to the exemplars admitted them."""
        return self.relaxation[0].step == "exemplar"


class SqlRetrieval:
    """`ranking.ports.Retrieval` on Postgres. Companies that the numbering does not hold yet are left out."""

    def __init__(self, pool: asyncpg.Pool, taxonomy: Taxonomy, numbering: Numbering) -> None:
        self._pool = pool
        self._taxonomy = taxonomy
        self._book = Codebook.of(taxonomy)
        self._numbering = numbering

    async def retrieve(self, request: RetrievalRequest, deadline: Deadline) -> Candidates:
        """The companies a query admits, seen as of one moment.

        Raises:
            DeadlineExceeded: the statements did not finish in time.
            Unavailable: Postgres failed.
            InvalidQuery: a filter names a code that the taxonomy has not.
        """
        asked = scope(request.query.include, self._taxonomy)
        excluded = exclusion(request.query.exclude, self._taxonomy)
        async with self._transaction(deadline) as connection:
            exemplars = await find_exemplars(
                connection, request.query.exemplars, request.exemplar_vector, request.tenant
            )
            bindings = Bindings(
                request.tenant, asked.strict, excluded, exemplars.cluster_ids, exemplars.direction
            )
            if request.candidate_ids is not None:
                admitted = await _list(connection, bindings, request.candidate_ids)
            elif exemplars.direction is not None and not asked.strict.asks_company:
                admitted = await _nearest(connection, bindings, request.stop_at)
            else:
                admitted = await _climb(connection, bindings, asked, request.stop_at)
        return self._candidates(admitted, asked, excluded, exemplars)

    @asynccontextmanager
    async def _transaction(self, deadline: Deadline) -> AsyncIterator[asyncpg.Connection]:
        try:
            async with (
                self._pool.acquire(timeout=deadline.require("retrieve")) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                limit_ms = max(1, round(deadline.remaining_ms()))
                await connection.execute(load()["limit_statement_time"], str(limit_ms))
                yield connection
        except (asyncpg.QueryCanceledError, TimeoutError) as err:
            raise DeadlineExceeded("retrieve") from err
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
            raise Unavailable("postgres", f"retrieval failed: {type(err).__name__}") from err

    def _candidates(
        self, admitted: Admitted, asked: Scope, excluded: Exclusion, exemplars: StoredExemplars
    ) -> Candidates:
        records = admitted.records
        own = self._numbering.rows_of([record["company_id"] for record in records])
        businesses = self._numbering.rows_of([record["cluster_id"] for record in records])
        levels = self._levels(records, asked, excluded)
        similarity = np.array([_cosine(record) for record in records], dtype=np.float32)
        steps = np.array([admitted.step_of[record["cluster_id"]] for record in records], dtype=np.uint8)
        known = np.flatnonzero((own >= 0) & (businesses >= 0))
        worth = similarity.astype(np.float64) if admitted.by_likeness else fit_scores(levels, DEFAULT_WEIGHTS)
        best = known[best_records(businesses[known], own[known], worth[known])]
        return Candidates(
            generation=self._numbering.generation,
            companies=RowSet.of(businesses[best]),
            fit_levels=Levels.of(levels[best]),
            relaxation=admitted.relaxation,
            later=steps[best] if steps.any() else None,
            moved=moved_sources(businesses[best], own[best]),
            dropped=admitted.dropped,
            similarity=None
            if exemplars.direction is None
            else _highest(businesses[known], similarity[known], businesses[best]),
            unresolved_exemplars=exemplars.resolution.unresolved,
            exemplars=exemplars.resolution.choices,
        )

    def _levels(self, records: Sequence[asyncpg.Record], asked: Scope, excluded: Exclusion) -> LevelArray:
        book = self._book
        columns = (
            ("sub_industry_code", book.industries),
            ("country_code", book.countries),
            ("region_code", book.regions),
            ("city_code", book.cities),
        )
        industry, country, region, city = (
            np.array([codes.get(record[name], UNKNOWN) for record in records], dtype=np.uint16)
            for name, codes in columns
        )
        counts = (record["employee_count"] for record in records)
        employees = np.array([-1 if count is None else count for count in counts], dtype=np.int32)
        levels = levels_of(level_table(asked, book), industry, employees, country, region, city)
        levels[[_is_unverified(record, asked, excluded) for record in records]] |= UNVERIFIED
        return levels


async def _climb(connection: asyncpg.Connection, bindings: Bindings, asked: Scope, stop_at: int) -> Admitted:
    step_of: dict[str, int] = {}
    relaxation: list[StepReport] = []
    records: Sequence[asyncpg.Record] = ()
    for step, rung in enumerate(rungs(asked)):
        parameters = bindings.step(rung.filter, admit_unknown=rung.admit_unknown)
        records = await connection.fetch(load()["admitted_companies"], *parameters, None)
        before = len(step_of)
        for record in records:
            step_of.setdefault(record["cluster_id"], step)
        relaxation.append(StepReport(rung.name, len(step_of) - before))
        if len(step_of) >= stop_at:
            break
    return Admitted(records, step_of, tuple(relaxation))


async def _nearest(connection: asyncpg.Connection, bindings: Bindings, stop_at: int) -> Admitted:
    """The `stop_at` nearest businesses (F-2b); asks for more records while duplicates take up the places."""
    list_size = min(max(stop_at, _LEAST_LIST), _MOST_LIST)
    await connection.execute(load()["search_nearest"], str(list_size), str(_MAX_VISITED))
    parameters = bindings.step(bindings.asked, admit_unknown=True)
    wanted = stop_at
    while True:
        records = await connection.fetch(load()["admitted_companies"], *parameters, wanted)
        if len(records) < wanted or len({record["cluster_id"] for record in records}) >= stop_at:
            break
        wanted *= 2
    ordered = sorted(records, key=lambda record: (-record["similarity"], record["company_id"]))
    chosen = dict.fromkeys(record["cluster_id"] for record in ordered)
    step_of = dict.fromkeys(list(chosen)[:stop_at], 0)
    kept = [record for record in ordered if record["cluster_id"] in step_of]
    return Admitted(kept, step_of, (StepReport("exemplar", len(step_of)),))


async def _list(connection: asyncpg.Connection, bindings: Bindings, ids: Sequence[str]) -> Admitted:
    records, dropped = await judge(connection, bindings, tuple(dict.fromkeys(ids)))
    step_of = dict.fromkeys((record["cluster_id"] for record in records), 0)
    return Admitted(records, step_of, (StepReport("candidates", len(step_of)),), dropped)


def _is_unverified(record: asyncpg.Record, asked: Scope, excluded: Exclusion) -> bool:
    """Whether something targeted or excluded is not known of the record (F-2)."""
    wanted = asked.strict
    unknown = (
        (wanted.industries or excluded.industries, record["sub_industry_code"] is None),
        (wanted.employees or excluded.employees, record["employee_count"] is None),
        (wanted.technologies or excluded.technologies, record["no_technology"]),
        (wanted.stages or excluded.stages, record["no_stage"]),
    )
    place = (record["country_code"], record["region_code"], record["city_code"])
    filters: tuple[Places | None, ...] = (wanted.places, excluded.places)
    return (
        record["contact_unverified"]
        or any(used and missing for used, missing in unknown)
        or any(places is not None and places.undecided(*place) for places in filters)
    )


def _cosine(record: asyncpg.Record) -> float:
    similarity: float | None = record["similarity"]
    return float("nan") if similarity is None else similarity


def _highest(businesses: IntArray, similarity: Float32Array, rows: IntArray) -> Float32Array:
    """The highest similarity among the records of each business in `rows` (ascending), NaN where none is known."""
    highest: FloatArray = np.full(len(rows), np.nan)
    np.fmax.at(highest, np.searchsorted(rows, businesses), similarity)
    return highest.astype(np.float32)
