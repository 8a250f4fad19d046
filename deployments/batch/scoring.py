"""One worker of a batch: opens the snapshot once and answers prompts as the ingress would, without Ray."""

import asyncio
import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from db.suppressions import Suppression
from deployments.batch.manifest import BatchManifest
from deployments.batch.parts import Account, name_of, open_part
from deployments.batch.remarks import Remark, refused, remark_on
from deployments.batch.rows import PromptRow, body_of
from deployments.inprocess import InProcess, open_in_process
from deployments.rank_request import rank_request
from models.booster import BoosterModel
from models.embedder import EmbedderConfig, Encoder, open_encoder
from ranking.answer import RankedList
from ranking.deadline import Deadline
from ranking.errors import ArtifactError, InvalidQuery, LeadError
from ranking.journey import RankRequest
from ranking.pipeline import rank_leads
from ranking.prompt import parse
from ranking.taxonomy import load_taxonomy
from ranking.types import Float32Array, Generation, Query

_DEADLINE_MS = 600_000.0
"""Nobody waits: only what would never end is given up."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One prompt's row of `columns.PROMPTS` and its leads."""

    row: dict[str, Any]
    leads: list[dict[str, Any]]


class LateEncoder:
    """The sentence model, opened for the first exemplar that no stored company answers to: most batches have none.

    Raises:
        ArtifactError: at the first text, when the model is another than the batch began with.
    """

    def __init__(self, config: EmbedderConfig, version: str) -> None:
        self._config = config
        self.version = version

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """See `models.embedder.Encoder`."""
        return self._encoder.encode(texts)

    @cached_property
    def _encoder(self) -> Encoder:
        opened = open_encoder(self._config)
        if opened.version != self.version:
            raise ArtifactError("embedder", f"is {opened.version}, the batch began with {self.version}")
        return opened


class PartScorer:
    """Answers parts of a batch and writes them.

    Raises:
        ArtifactError: at construction, when the snapshot or the booster is not what the manifest names.
    """

    def __init__(self, out: Path, manifest: BatchManifest, suppressed: tuple[Suppression, ...]) -> None:
        self._out = out
        self._manifest = manifest
        self._as_of = manifest.as_of.isoformat()
        self._taxonomy = load_taxonomy()
        booster = BoosterModel(Path(manifest.booster))
        if booster.version != manifest.versions.booster:
            raise ArtifactError(
                "booster", f"is {booster.version}, the batch began with {manifest.versions.booster}"
            )
        self._system: InProcess = open_in_process(
            Path(manifest.snapshots), self._taxonomy, manifest.config, booster,
            LateEncoder(manifest.embedder, manifest.versions.embedder),
            generation=Generation(manifest.versions.snapshot), suppressed=suppressed, verify=False,
        )  # fmt: skip
        self._ports = self._system.ports()
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """Leave the event loop."""
        self._loop.close()

    def score(self, part: int, rows: Sequence[PromptRow]) -> dict[str, Any]:
        """Answer the rows of a part and put its files in place; returns a row of `columns.REPORT`.

        Raises:
            ArtifactError: the part cannot be written, such as where the disk is full.
        """
        try:
            account = self._written(part, rows)
        except OSError as err:
            raise ArtifactError(str(self._out / name_of(part)), str(err)) from err
        return {**account._asdict(), "peak_rss_mib": _peak_rss_mib(), "pid": os.getpid()}

    def _written(self, part: int, rows: Sequence[PromptRow]) -> Account:
        started_s = time.process_time()
        remarks = 0
        prompts, leads = open_part(self._out, part)
        with prompts, leads:
            for row in rows:
                answered = self.answer(row)
                prompts.add([answered.row])
                leads.add(answered.leads)
                remarks += answered.row["code"] is not None
            account = Account(part, prompts.rows, leads.rows, remarks, time.process_time() - started_s)
            prompts.publish()
            leads.publish(account)
        return account

    def answer(self, row: PromptRow) -> Answered:
        """What becomes of one row; whatever is wrong with it is said in its row and stops nothing."""
        started_s = time.process_time()
        if row.fault is not None:
            return _nothing(row, Remark("unreadable", row.fault))
        try:
            request, ranked = self._ranked(row)
        except InvalidQuery as err:
            return _nothing(row, refused(err))
        except LeadError as err:
            return _nothing(row, Remark("internal", f"{type(err).__name__}: {err}"))
        except Exception as err:  # noqa: BLE001 - a fault of ours on one prompt must not cost the others hours; it is told and fails the job
            return _nothing(row, Remark("internal", f"{type(err).__name__}: {err}"))
        remark = remark_on(row, request.query, ranked, self._taxonomy)
        cpu_ms = (time.process_time() - started_s) * 1000.0
        return Answered(
            _prompt_row(row, request, ranked, remark, cpu_ms),
            [{"prompt_id": row.prompt_id, **lead} for lead in ranked.leads],
        )

    def _ranked(self, row: PromptRow) -> tuple[RankRequest, RankedList]:
        manifest = self._manifest
        body = body_of(row, self._as_of, manifest.limit)
        query: Query = parse(body.query, self._taxonomy)
        request = rank_request(
            body, query, self._taxonomy, manifest.config, manifest.as_of,
            generation=Generation(manifest.versions.snapshot),
        )  # fmt: skip
        deadline = Deadline.after_ms(_DEADLINE_MS, time.monotonic)
        ranked = self._loop.run_until_complete(rank_leads(request, self._ports, manifest.config, deadline))
        return request, ranked


def _prompt_row(
    row: PromptRow, request: RankRequest, ranked: RankedList, remark: Remark | None, cpu_ms: float
) -> dict[str, Any]:
    query = request.query
    return {
        "prompt_id": row.prompt_id, "row": row.row, "prompt": row.prompt, "code": remark and remark.code,
        "detail": remark and remark.detail, "leads": len(ranked.leads), "limit": request.limit, "pool": ranked.pool,
        "available": ranked.available, "shortfall": ranked.shortfall and ranked.shortfall.reason,
        "language": query.language, "parse_confidence": query.confidence, "category": query.product.category,
        "concepts": query.product.concepts, "degradations": [f"{each.stage}: {each.reason}" for each in ranked.degradations],
        "unresolved_exemplars": ranked.unresolved_exemplars, "cpu_ms": cpu_ms,
    }  # fmt: skip


def _nothing(row: PromptRow, remark: Remark) -> Answered:
    found = {"prompt_id": row.prompt_id, "row": row.row, "prompt": row.prompt, "code": remark.code}
    return Answered({**found, "detail": remark.detail, "leads": 0}, [])


def _peak_rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
