"""The arrays of a lexical index folder: .npy files that are memory-mapped, and a sorted table of terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.errors import ArtifactError
from ranking.ragged import offsets_of
from ranking.types import ByteArray, Float32Array, IntArray

OffsetArray = NDArray[np.int64]


def save(folder: Path, name: str, array: NDArray[Any]) -> None:
    """Write `<name>.npy`."""
    np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load(folder: Path, name: str) -> NDArray[Any]:
    """Map `<name>.npy` into memory, read-only; `ArtifactError` when it cannot be."""
    try:
        mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as err:
        raise ArtifactError("lexical index", f"{name} cannot be read") from err
    return np.asarray(mapped)  # plain arrays: slicing np.memmap costs microseconds more


@dataclass(frozen=True, slots=True, eq=False)
class TermTable:
    """k distinct strings in byte order.

    Attributes:
        offsets: int64[k + 1]; term i is blob[offsets[i]:offsets[i + 1]].
        blob: uint8[bytes], UTF-8.
    """

    offsets: OffsetArray
    blob: ByteArray

    @classmethod
    def of(cls, ordered: Sequence[bytes]) -> "TermTable":
        """Pack strings that are in byte order already."""
        offsets = offsets_of([len(term) for term in ordered])
        return cls(offsets, np.frombuffer(b"".join(ordered), dtype=np.uint8))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def find(self, term: str) -> int:
        """Position of `term`, -1 when it is not there."""
        wanted = term.encode()
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            here = self.blob[self.offsets[middle] : self.offsets[middle + 1]].tobytes()
            if here == wanted:
                return middle
            low, high = (middle + 1, high) if here < wanted else (low, middle)
        return -1

    def text(self, number: int) -> str:
        """The term at a position."""
        return self.blob[self.offsets[number] : self.offsets[number + 1]].tobytes().decode()

    def save(self, folder: Path, name: str) -> None:
        """Write `<name>_offsets.npy` and `<name>_blob.npy`."""
        save(folder, f"{name}_offsets", self.offsets)
        save(folder, f"{name}_blob", self.blob)

    @classmethod
    def load(cls, folder: Path, name: str) -> "TermTable":
        """Map what `save` wrote."""
        return cls(load(folder, f"{name}_offsets"), load(folder, f"{name}_blob"))


@dataclass(frozen=True, slots=True, eq=False)
class PostingLists:
    """A list of (snippet, score) per key.

    Attributes:
        offsets: int64[keys + 1]; key i has the entries offsets[i]:offsets[i + 1], ascending by row.
        rows: int32[entries] snippet rows.
        raw: float32[entries] BM25 scores, > 0.
    """

    offsets: OffsetArray
    rows: IntArray
    raw: Float32Array

    def of(self, key: int) -> tuple[IntArray, Float32Array]:
        """Rows and scores of one key, views."""
        part = slice(int(self.offsets[key]), int(self.offsets[key + 1]))
        return self.rows[part], self.raw[part]

    def save(self, folder: Path, name: str) -> None:
        """Write `<name>_offsets`, `<name>_rows` and `<name>_raw`."""
        for part in ("offsets", "rows", "raw"):
            save(folder, f"{name}_{part}", getattr(self, part))

    @classmethod
    def load(cls, folder: Path, name: str) -> "PostingLists":
        """Map what `save` wrote."""
        return cls(*(load(folder, f"{name}_{part}") for part in ("offsets", "rows", "raw")))


def best_of(lists: Sequence[tuple[IntArray, Float32Array]]) -> tuple[IntArray, Float32Array]:
    """Unite posting lists, ascending by row; where several hold a row, the highest score."""
    filled = [one for one in lists if len(one[0])]
    if not filled:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    if len(filled) == 1:
        return filled[0]
    rows = np.concatenate([one[0] for one in filled])
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    raw = np.concatenate([one[1] for one in filled])[order]
    return rows[starts], np.maximum.reduceat(raw, starts)
