import asyncio

import pytest

from deployments.llm.places import Places
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, Overloaded


def deadline(milliseconds: float = 5_000.0) -> Deadline:
    return Deadline.after_ms(milliseconds, asyncio.get_running_loop().time)


class Crowd:
    def __init__(self, places: Places) -> None:
        self.places, self.inside, self.leave = places, [], asyncio.Event()

    async def visit(self, number: int) -> None:
        async with self.places.taking(deadline()):
            self.inside.append(number)
            await self.leave.wait()


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_there_are_places_are_inside_and_the_rest_waits_in_order():
    places = Places("llm", 2, 3)
    crowd = Crowd(places)
    visits = [asyncio.ensure_future(crowd.visit(number)) for number in range(5)]
    await spin()
    assert (crowd.inside, places.taken, places.waiting) == ([0, 1], 2, 3)
    with pytest.raises(Overloaded):
        await crowd.visit(9)
    crowd.leave.set()
    await asyncio.gather(*visits)
    assert (crowd.inside, places.taken, places.waiting) == ([0, 1, 2, 3, 4], 0, 0)


async def test_waiting_ends_at_the_deadline():
    places = Places("llm", 1, 1)
    crowd = Crowd(places)
    visit = asyncio.ensure_future(crowd.visit(0))
    await spin()
    with pytest.raises(DeadlineExceeded):
        async with places.taking(deadline(5.0)):
            raise AssertionError("there was no place")
    assert (places.taken, places.waiting) == (1, 0)
    crowd.leave.set()
    await visit


async def test_who_is_cancelled_while_waiting_takes_no_place():
    places = Places("llm", 1, 2)
    crowd = Crowd(places)
    first, second, third = (asyncio.ensure_future(crowd.visit(number)) for number in range(3))
    await spin()
    second.cancel()
    await spin()
    assert places.waiting == 1
    crowd.leave.set()
    await asyncio.gather(first, third)
    assert (crowd.inside, places.taken) == ([0, 2], 0)
