"""The compute leaves of the graph as plain classes; `deployments.served` is what `graph.py` makes deployments of.

Each list method answers one outcome per item, in order: a value, or a `LeadError`. `remaining_ms` is what each item has left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from db.snapshot import Snapshot, SnapshotStore
from db.snapshot.engine import SnapshotRetrieval
from db.suppressions import Suppression
from deployments.boosters import Boosters
from deployments.evidence_index import EvidenceIndex
from deployments.generations import Generations
from deployments.leaf import WorkThread
from deployments.suppressing import SuppressionFeed
from deployments.telemetry import Telemetry
from models.booster import BoosterModel
from models.embedder import EmbedderConfig, open_encoder
from models.registry import ModelRegistry
from ranking.config import RankingConfig
from ranking.errors import LeadError, Unavailable
from ranking.evidence import gather, warm_up
from ranking.ports import Boosted, EvidenceRequest, RetrievalRequest
from ranking.taxonomy import load_taxonomy
from ranking.types import Candidates, Float32Array, Generation, PoolEvidence


class RetrievalNode:
    """F-2, F-2b and the levels of F-3 on the snapshot's columns."""

    def __init__(self, snapshots: str, database_url: str) -> None:
        taxonomy = load_taxonomy()
        self._work = WorkThread("retrieval")
        self._telemetry = Telemetry()
        self._suppressed = SuppressionFeed(database_url)
        self._applied: WeakKeyDictionary[SnapshotRetrieval, tuple[Suppression, ...]] = WeakKeyDictionary()
        self._engines = Generations(
            "retrieval",
            SnapshotStore(Path(snapshots), taxonomy_version=taxonomy.version),
            lambda snapshot: HeldRetrieval(snapshot.generation, SnapshotRetrieval(snapshot, taxonomy)),
            HeldRetrieval.followed,
        )

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks."""
        return self._work.stats()

    async def retrieve(
        self, items: Sequence[RetrievalRequest], remaining_ms: Sequence[float]
    ) -> list[Candidates | LeadError]:
        """Admitted companies of each request."""
        with self._telemetry.node("retrieval", len(items)):
            return await self._work.each(items, remaining_ms, self._retrieve)

    def _retrieve(self, item: RetrievalRequest) -> Candidates:
        """In the work thread, so that the do-not-contact list of an engine changes between queries only."""
        held = self._engines.get(item.generation)
        engine = held.engine
        current = self._suppressed.current
        if self._applied.get(engine) is not current:
            engine.suppress(current)
            self._applied[engine] = current
        return replace(engine.retrieve(replace(item, generation=None)), generation=held.generation)


@dataclass(frozen=True, slots=True, eq=False)
class HeldRetrieval:
    """Retrieval on a generation; one engine serves all that differ in snippets only, and keeps its sets."""

    generation: Generation
    engine: SnapshotRetrieval
    additions: int = 0

    def followed(self, snapshot: Snapshot) -> "HeldRetrieval":
        """The same on more additions."""
        more = snapshot.additions[self.additions :]
        changed = any(addition.new is not None or len(addition.gone_companies) for addition in more)
        engine = self.engine.followed(snapshot) if changed else self.engine
        return HeldRetrieval(snapshot.generation, engine, len(snapshot.additions))


class Bm25Node:
    """F-4's trim, F-5's lexical part and F-6 on the lexical index."""

    def __init__(self, snapshots: str) -> None:
        warm_up()
        self._work = WorkThread("bm25")
        self._telemetry = Telemetry()
        self._config = RankingConfig().intent
        self._indexes = Generations(
            "bm25",
            SnapshotStore(Path(snapshots), taxonomy_version=load_taxonomy().version),
            EvidenceIndex.of,
            EvidenceIndex.followed,
        )

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks."""
        return self._work.stats()

    def reconfigure(self, user_config: dict[str, object]) -> None:
        """Take new ranking numbers without a restart."""
        self._config = RankingConfig.model_validate(user_config).intent

    async def gather(
        self, items: Sequence[EvidenceRequest], remaining_ms: Sequence[float]
    ) -> list[PoolEvidence | LeadError]:
        """The pool's evidence of each request."""
        with self._telemetry.node("bm25", len(items)):
            return await self._work.each(items, remaining_ms, self._gather)

    def _gather(self, item: EvidenceRequest) -> PoolEvidence:
        held = self._indexes.get(item.generation)
        return gather(item, held.index, held.tables, self._config)


class GbdtNode:
    """F-10's booster: all tables of one call are scored by one prediction, so by one version."""

    def __init__(self, registry: str, fallback: str) -> None:
        self._work = WorkThread("gbdt")
        self._shadow_work = WorkThread("gbdt-shadow")
        self._telemetry = Telemetry()
        self._boosters = Boosters(ModelRegistry(Path(registry), Path(fallback)))

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks."""
        return self._work.stats()

    async def version(self) -> str:
        """The version that serves."""
        return self._boosters.held.serving.version

    async def score(
        self, items: Sequence[Float32Array], remaining_ms: Sequence[float]
    ) -> list[Boosted | LeadError]:
        """Base intent in [0, 100] for the rows of each feature table."""
        del remaining_ms  # one prediction for all: there is nothing to leave out half way
        with self._telemetry.node("gbdt", len(items)):
            return await self._work.together(
                items, lambda tables: _boosted(self._boosters.held.serving, tables)
            )

    async def shadow(
        self, items: Sequence[Float32Array], remaining_ms: Sequence[float]
    ) -> list[Boosted | LeadError]:
        """The same from the version in the shadow, in a thread of its own: no answer waits behind it."""
        del remaining_ms
        return await self._shadow_work.together(items, self._shadowed)

    def _shadowed(self, items: Sequence[Float32Array]) -> list[Boosted]:
        model = self._boosters.held.shadow
        if model is None:
            raise Unavailable("gbdt", "no version is in the shadow here")
        return _boosted(model, items)


def _boosted(model: BoosterModel, tables: Sequence[Float32Array]) -> list[Boosted]:
    scores = model.score(np.concatenate(tables))
    parts = np.split(scores, np.cumsum([len(table) for table in tables])[:-1])
    return [Boosted(model.version, part) for part in parts]


class EmbedderNode:
    """F-2b's sentence vectors: all texts of one call in batches of similar length."""

    def __init__(self, config: dict[str, object]) -> None:
        embedder = EmbedderConfig.model_validate(config)
        self._work = WorkThread("embedder", embedder.threads)
        self._telemetry = Telemetry()
        self._encoder = open_encoder(embedder)
        self._encoder.encode(["warm up"])

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """For `deployments.scaling`; Serve asks."""
        return self._work.stats()

    async def version(self) -> str:
        """Version of the loaded weights."""
        return self._encoder.version

    async def embed(
        self, items: Sequence[str], remaining_ms: Sequence[float]
    ) -> list[Float32Array | LeadError]:
        """One unit vector float32[384] per text."""
        del remaining_ms
        with self._telemetry.node("embedder", len(items)):
            return await self._work.together(items, lambda texts: list(self._encoder.encode(texts)))
