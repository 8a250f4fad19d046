"""Kernels are compiled when first needed or warmed up, for one signature each, and kept on disk where that is possible."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, cast

from numba import njit, types

_Function = TypeVar("_Function", bound=Callable[..., Any])

_declared: Final[list[tuple[Any, tuple[Any, ...]]]] = []


def _read(scalar: Any, dimensions: int = 1) -> Any:
    return types.Array(scalar, dimensions, "C", readonly=True)


BOOL = types.boolean
F8, I8 = types.float64, types.int64
BOOLS, U1S, U2S, U4S = _read(types.boolean), _read(types.uint8), _read(types.uint16), _read(types.uint32)
I4S, I8S, F4S, F8S = _read(types.int32), _read(types.int64), _read(types.float32), _read(types.float64)
U8S_2D, F8S_2D, I4S_2D = _read(types.uint64, 2), _read(types.float64, 2), _read(types.int32, 2)
U8S, U2S_2D, F4S_2D = _read(types.uint64), _read(types.uint16, 2), _read(types.float32, 2)
# What a kernel writes to.
INTO_I4S, INTO_F8S = types.int32[::1], types.float64[::1]
INTO_F8S_2D, INTO_F4S_2D = types.float64[:, ::1], types.float32[:, ::1]


def kernel(*arguments: Any) -> Callable[[_Function], _Function]:
    """Declare a kernel by the types of its arguments.

    One signature with read-only, contiguous arrays serves memory-mapped and ordinary ones, so that nothing is
    compiled while queries run. Floats are added in the order of the source: no fastmath.
    """

    def declare(function: _Function) -> _Function:
        compiled = _jit(function)
        _declared.append((compiled, arguments))
        return cast(_Function, compiled)

    return declare


def inlined(function: _Function) -> _Function:
    """A part of kernels of its own module."""
    return cast(_Function, njit(nogil=True)(function))


def _jit(function: _Function) -> Any:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba found no folder that it may write a cache to: compile in every process
        return njit(nogil=True)(function)


@cache
def compile_declared() -> None:
    """Compile every kernel declared so far, or load it from numba's cache; for no other arguments from then on."""
    for compiled, arguments in _declared:
        compiled.compile(arguments)
        compiled.disable_compile()
