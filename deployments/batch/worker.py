"""What Ray Data makes actors of."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from db.suppressions import Suppression
from deployments.batch.columns import REPORT
from deployments.batch.manifest import BatchManifest
from deployments.batch.rows import unpacked
from deployments.batch.scoring import PartScorer
from ranking.errors import ArtifactError


class BatchWorker:
    """One actor of the pool: takes a table of parts (`part` int64, `rows` binary), answers one of `columns.REPORT`."""

    def __init__(self, out: str, manifest: dict[str, Any], suppressed: list[list[str | None]]) -> None:
        entries = tuple(Suppression(*each) for each in suppressed)  # type: ignore[arg-type] # JSON made them lists
        self._refused: ArtifactError | None = None
        try:
            self._scorer = PartScorer(Path(out), BatchManifest.model_validate(manifest), entries)
        except ArtifactError as err:  # raised here, Ray 2.60 would try again, and print a page each time
            self._refused = err

    def __call__(self, parts: pa.Table) -> pa.Table:
        """Answer these parts.

        Raises:
            ArtifactError: the snapshot or the booster is not what the batch began with.
        """
        if self._refused is not None:
            raise self._refused
        reports = [
            self._scorer.score(part, unpacked(rows))
            for part, rows in zip(parts["part"].to_pylist(), parts["rows"].to_pylist(), strict=True)
        ]
        return pa.Table.from_pylist(reports, schema=REPORT)
