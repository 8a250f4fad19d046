"""Text to unit vectors with all-MiniLM-L6-v2, on torch or on ONNX Runtime."""

from models.embedder.backends import open_encoder
from models.embedder.encoder import EmbedderConfig, Encoder

__all__ = ["EmbedderConfig", "Encoder", "open_encoder"]
