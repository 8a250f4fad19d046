"""What a search method must offer to be compared."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.ann.subsets import Subset
from ranking.types import Float32Array, IntArray

Setting = Mapping[str, int | str]
PLAIN: tuple[Setting, ...] = ({},)


@dataclass(frozen=True)
class Built:
    """What it took to make a method ready, vectors loaded; `held_bytes` is what it keeps, the vectors included where it reads them."""

    wall_s: float
    cpu_s: float
    held_bytes: int


class Contestant(Protocol):
    """A search method on one set of vectors.

    Attributes:
        settings: from cheap to dear.
    """

    name: str
    settings: Sequence[Setting]
    built: Built

    def search(self, one: Float32Array, subset: Subset, setting: Setting, k: int) -> IntArray:
        """At most k rows of the subset, in any order. The filter is in its packed bits."""
        ...

    def search_many(self, asked: Float32Array, subset: Subset, setting: Setting, k: int) -> None:
        """Answer all queries of float32[m, d] at once, or one by one where the method knows no more."""
        ...

    def server_cpu_s(self) -> float:
        """CPU seconds spent so far by processes other than this one."""
        ...

    def close(self) -> None:
        """Let go of memory and servers."""
        ...


def timed_build(make: Callable[[], int]) -> Built:
    """What `make` took; it returns the bytes that are held."""
    wall, cpu = time.perf_counter(), time.process_time()
    held = make()
    return Built(round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2), held)
