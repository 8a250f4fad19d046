"""Our own pipeline in plain uvicorn, a process per core: what the graph would cost without Ray Serve in between.

The same application (`deployments.http`), logging and metrics as behind Serve; the leaves are called in the process, so a
worker answers one query at a time. Nothing can be scaled, replaced or killed by itself here: an upper bound, not an alternative.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from bench.peers.hosting import say_ready
from configs.schema import GraphArgs
from db.pool import open_pool
from deployments.http import Wiring, build_app
from deployments.inprocess import open_in_process
from deployments.query_flow import QueryFlow
from deployments.query_log import QueryLog
from deployments.telemetry import Telemetry
from models.booster import BoosterModel
from models.embedder import open_encoder
from ranking.config import RankingConfig
from ranking.taxonomy import load_taxonomy


def app() -> FastAPI:
    """The application of one worker; DATABASE_URL and PEER_DATA say where."""
    args, taxonomy, telemetry = GraphArgs(), load_taxonomy(), Telemetry()
    encoder = open_encoder(args.embedder)
    encoder.encode(["warm up"])
    booster = BoosterModel(Path(args.booster))
    system = open_in_process(
        Path(os.environ["PEER_DATA"]) / "snapshots", taxonomy, RankingConfig(), booster, encoder
    )
    versions: Mapping[str, str] = {"booster": booster.version, "taxonomy": taxonomy.version}
    held: dict[str, QueryFlow] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with await open_pool(os.environ["DATABASE_URL"], application_name="peer-plain") as pool:
            log = QueryLog(pool, args.ingress.log_queue, args.ingress.log_flush_s, telemetry)
            log.start()
            held["flow"] = QueryFlow(
                ports=system.ports(), taxonomy=taxonomy, generation=lambda: system.snapshot.generation,
                versions=lambda: versions, log=log, telemetry=telemetry, parse_cache=args.ingress.parse_cache,
                max_in_flight=args.ingress.max_in_flight,
            )  # fmt: skip
            say_ready()
            yield
            await log.close()

    return build_app(Wiring(lambda: held["flow"], _ready, lambda: dict(versions), telemetry, lifespan))


async def _ready() -> dict[str, Any]:
    return {"status": "ready"}
