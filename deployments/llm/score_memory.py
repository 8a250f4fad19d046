"""Judgements that are known: in this replica by row, behind it by what was shown (Redis)."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from ranking.deadline import Deadline
from ranking.doubt import Doubts, Judgement
from ranking.types import FloatArray, Generation

_DAY_S = 86_400.0
_Page = dict[int, tuple[bytes, float]]
_Title = tuple[Generation, str, int]
Counted = Callable[[int, int], None]
"""Told of hits and misses."""


def uncounted(_hits: int, _misses: int) -> None:
    """Where nobody counts."""


class SharedScores(Protocol):
    """Scores that all replicas share; what it holds may be lost, and an unreachable one holds nothing."""

    async def get(self, keys: Sequence[str], deadline: Deadline) -> list[float | None]:
        """The score kept under each key; not waited for longer than some milliseconds."""
        ...

    def put(self, scores: dict[str, float]) -> None:
        """Keep them; written behind, never waited for."""
        ...


class ScoreMemory:
    """This replica's scores: one page per snapshot, product and day, so that a query finds them without reading a text.

    A page of another day is no page: ages have changed. The least recently used page goes first.
    """

    def __init__(self, capacity: int, counted: Counted = uncounted) -> None:
        self._capacity = capacity
        self._counted = counted
        self._pages: OrderedDict[_Title, _Page] = OrderedDict()
        self._held = 0

    def __len__(self) -> int:
        return self._held

    def recall(self, doubts: Doubts, product: str) -> Judgement:
        """What is known of those in doubt."""
        known = self.known(doubts, product, range(len(doubts)))
        self._counted(len(known), len(doubts) - len(known))
        return known

    def known(self, doubts: Doubts, product: str, among: Iterable[int]) -> Judgement:
        """What is known of those at some positions of the doubts."""
        title = _title(doubts, product)
        page = self._pages.get(title)
        if not page:
            return Judgement.nothing()
        self._pages.move_to_end(title)
        found: list[int] = []
        scores: list[float] = []
        rows = doubts.rows.tolist()
        for at in among:
            held = page.get(rows[at])
            if held is not None and held[0] == doubts.snippets[at].tobytes():
                found.append(at)
                scores.append(held[1])
        return Judgement(np.array(found, dtype=np.int32), np.array(scores))

    def keep(self, doubts: Doubts, product: str, at: Sequence[int], scores: FloatArray) -> None:
        """Remember scores of those at positions `at` of the doubts."""
        title = _title(doubts, product)
        page = self._pages.setdefault(title, {})
        self._pages.move_to_end(title)
        before = len(page)
        for position, score in zip(at, scores.tolist(), strict=True):
            page[int(doubts.rows[position])] = (doubts.snippets[position].tobytes(), score)
        self._held += len(page) - before
        while self._held > self._capacity:
            _, oldest = self._pages.popitem(last=False)
            self._held -= len(oldest)


def _title(doubts: Doubts, product: str) -> _Title:
    return doubts.generation, product, int(doubts.as_of_s // _DAY_S)
