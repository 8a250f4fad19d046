"""The ingress deployment: HTTP in front, the pipeline inside, coalesced calls to the leaves behind."""

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from redis.asyncio import Redis

from configs.schema import GraphArgs
from db.pool import open_pool
from db.snapshot import Snapshot, SnapshotStore
from db.snapshot.additions import parted
from deployments.access import Access
from deployments.allowance import Allowances
from deployments.caches.shelf import CacheShelf, cached_embedder
from deployments.catalogue import SnapshotCatalogue
from deployments.feedback import Feedback
from deployments.front import open_front
from deployments.generations import Generations
from deployments.handles import HandlePorts, Hop, handle_ports
from deployments.http import Wiring, build_app
from deployments.llm.desk import LlmDesk
from deployments.llm.scales import Scales
from deployments.long_lived import keep_all
from deployments.miner_routes import SupplierReports
from deployments.pulse import Pulse
from deployments.query_flow import QueryFlow
from deployments.query_log import QueryLog
from deployments.readiness import Readiness
from deployments.redis_client import open_redis
from deployments.replicas import Counts, ReplicaWatch, running_leaves
from deployments.reputation import Reputation
from deployments.rounds import Rounds
from deployments.scaling import WorkLoad
from deployments.shadow import Shadow
from deployments.shadow_log import ShadowLog
from deployments.submitter_routes import Submitters
from deployments.suppressing import SuppressionFeed
from deployments.telemetry import Telemetry
from deployments.wire.lines import Lines
from deployments.wire.places import replicas_meet
from models.llm.reading_prompt import READING_VERSION
from models.registry import ModelRegistry
from ranking.answer import RankedList
from ranking.config import RankingConfig
from ranking.errors import ArtifactError
from ranking.journey import RankRequest
from ranking.pipeline import Ports
from ranking.ports import Boosted
from ranking.prompt import PARSER_VERSION
from ranking.prompt.warming import warm_up
from ranking.taxonomy import load_taxonomy
from ranking.types import Float32Array, Generation

_POLL_S = 5.0
_FIRST_LOOK_S = 30.0
_VERSION_TIMEOUT_S = 10.0
_log = logging.getLogger(__name__)


