"""The pipeline's ports in one process, without Ray: for training, evaluation, batch jobs and tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.snapshot import Snapshot, open_snapshot
from db.snapshot.engine import SnapshotRetrieval
from db.suppressions import Suppression
from deployments.catalogue import SnapshotCatalogue
from deployments.evidence_index import open_evidence
from models.booster import BoosterModel
from models.embedder import Encoder
from models.lexical import LexicalIndex
from ranking.config import RankingConfig
from ranking.deadline import Deadline
from ranking.errors import Unavailable
from ranking.evidence import gather
from ranking.evidence_tables import EvidenceTables
from ranking.pipeline import Ports
from ranking.ports import Boosted, EvidenceRequest, RetrievalRequest
from ranking.taxonomy import Taxonomy
from ranking.types import Candidates, Float32Array, Generation, PoolEvidence


@dataclass(frozen=True, slots=True)
class InProcess:
    """One snapshot generation with everything that ranks on it; a missing booster or encoder degrades as a dead leaf would."""

    snapshot: Snapshot
    retrieval: SnapshotRetrieval
    index: LexicalIndex
    tables: EvidenceTables
    catalogue: SnapshotCatalogue
    config: RankingConfig
    booster: BoosterModel | None = None
    encoder: Encoder | None = None

    def ports(self) -> Ports:
        """The pipeline's view."""
        return Ports(self, self, self, self, self._catalogue)

    def _catalogue(self, _generation: Generation) -> SnapshotCatalogue:
        return self.catalogue

    async def retrieve(self, request: RetrievalRequest, deadline: Deadline) -> Candidates:
        """See `ranking.ports.Retrieval`."""
        deadline.require("retrieval")
        return self.retrieval.retrieve(request)

    async def gather(self, request: EvidenceRequest, deadline: Deadline) -> PoolEvidence:
        """See `ranking.ports.Evidence`."""
        deadline.require("bm25")
        return gather(request, self.index, self.tables, self.config.intent)

    async def score(self, features: Float32Array, deadline: Deadline) -> Boosted:
        """See `ranking.ports.Booster`."""
        deadline.require("gbdt")
        if self.booster is None:
            raise Unavailable("gbdt", "no booster is loaded")
        return Boosted(self.booster.version, self.booster.score(features))

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Float32Array:
        """See `ranking.ports.Embedder`."""
        deadline.require("embedder")
        if self.encoder is None:
            raise Unavailable("embedder", "no encoder is loaded")
        return self.encoder.encode(texts)


def open_in_process(
    root: Path,
    taxonomy: Taxonomy,
    config: RankingConfig,
    booster: BoosterModel | None = None,
    encoder: Encoder | None = None,
    *,
    generation: Generation | None = None,
    suppressed: tuple[Suppression, ...] = (),
    verify: bool = True,
) -> InProcess:
    """Open a generation under `root`, the current one by default; `suppressed` must not be contacted."""
    snapshot = open_snapshot(root, generation, taxonomy_version=taxonomy.version, verify=verify)
    index, tables = open_evidence(snapshot)
    catalogue = SnapshotCatalogue.of(snapshot, taxonomy, lambda: suppressed)
    retrieval = SnapshotRetrieval(snapshot, taxonomy, suppressed)
    return InProcess(snapshot, retrieval, index, tables, catalogue, config, booster, encoder)
