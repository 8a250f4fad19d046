"""Scores of the language model that all replicas share; `deployments.llm.evidence` makes the keys."""

from collections.abc import Callable, Sequence
from math import isfinite

from deployments.caches.reach import Reach
from deployments.caches.writing import WriteBehind
from ranking.deadline import Deadline

_HIGHEST = 100.0


class RedisScores:
    """`deployments.llm.score_memory.SharedScores` over Redis: one MGET per look-up, writes behind.

    `counted` is told of hits and misses. A key names company and evidence, no person.
    """

    def __init__(
        self, reach: Reach, writing: WriteBehind, ttl_s: int, counted: Callable[[int, int], None]
    ) -> None:
        self._reach = reach
        self._writing = writing
        self._ttl_s = ttl_s
        self._counted = counted

    async def get(self, keys: Sequence[str], deadline: Deadline) -> list[float | None]:
        """See `SharedScores`; what this replica has not yet written is found too."""
        contents = [self._writing.value(key) for key in keys]
        elsewhere = [key for key, content in zip(keys, contents, strict=True) if content is None]
        if elsewhere:
            found = dict(zip(elsewhere, await self._reach.get(elsewhere, deadline) or (), strict=False))
            contents = [found.get(key, content) for key, content in zip(keys, contents, strict=True)]
        scores = [None if content is None else _score(content) for content in contents]
        hits = sum(score is not None for score in scores)
        self._counted(hits, len(scores) - hits)
        return scores

    def put(self, scores: dict[str, float]) -> None:
        """See `SharedScores`."""
        for key, score in scores.items():
            self._writing.put(key, repr(score).encode(), self._ttl_s)


def _score(content: bytes) -> float | None:
    """A number in [0, 100], None for anything else that somebody has written there."""
    try:
        score = float(content)
    except ValueError:
        return None
    return score if isfinite(score) and 0.0 <= score <= _HIGHEST else None
