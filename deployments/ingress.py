"""The ingress deployment: HTTP in front, the pipeline inside, coalesced calls to the leaves behind."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI

from configs.schema import GraphArgs
from db.pool import open_pool
from db.snapshot import SnapshotStore
from deployments.catalogue import SnapshotCatalogue
from deployments.generations import Generations
from deployments.handles import HandlePorts, handle_ports
from deployments.http import Wiring, build_app
from deployments.query_flow import QueryFlow
from deployments.query_log import QueryLog
from deployments.telemetry import Telemetry
from ranking.config import RankingConfig
from ranking.errors import ArtifactError, Unavailable
from ranking.pipeline import Ports
from ranking.taxonomy import load_taxonomy

_REPLICA_POLL_S = 2.0
_READY_TIMEOUT_S = 2.0


class Ingress:
    """Plain class; `graph.py` makes the deployment. Leaves come in as handles."""

    def __init__(
        self,
        retrieval: Any,
        bm25: Any,
        gbdt: Any,
        embedder: Any,
        args: dict[str, Any],
        snapshots: str,
        database_url: str,
    ) -> None:
        self._args = GraphArgs.model_validate(args)
        self._database_url = database_url
        self._leaves = {"gbdt": gbdt, "embedder": embedder}
        self._versions: dict[str, str] = {}
        self._telemetry = Telemetry()
        self._taxonomy = load_taxonomy()
        self._catalogues = Generations(
            "ingress",
            SnapshotStore(Path(snapshots), taxonomy_version=self._taxonomy.version),
            lambda snapshot: SnapshotCatalogue.of(snapshot, self._taxonomy),
        )
        self._hops: HandlePorts = handle_ports(
            retrieval, bm25, gbdt, embedder, self._args.hops, self._telemetry, coalesce=self._args.coalesce
        )
        self._flow: QueryFlow | None = None
        self._pool: asyncpg.Pool | None = None
        self._config = RankingConfig()

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve after the constructor, in the replica."""
        return build_app(
            Wiring(
                flow=self._started_flow,
                readiness=self._readiness,
                versions=lambda: self._versions,
                telemetry=self._telemetry,
                lifespan=self._lifespan,
                answers_request_id=False,
            )
        )

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Take new ranking numbers without a restart."""
        self._config = RankingConfig.model_validate(user_config)
        if self._flow is not None:
            self._flow.config = self._config

    def _started_flow(self) -> QueryFlow:
        if self._flow is None:
            raise ArtifactError("ingress", "not started")
        return self._flow

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        args = self._args.ingress
        self._pool = await open_pool(self._database_url, application_name="leads-ingress")
        log = QueryLog(self._pool, args.log_queue, args.log_flush_s, self._telemetry)
        log.start()
        hops = self._hops
        self._flow = QueryFlow(
            ports=Ports(hops, hops, hops, hops, self._catalogues.get),
            taxonomy=self._taxonomy,
            generation=lambda: self._catalogues.newest,
            versions=lambda: self._versions,
            log=log,
            telemetry=self._telemetry,
            parse_cache=args.parse_cache,
            max_in_flight=args.max_in_flight,
        )
        self._flow.config = self._config
        self._versions = await self._leaf_versions()
        yield
        await log.close()
        await self._pool.close()

    async def _leaf_versions(self) -> dict[str, str]:
        names = list(self._leaves)
        found = await asyncio.gather(*(self._leaves[name].version.remote() for name in names))
        versions = dict(zip(("booster", "embedder"), found, strict=True))
        return {**versions, "taxonomy": self._taxonomy.version, "config": _digest(self._config)}

    async def _readiness(self) -> dict[str, Any]:
        """Each dependency with what it serves; `ready` when all that queries cannot do without are there."""
        postgres = await self._postgres_state()
        generation = self._catalogues.newest
        snapshot = self._catalogues.get(generation).snapshot
        age_s = time.time() - snapshot.manifest.created_at
        self._telemetry.snapshot_age(age_s)
        dependencies = {
            "postgres": postgres,
            "snapshot": {"status": "ready", "generation": generation, "age_s": round(age_s, 1)},
        }
        return {
            "status": "ready",
            "generation": generation,
            "dependencies": dependencies,
            "versions": self._versions,
        }

    async def _postgres_state(self) -> dict[str, str]:
        """Postgres down degrades logging and explanations; ranking reads the snapshot and goes on."""
        try:
            if self._pool is None:
                raise Unavailable("postgres", "not connected")
            await self._pool.fetchval("SELECT 1", timeout=_READY_TIMEOUT_S)
        except (Unavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as err:
            return {"status": "unavailable", "reason": type(err).__name__}
        return {"status": "ready"}


def _digest(config: RankingConfig) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:12]
