"""Export of the sentence encoder's transformer to an ONNX graph.

`optimum` pins an older transformers and breaks sentence-transformers, so torch exports by itself.
"""

import os
import tempfile
import warnings
from pathlib import Path

import torch
from transformers import AutoModel

from models.embedder.encoder import model_folder

_OPSET = 17


class _TokenStates(torch.nn.Module):
    """The encoder with two inputs and the token states as its only output."""

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        self._encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self._encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        return states


def export_graph(path: Path) -> Path:
    """Write the graph to `path` with dynamic batch and length; atomic, so that two processes may race."""
    encoder = AutoModel.from_pretrained(
        str(model_folder()), attn_implementation="eager", local_files_only=True
    ).eval()
    example = torch.ones((2, 8), dtype=torch.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".onnx")
    os.close(handle)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter announces its successor on each call
        torch.onnx.export(
            _TokenStates(encoder),
            (example, example),
            temporary,
            input_names=["input_ids", "attention_mask"],
            output_names=["token_states"],
            dynamic_axes={
                name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask", "token_states")
            },
            opset_version=_OPSET,
            dynamo=False,
        )
    Path(temporary).replace(path)
    return path
