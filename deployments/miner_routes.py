"""`GET /miners/...`: what was judged of suppliers, and what they earn (F-8, F-9)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
from fastapi import FastAPI
from starlette.responses import Response

from db.pool import UNREACHABLE
from db.suppliers import emission_report, supplier_quality
from deployments.envelope import dumps
from ranking.errors import NotFound, Unavailable

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class SupplierReports:
    """What the routes tell, out of the database of `pool`, which is there once the app has started."""

    pool: Callable[[], asyncpg.Pool | None] = lambda: None

    async def emissions(self) -> dict[str, Any]:
        """The newest report.

        Raises:
            Unavailable: Postgres does not answer.
        """
        return await _answered(emission_report(self._opened()))

    async def quality(self, miner_id: str) -> dict[str, Any]:
        """What is held for and against one supplier.

        Raises:
            NotFound: nobody has this id.
            Unavailable: Postgres does not answer.
        """
        told = None if "\0" in miner_id else await _answered(supplier_quality(self._opened(), miner_id))
        if told is None:
            raise NotFound("the miner")
        return told

    def _opened(self) -> asyncpg.Pool:
        pool = self.pool()
        if pool is None:
            raise Unavailable("postgres", "not connected yet")
        return pool


async def _answered(reading: Awaitable[Told]) -> Told:
    try:
        return await reading
    except UNREACHABLE as err:
        raise Unavailable("postgres", type(err).__name__) from err


def add_miner_routes(app: FastAPI, reports: SupplierReports) -> None:
    """Add the two routes."""

    @app.get("/miners/emissions", summary="How emissions are shared, with what explains each share")
    async def emissions() -> Response:
        return Response(dumps(await reports.emissions()), media_type="application/json")

    # An id may hold a slash: then it is a path of its own.
    @app.get(
        "/miners/{miner_id:path}/quality",
        summary="A miner's quality factor, the counts behind it, and its snippets that do not count",
    )
    async def quality(miner_id: str) -> Response:
        return Response(dumps(await reports.quality(miner_id)), media_type="application/json")
