"""The embedder on ONNX Runtime: a third of torch's CPU time for one short text, and no torch in the process."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Encoding, Tokenizer

from models.embedder.encoder import DIMENSION, EmbedderConfig, by_length, model_folder, model_version
from ranking.errors import ArtifactError
from ranking.types import Float32Array

_PROVIDERS = {"cpu": ["CPUExecutionProvider"], "cuda": ["CUDAExecutionProvider"]}


class OnnxEncoder:
    """all-MiniLM-L6-v2's token states from an exported graph, mean-pooled and normalised in numpy."""

    def __init__(self, config: EmbedderConfig) -> None:
        self.version = model_version()
        self._batch_size = config.batch_size
        self._tokeniser = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        self._tokeniser.enable_truncation(config.max_tokens)
        self._tokeniser.no_padding()
        self._session = ort.InferenceSession(
            str(_graph(config)), _session_options(config.threads), providers=_providers(config.device)
        )

    def encode(self, texts: Sequence[str]) -> Float32Array:
        """float32[len(texts), 384], L2-normalised, in input order."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        encodings = self._tokeniser.encode_batch(list(texts))
        for positions in by_length([len(encoding.ids) for encoding in encodings], self._batch_size):
            vectors[positions] = self._forward([encodings[i] for i in positions])
        return vectors

    def _forward(self, encodings: list[Encoding]) -> Float32Array:
        width = max(len(encoding.ids) for encoding in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return mean_pool(states, mask)


def mean_pool(states: Float32Array, mask: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Float32Array:
    """Mean of the unmasked token states, scaled to length 1.

    Args:
        states: float32[n, tokens, 384]; mask: int64[n, tokens].
    """
    weights = mask[:, :, None].astype(np.float32)
    means = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
    norms = np.linalg.norm(means, axis=1, keepdims=True)
    return np.asarray(means / np.maximum(norms, 1e-12), dtype=np.float32)


def default_graph_path() -> Path:
    """Where an exported graph is kept between runs: the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "leadpoet" / f"{model_version().replace('@', '-')}.onnx"


def _graph(config: EmbedderConfig) -> Path:
    path = Path(config.onnx_path) if config.onnx_path else default_graph_path()
    if not path.is_file():
        from models.embedder.export import export_graph  # noqa: PLC0415 - needs torch, only the first time

        export_graph(path)
    return path


def _session_options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(device: str) -> list[str]:
    wanted = _PROVIDERS[device]
    if wanted[0] not in ort.get_available_providers():
        raise ArtifactError("embedder", f"{wanted[0]} is not in this onnxruntime; use backend torch on a GPU")
    return wanted
