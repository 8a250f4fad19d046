"""Calls under way: who rides along, what a ride brings, and when there is none."""

import asyncio
from typing import Any, cast

import numpy as np

from deployments.llm.asked import Asked, Ride, UnderWay
from deployments.llm.evidence import Exhibit
from ranking.doubt import Judgement


def exhibit(key: str) -> Exhibit:
    return Exhibit(key, cast(Any, None), "e", key)


class Call:
    """One call about companies at positions of its query's doubts, answered when the test says so."""

    def __init__(self, under_way: UnderWay, **positions: int) -> None:
        self.brings: asyncio.Future[Judgement] = asyncio.get_running_loop().create_future()
        self.asked = Asked(list(positions.values()), [exhibit(key) for key in positions], cast(Any, None))
        self.asked.task = asyncio.create_task(self._answer())
        under_way.add(self.asked)

    async def _answer(self) -> Judgement:
        return await self.brings

    async def brought(self, **scores: float) -> None:
        at = dict(zip([each.key for each in self.asked.shown], self.asked.at, strict=True))
        self.brings.set_result(
            Judgement(np.array([at[key] for key in scores], dtype=np.int32), np.array(list(scores.values())))
        )
        await asyncio.wait((self.asked.task,))
        await asyncio.sleep(0)


def told(ride: Ride) -> dict[int, float]:
    judgement = ride.judgement()
    return dict(zip(judgement.at.tolist(), judgement.scores.tolist(), strict=True))


async def test_companies_under_way_are_ridden_for_and_the_others_are_free():
    under_way = UnderWay()
    first, second = Call(under_way, a=4, b=2), Call(under_way, c=9)
    free, rides = under_way.apart(
        [(0, exhibit("b")), (1, exhibit("x")), (2, exhibit("c")), (3, exhibit("a"))]
    )
    assert [(at, each.key) for at, each in free] == [(1, "x")]
    assert [(ride.asked, ride.at, ride.there) for ride in rides] == [
        (first.asked, [0, 3], [2, 4]),
        (second.asked, [2], [9]),
    ]
    await first.brought()
    await second.brought()


async def test_a_ride_brings_scores_to_its_own_querys_positions():
    under_way = UnderWay()
    call = Call(under_way, a=4, b=2, c=7)
    _, (ride,) = under_way.apart([(0, exhibit("b")), (5, exhibit("a"))])
    assert told(ride) == {}
    await call.brought(a=80.0, c=10.0)
    assert told(ride) == {5: 80.0}


async def test_a_call_that_has_ended_takes_nobody_along():
    under_way = UnderWay()
    call = Call(under_way, a=0, b=1)
    assert len(under_way) == 2
    await call.brought(a=1.0)
    assert len(under_way) == 0
    assert under_way.apart([(3, exhibit("a"))]) == ([(3, exhibit("a"))], [])


async def test_a_call_that_was_given_up_brings_nothing_and_says_why():
    under_way = UnderWay()
    call = Call(under_way, a=0)
    _, (ride,) = under_way.apart([(0, exhibit("a"))])
    call.asked.failure = "timeout"
    call.asked.task.cancel()
    await asyncio.wait((call.asked.task,))
    await asyncio.sleep(0)
    assert (told(ride), ride.failure, len(under_way)) == ({}, "timeout", 0)


async def test_the_end_of_an_older_call_does_not_forget_a_newer_one():
    under_way = UnderWay()
    older = Call(under_way, a=0)
    newer = Call(under_way, a=0)
    await older.brought()
    _, (ride,) = under_way.apart([(0, exhibit("a"))])
    assert ride.asked is newer.asked
    await newer.brought()
