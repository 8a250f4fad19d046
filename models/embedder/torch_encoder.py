"""The embedder on torch through sentence-transformers: the reference, and the one for GPUs."""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from models.embedder.encoder import DIMENSION, EmbedderConfig, model_folder, model_version
from ranking.errors import ArtifactError
from ranking.types import Float32Array


class TorchEncoder:
    """all-MiniLM-L6-v2 in float32 (float16 on CUDA)."""

    def __init__(self, config: EmbedderConfig) -> None:
        if config.device == "cuda" and not torch.cuda.is_available():
            raise ArtifactError("embedder", "device cuda is configured and torch sees none")
        torch.set_num_threads(config.threads)
        self.version = model_version()
        self._batch_size = config.batch_size
        self._model = SentenceTransformer(str(model_folder()), device=config.device, local_files_only=True)
        self._model.max_seq_length = config.max_tokens
        if config.device == "cuda":
            self._model.half()

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """float32[len(texts), 384], L2-normalised, in input order."""
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        with torch.inference_mode():
            vectors = self._model.encode(
                list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)