class Ingress:
    """Plain class; `graph.py` makes the deployment. Leaves come in as handles."""

    def __init__(
        self,
        retrieval: Any,
        bm25: Any,
        gbdt: Any,
        embedder: Any,
        llm: Any,
        args: dict[str, Any],
        snapshots: str,
        registry: str,
        database_url: str,
        redis_url: str | None,
        has_llm: bool,
    ) -> None:
        self._args = GraphArgs.model_validate(args)
        self._database_url = database_url
        self._registry = ModelRegistry(Path(registry), Path(self._args.booster))
        self._has_llm = has_llm
        self._redis = open_redis(redis_url)
        self._leaves = {"booster": gbdt, "embedder": embedder}
        self._leaf_versions: dict[str, str] = {}
        self._load = WorkLoad()
        self._telemetry = Telemetry()
        self._taxonomy = load_taxonomy()
        warm_up(self._taxonomy)
        self._suppressed = SuppressionFeed(database_url)
        self._access = Access()
        self._submitters: Submitters | None = None
        self._catalogues = Generations(
            "ingress",
            SnapshotStore(Path(snapshots), taxonomy_version=self._taxonomy.version),
            lambda snapshot: SnapshotCatalogue.of(snapshot, self._taxonomy, lambda: self._suppressed.current),
            self._followed,
        )
        self._lines = Lines(replicas_meet()) if self._args.wire else None
        self._hops: HandlePorts = handle_ports(
            retrieval, bm25, gbdt, embedder, llm, self._args.hops, self._telemetry,
            coalesce=self._args.coalesce, plain=self._args.plain_handles, lines=self._lines,
        )  # fmt: skip
        self._to_shadow: Hop[Float32Array, Boosted] = Hop(
            "gbdt", gbdt, "shadow", plain=self._args.plain_handles, lines=self._lines
        )
        here = serve.get_replica_context()
        self._watch = ReplicaWatch(
            lambda: running_leaves(here.app_name, here.deployment), self._resize, self._look_after, _POLL_S
        )
        self._readiness = Readiness(
            lambda: self._pool,
            self._redis,
            lambda: self._catalogues.get(self._catalogues.settled).snapshot,
            lambda: self._watch.counts,
            self._versions,
            self._telemetry,
        )
        self._kept: Generation | None = None
        self._pulse = Pulse(self._report)
        self._flow: QueryFlow | None = None
        self._pool: asyncpg.Pool | None = None
        self._take(RankingConfig())

    def __serve_build_asgi_app__(self) -> FastAPI:
        """Called by Serve after the constructor, in the replica."""
        app = build_app(
            Wiring(
                flow=self._started_flow,
                readiness=self._readiness,
                versions=self._versions,
                telemetry=self._telemetry,
                lifespan=self._lifespan,
                answers_request_id=False,
                access=self._access,
                allowances=Allowances(time.monotonic, self._args.quality.rate),
                submitters=self._started_submitters,
                suppliers=SupplierReports(lambda: self._pool),
            )
        )
        open_front(app.front)
        return app

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks. All work is the event loop's, so the CPU of the process says how busy it is."""
        return self._load.stats()

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Take new ranking numbers without a restart."""
        self._take(RankingConfig.model_validate(user_config))

    def _take(self, config: RankingConfig) -> None:
        self._config = config
        self._config_version = hashlib.sha256(config.model_dump_json().encode()).hexdigest()[:12]
        if self._flow is not None:
            self._flow.config = config

    def _followed(self, catalogue: SnapshotCatalogue, snapshot: Snapshot) -> SnapshotCatalogue:
        """In the thread that follows the store."""
        followed = catalogue.followed(snapshot)
        for addition in snapshot.additions[len(catalogue.snapshot.additions) :]:
            self._telemetry.fresh(time.time(), addition.stored_at)
        return followed

    def _versions(self) -> dict[str, str]:
        return {
            **self._leaf_versions,
            "taxonomy": self._taxonomy.version,
            "config": self._config_version,
        }

    def _started_flow(self) -> QueryFlow:
        if self._flow is None:
            raise ArtifactError("ingress", "not started")
        return self._flow

    def _started_submitters(self) -> Submitters:
        if self._submitters is None:
            raise ArtifactError("ingress", "not started")
        return self._submitters

    @asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        args = self._args.ingress
        async with AsyncExitStack() as closing:
            self._pool = await open_pool(self._database_url, application_name="leads-ingress")
            closing.push_async_callback(self._pool.close)
            log = QueryLog(self._pool, args.log_queue, args.log_flush_s, self._telemetry)
            log.start()
            closing.push_async_callback(log.close)
            if self._lines is not None:
                await closing.enter_async_context(self._lines.followed())
            closing.push_async_callback(self._close_hops)
            closing.push_async_callback(asyncio.to_thread, self._suppressed.close)
            shelf = None
            if self._redis is not None:
                shelf = await closing.enter_async_context(self._made_shelf(self._redis))
            desk = None
            if self._has_llm:
                desk = await closing.enter_async_context(self._made_desk(self._pool, shelf))
            reputation = await self._followed_submitters(self._pool, log, closing)
            shadow = await self._started_shadow(self._pool, closing)
            self._flow = self._made_flow(log, desk, shelf, reputation, shadow)
            self._pulse.start()
            closing.callback(self._pulse.stop)
            await self._first_look()
            if self._lines is not None:
                await self._lines.look()
            self._keep_catalogue()
            watching = asyncio.get_running_loop().create_task(self._watch.follow())
            closing.callback(watching.cancel)
            yield

    async def _followed_submitters(
        self, pool: asyncpg.Pool, log: QueryLog, closing: AsyncExitStack
    ) -> Reputation:
        """Keys and standings, read now and then followed; a replica that cannot read them does not start."""
        args = self._args.quality
        reputation = Reputation(pool, args, self._telemetry)
        self._submitters = Submitters(Feedback(pool, log), reputation, args)
        await self._access.refresh(pool)
        await reputation.round()
        for name, work, every_s in (
            ("API keys", partial(self._access.refresh, pool), args.keys_every_s),
            ("standings", reputation.round, args.round_s),
        ):
            rounds = Rounds(name, work, every_s)
            rounds.start()
            closing.push_async_callback(rounds.close)
        return reputation

    async def _started_shadow(self, pool: asyncpg.Pool, closing: AsyncExitStack) -> Shadow:
        """Follows the registry; does nothing until a share is set there."""
        args = self._args.shadow
        rows = ShadowLog(pool, args.log_queue, args.log_flush_s)
        rows.start()
        closing.push_async_callback(rows.close)
        draw = random.Random().random  # noqa: S311 - which queries are shadowed is no secret
        shadow = Shadow(args, self._registry.in_force, self._to_shadow.send, rows, draw)
        shadow.start()
        closing.push_async_callback(shadow.close)
        looks = Rounds("registry", shadow.look, args.look_s)
        looks.start()
        closing.push_async_callback(looks.close)
        thinning = Rounds("shadow lists", partial(rows.thin, args.kept_days), args.thin_every_s)
        thinning.start()
        closing.push_async_callback(thinning.close)
        return shadow

    def _made_shelf(self, redis: Redis) -> CacheShelf:
        return CacheShelf(
            redis, self._args.caches, self._telemetry, lambda: self._suppressed.current,
            lambda: self._catalogues.get(self._catalogues.settled).snapshot,
        )  # fmt: skip

    def _made_desk(self, pool: asyncpg.Pool, shelf: CacheShelf | None) -> LlmDesk:
        return LlmDesk(
            self._args.llm, self._hops.judge, pool, shelf.scores() if shelf else None,
            lambda hits, misses: self._telemetry.looked_up("llm_memory", hits, misses),
            Scales(self._registry).of,
        )  # fmt: skip

    def _made_flow(
        self,
        log: QueryLog,
        desk: LlmDesk | None,
        shelf: CacheShelf | None,
        reputation: Reputation,
        shadow: Shadow,
    ) -> QueryFlow:
        hops = self._hops
        embedder = cached_embedder(
            hops, lambda: self._leaf_versions.get("embedder"), self._args.caches, shelf, self._telemetry
        )
        versions = f"{READING_VERSION}/{PARSER_VERSION}/{self._taxonomy.version}"
        reader = f"{self._args.llm.calls.model}/{versions}"
        parses = shelf.parses(reader) if shelf else None
        parsing = desk.parsing(hops.read, self._taxonomy, parses) if desk else None
        flow = QueryFlow(
            ports=Ports(hops, hops, hops, embedder, self._catalogues.get, desk.adviser if desk else None),
            taxonomy=self._taxonomy,
            generation=lambda: self._catalogues.settled,
            versions=self._versions,
            log=log,
            telemetry=self._telemetry,
            parse_cache=self._args.ingress.parse_cache,
            max_in_flight=self._args.ingress.max_in_flight,
            parsing=parsing,
            unsure_below=self._args.llm.parsing.unsure_below,
            lag_s=self._pulse.lag_s,
            answered=lambda request, ranked: self._keep_values(shelf, request, ranked),
            reputation=reputation,
            surveyed=shadow.offer,
        )
        flow.config = self._config
        return flow

    def _keep_values(self, shelf: CacheShelf | None, request: RankRequest, ranked: RankedList) -> None:
        """Values of the served formulas alone: a request's own weights make others."""
        if shelf is not None and request.fit is self._config.fit.weights:
            version = f"{self._config_version}/{ranked.booster or self._leaf_versions.get('booster', '')}"
            shelf.values.put(request, ranked, version, time.time())

    async def _first_look(self) -> None:
        """Wait a while for the other nodes, which start beside this one; one that stays away only degrades."""
        try:
            async with asyncio.timeout(_FIRST_LOOK_S):
                await self._watch.until_complete()
        except TimeoutError:
            _log.warning("the ingress starts before its leaves")

    def _resize(self, counts: Counts) -> None:
        if self._args.coalesce:
            self._hops.resize(counts, self._args.hops)

    def _report(self) -> None:
        self._telemetry.loop_lag(self._pulse.lag_s())
        if self._flow is not None:
            self._flow.gate.report()
        self._telemetry.flush()

    def _keep_catalogue(self) -> None:
        """A catalogue is fifty thousand objects; once per snapshot, as looking through all of them stops the loop."""
        settled, _ = parted(self._catalogues.settled)
        if self._kept != settled:
            self._kept = settled
            keep_all()

    async def _look_after(self) -> None:
        self._readiness.note_age()
        self._keep_catalogue()
        await asyncio.gather(*map(self._ask_version, self._leaves))

    async def _ask_version(self, artefact: str) -> None:
        try:
            async with asyncio.timeout(_VERSION_TIMEOUT_S):
                self._leaf_versions[artefact] = await self._leaves[artefact].version.remote()
        except (TimeoutError, RayError, RayServeException) as err:
            _log.warning("the version of the %s is not known (%s)", artefact, type(err).__name__)

    async def _close_hops(self) -> None:
        await asyncio.gather(*(hop.close() for hop in self._hops.coalescers()))
        await asyncio.to_thread(self._catalogues.close)
        if self._redis is not None:
            await self._redis.aclose()
