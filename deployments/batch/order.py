"""What a run of a batch is told beside its manifest: who works, and who must not be contacted.

The list stays out of the folder of the results: it lies there only until the run has begun.
"""

import os
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field

from ranking.errors import ArtifactError

_ORDER = ".order.json"
_OWN = 0o600


class BatchOrder(BaseModel):
    """One run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompts: str = Field(description="the file of prompts")
    workers: int | None = Field(None, ge=1, description="actors; as many as there are cores when None")
    usd_per_cpu_hour: float = Field(ge=0.0, description="for the summary")
    suppressed: list[list[str | None]] = Field(description="tenant, kind, value of each entry")


def give_order(out: Path, order: BatchOrder) -> None:
    """Leave the order for the run that follows; nobody else may read it."""
    path = out / _ORDER
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN), "wb") as file:
        file.write(orjson.dumps(order.model_dump()))


def take_order(out: Path) -> BatchOrder:
    """The order, gone from the folder.

    Raises:
        ArtifactError: there is none.
    """
    path = out / _ORDER
    try:
        content = path.read_bytes()
    except FileNotFoundError as err:
        raise ArtifactError(str(out), "has no order; start the batch with `leads batch`") from err
    path.unlink()
    return BatchOrder.model_validate_json(content)
