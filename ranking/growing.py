"""Arrays that grow at their end while readers keep what they have."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST_ROOM = 1_024


class Growing:
    """An array whose views stay as they are when more is appended: a view is a prefix that is never written again.

    One thread appends, any may read views. Memory is at most one half more than the longest view, while it moves twice that.
    """

    def __init__(self, start: NDArray[Any]) -> None:
        """Begin with `start`, which is not copied before something is appended."""
        self._held = start
        self._size = len(start)

    def __len__(self) -> int:
        return self._size

    def append(self, more: NDArray[Any]) -> None:
        """Add rows of the same shape, as the type the array has."""
        size = self._size + len(more)
        if size > len(self._held) or not self._held.flags.writeable or not self._held.flags.owndata:
            room = np.empty((size + size // 2 + _LEAST_ROOM, *self._held.shape[1:]), dtype=self._held.dtype)
            room[: self._size] = self._held[: self._size]
            self._held = room
        self._held[self._size : size] = more
        self._size = size

    def view(self) -> NDArray[Any]:
        """What has been appended until now."""
        return self._held[: self._size]
