"""The embedder's backend by configuration: ONNX Runtime, or sentence-transformers on torch."""

from models.embedder.encoder import EmbedderConfig, Encoder


def open_encoder(config: EmbedderConfig) -> Encoder:
    """Load the configured backend. Imports are here because torch alone costs seconds and 200 MiB.

    Raises:
        ArtifactError: weights or graph cannot be used, or CUDA was asked for and is not there.
    """
    if config.backend == "torch":
        from models.embedder.torch_encoder import TorchEncoder  # noqa: PLC0415

        return TorchEncoder(config)
    from models.embedder.onnx_encoder import OnnxEncoder  # noqa: PLC0415

    return OnnxEncoder(config)
