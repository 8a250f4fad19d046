"""Columns while they grow, batch by batch, in bounded memory."""

from array import array
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from db.snapshot.columns import MaskArray, role_words
from db.snapshot.layout import ArrayFile, save_array
from ranking.ragged import offsets_of


class Codes:
    """Position of each code in a taxonomy tuple, `unknown` for any other code and for None."""

    def __init__(self, codes: Sequence[str], unknown: int) -> None:
        self._numbers = {code: number for number, code in enumerate(codes)}
        self._unknown = unknown

    def number(self, code: str | None) -> int:
        """The code's position, or `unknown`."""
        return self._numbers.get(code, self._unknown) if code is not None else self._unknown


class Interner:
    """Numbers for names in order of appearance, after those it starts with."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}

    def number(self, name: str) -> int:
        """The number of `name`, a fresh one for a fresh name."""
        return self._numbers.setdefault(name, len(self._numbers))

    def numbers(self, names: Iterable[str]) -> list[int]:
        """The numbers of several names."""
        return [self.number(name) for name in names]

    def names(self) -> list[str]:
        """All names in the order of their numbers."""
        return list(self._numbers)


class RoleMasks:
    """Role bits per row; unknown role codes are left out."""

    def __init__(self, roles: Sequence[str]) -> None:
        self._bits = {role: 1 << number for number, role in enumerate(roles)}
        self._bytes = 8 * role_words(len(roles))
        self._content = bytearray()

    def add(self, codes: Iterable[str]) -> int:
        """Append one row and return its bits."""
        mask = 0
        for code in codes:
            mask |= self._bits.get(code, 0)
        self._content += mask.to_bytes(self._bytes, "little")
        return mask

    def masks(self) -> MaskArray:
        """uint64[rows, W]."""
        words = np.frombuffer(bytes(self._content), dtype="<u8").astype(np.uint64)
        return words.reshape(-1, self._bytes // 8)


class StringFile:
    """A `StringTable` written straight to the disk; use as a context manager."""

    def __init__(self, folder: Path, name: str) -> None:
        self._offsets = folder / f"{name}.offsets.npy"
        self._blob = ArrayFile(folder / f"{name}.blob.npy", np.uint8)
        self._lengths = array("q")
        self._stack = ExitStack()

    def __enter__(self) -> "StringFile":
        self._stack.enter_context(self._blob)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        save_array(self._offsets, offsets_of(self._lengths))

    def extend(self, texts: Sequence[bytes]) -> None:
        """Append strings given as UTF-8."""
        self._lengths.extend(map(len, texts))
        self._blob.append(b"".join(texts))
