"""The vectors of the comparison: passages through the service's embedder, kept in a file so that they are made once."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from models.embedder import EmbedderConfig, open_encoder
from ranking.types import Float32Array

CACHE = Path(".data") / "bench" / "ann"
_BATCH = 1024

Encode = Callable[[Sequence[str]], Float32Array]


class Source(NamedTuple):
    """Vectors float32[n, 384] of length 1, and where they come from as the record says it."""

    vectors: Float32Array
    origin: dict[str, object]


def embedded(texts: Sequence[str], cache: Path, encode: Encode | None = None) -> Source:
    """Vectors of the texts; those already in the cache folder are read, and an interrupted run goes on where it stopped.

    Args:
        encode: list of n texts -> float32[n, 384]; the service's embedder on one thread when None.
    """
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    folder = cache / digest[:12]
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "vectors.npy"
    if not whole.is_file():
        encode = encode or open_encoder(EmbedderConfig(threads=1)).encode
        parts = [
            _part(folder, start, texts[start : start + _BATCH], encode)
            for start in range(0, len(texts), _BATCH)
        ]
        np.save(folder / "partial.npy", np.concatenate([np.load(part) for part in parts]))
        (folder / "partial.npy").replace(whole)
        for part in parts:
            part.unlink()
    length = sum(map(len, texts)) / max(len(texts), 1)
    origin = {"texts": len(texts), "mean_characters": round(length), "texts_sha256": digest}
    (folder / "origin.json").write_text(json.dumps(origin, indent=1), "utf-8")
    return Source(np.load(whole), origin)


def _part(folder: Path, start: int, texts: Sequence[str], encode: Encode) -> Path:
    """One batch in a file of its own, made unless it is there."""
    path = folder / f"part-{start:08}.npy"
    if not path.is_file():
        unfinished = path.with_suffix(".partial.npy")
        np.save(unfinished, encode(texts))
        unfinished.replace(path)
    return path
