"""The fit levels of many companies as a palette: most queries know a handful of combinations, half of them one."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ranking.wire import Wired

_Value = TypeVar("_Value", bound=np.generic)
_LEAST_TABLE = 1024
_SMALL = 256


@dataclass(frozen=True, eq=False)
class Levels(Wired):
    """Packed levels of `count` companies (`ranking.fit`): company i has palette[codes[i]], or palette[0] without codes.

    `palette` is uint16[p], ascending and distinct; `codes` uint8[count], uint16 when p > 256, None when all are alike.
    """

    palette: NDArray[np.uint16]
    codes: NDArray[np.uint8] | NDArray[np.uint16] | None
    count: int

    @classmethod
    def alike(cls, level: int, count: int) -> "Levels":
        """The same levels `count` times."""
        return cls(np.array([level], dtype=np.uint16), None, count)

    @classmethod
    def of(cls, levels: NDArray[np.uint16]) -> "Levels":
        """From uint16[n], in the same order."""
        used = np.bincount(levels, minlength=_LEAST_TABLE)
        palette = np.flatnonzero(used).astype(np.uint16)
        if len(palette) <= 1:
            return cls.alike(int(palette[0]) if len(palette) else 0, len(levels))
        place = np.zeros(len(used), dtype=np.uint16)
        place[palette] = np.arange(len(palette))
        codes = place[levels]
        return cls(palette, codes.astype(np.uint8) if len(palette) <= _SMALL else codes, len(levels))

    def __len__(self) -> int:
        return self.count

    @property
    def nbytes(self) -> int:
        """Bytes of the packed form."""
        return self.palette.nbytes + (0 if self.codes is None else self.codes.nbytes)

    def array(self) -> NDArray[np.uint16]:
        """uint16[count], written out."""
        return self.spread(self.palette)

    def at(self, positions: NDArray[np.int32]) -> NDArray[np.uint16]:
        """uint16[len(positions)]: the levels of some."""
        if self.codes is None:
            return np.full(len(positions), self.palette[0], dtype=np.uint16)
        return self.palette[self.codes[positions]]

    def spread(self, of_palette: NDArray[_Value]) -> NDArray[_Value]:
        """What holds of each palette entry [p], written out for each company [count]."""
        if self.codes is None:
            return np.full(self.count, of_palette[0], dtype=of_palette.dtype)
        return of_palette[self.codes]
