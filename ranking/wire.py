"""How values cross a process border: pickled as one call with plain arguments, their columns as one run of bytes.

By default pickle visits every field of a frozen dataclass by name, and every array costs it some microseconds on either side
(docs/decisions/0017). `Wired` values have neither cost. Columns arrive read-only.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 8
_Layout = tuple[tuple[int, str, tuple[int, ...]], ...]


class Wired:
    """A dataclass whose pickled form is (class, bytes of its array fields, their places, all other fields).

    Every field must be an argument of the constructor, in order.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """See `pickle`."""
        values = list(_values(self))
        chunks: list[bytes] = []
        layout = []
        for at, value in enumerate(values):
            if type(value) is np.ndarray:
                layout.append((at, value.dtype.str, value.shape))
                chunks.append(_padded(value))
                values[at] = None
        if not chunks:
            return type(self), tuple(values)
        return _received, (type(self), b"".join(chunks), tuple(layout), values)


def _received(of: type[Wired], octets: bytes, layout: _Layout, values: list[Any]) -> Wired:
    start = 0
    for at, dtype, shape in layout:
        column: NDArray[Any] = np.ndarray(shape, _dtype(dtype), octets, start)
        values[at] = column
        start += -(-column.nbytes // _ALIGNED) * _ALIGNED
    return of(*values)


def _padded(column: NDArray[Any]) -> bytes:
    octets, over = column.tobytes(), column.nbytes % _ALIGNED
    return octets + bytes(_ALIGNED - over) if over else octets


_dtype = cache(np.dtype)


_getters: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def _values(value: Wired) -> tuple[Any, ...]:
    """The fields in order."""
    get = _getters.get(type(value))
    if get is None:
        names = [each.name for each in fields(cast(Any, value))]
        get = _getters[type(value)] = attrgetter(*names, "__class__")
    return get(value)[:-1]
