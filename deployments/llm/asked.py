"""Calls of the language model under way: whom they are about, and who else waits for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from deployments.llm.evidence import Exhibit
from deployments.llm.treasury import Payment
from ranking.doubt import Judgement


@dataclass(slots=True, eq=False)
class Asked:
    """One call: whom it is about, as positions in the doubts, and the task that brings their scores; `failure` is why it brought none."""

    at: Sequence[int]
    shown: Sequence[Exhibit]
    payment: Payment
    task: "asyncio.Task[Judgement]" = field(init=False)
    failure: str = ""

    def judgement(self) -> Judgement:
        """What it has brought so far."""
        return self.task.result() if _has_ended(self.task) else Judgement.nothing()


@dataclass(slots=True, eq=False)
class Ride:
    """Companies of one query that another query's call asks about: `at` in this one's doubts, `there` in the other's."""

    asked: Asked
    at: list[int] = field(default_factory=list)
    there: list[int] = field(default_factory=list)

    @property
    def task(self) -> "asyncio.Task[Judgement]":
        """The other query's task; not to be cancelled."""
        return self.asked.task

    @property
    def failure(self) -> str:
        """Why it brought nothing."""
        return self.asked.failure

    def judgement(self) -> Judgement:
        """What it has brought so far for this query."""
        brought = self.asked.judgement()
        scores = dict(zip(brought.at.tolist(), brought.scores.tolist(), strict=True))
        found = [
            (at, scores[there]) for at, there in zip(self.at, self.there, strict=True) if there in scores
        ]
        return Judgement(
            np.array([at for at, _ in found], dtype=np.int32), np.array([score for _, score in found])
        )


class UnderWay:
    """Judgements that calls under way will bring, by key: nobody is asked twice at a time about the same evidence."""

    def __init__(self) -> None:
        self._by_key: dict[str, tuple[Asked, int]] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, asked: Asked) -> None:
        """A call has begun; it is known until its task has ended."""
        for at, exhibit in zip(asked.at, asked.shown, strict=True):
            self._by_key[exhibit.key] = asked, at
        asked.task.add_done_callback(lambda _: self._remove(asked))

    def apart(self, wanted: Sequence[tuple[int, Exhibit]]) -> tuple[list[tuple[int, Exhibit]], list[Ride]]:
        """Those that nobody asks about now, and rides for the others."""
        free: list[tuple[int, Exhibit]] = []
        rides: dict[int, Ride] = {}
        for at, exhibit in wanted:
            found = self._by_key.get(exhibit.key)
            if found is None:
                free.append((at, exhibit))
                continue
            asked, there = found
            ride = rides.setdefault(id(asked), Ride(asked))
            ride.at.append(at)
            ride.there.append(there)
        return free, list(rides.values())

    def _remove(self, asked: Asked) -> None:
        for exhibit in asked.shown:
            if self._by_key.get(exhibit.key, (None,))[0] is asked:
                del self._by_key[exhibit.key]


def _has_ended(task: "asyncio.Task[Judgement]") -> bool:
    return task.done() and not task.cancelled()
