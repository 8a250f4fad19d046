import asyncio

import pytest

from deployments.llm.flights import Flights
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, NotFound


class Call:
    """Answers once released; counts how often it was made and cancelled."""

    def __init__(self, value="answer") -> None:
        self.value, self.made, self.cancelled = value, 0, 0
        self.released = asyncio.Event()

    async def __call__(self):
        self.made += 1
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def deadline(milliseconds: float = 5_000.0) -> Deadline:
    return Deadline.after_ms(milliseconds, asyncio.get_running_loop().time)


def flights() -> Flights:
    return Flights("llm", lambda value: value == "too late")


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_questions_asked_at_once_are_one_call_and_one_of_them_pays():
    call, shared = Call(), flights()
    waiting = [asyncio.ensure_future(shared.join("q", deadline(), call)) for _ in range(5)]
    await spin()
    call.released.set()
    answers = await asyncio.gather(*waiting)
    assert [value for value, _ in answers] == ["answer"] * 5
    assert sorted(own for _, own in answers) == [False] * 4 + [True]
    assert (call.made, len(shared)) == (1, 0)


async def test_other_questions_and_later_ones_are_calls_of_their_own():
    call, shared = Call(), flights()
    call.released.set()
    for key in ("q", "p", "q"):
        assert await shared.join(key, deadline(), call) == ("answer", True)
    assert call.made == 3


async def test_one_that_goes_away_leaves_the_call_to_the_others():
    call, shared = Call(), flights()
    first, second = (asyncio.ensure_future(shared.join("q", deadline(), call)) for _ in range(2))
    await spin()
    first.cancel()
    await spin()
    call.released.set()
    assert await second == ("answer", True)
    assert (call.made, call.cancelled) == (1, 0)


async def test_when_all_have_gone_the_call_is_given_up_and_a_new_one_may_begin():
    call, shared = Call(), flights()
    waiting = [asyncio.ensure_future(shared.join("q", deadline(), call)) for _ in range(2)]
    await spin()
    for each in waiting:
        each.cancel()
    await spin()
    assert (call.cancelled, len(shared)) == (1, 0)
    call.released.set()
    assert await shared.join("q", deadline(), call) == ("answer", True)


async def test_an_error_reaches_all_who_wait():
    call, shared = Call(NotFound("x")), flights()
    waiting = [asyncio.ensure_future(shared.join("q", deadline(), call)) for _ in range(3)]
    await spin()
    call.released.set()
    assert [type(each) for each in await asyncio.gather(*waiting, return_exceptions=True)] == [NotFound] * 3


async def test_a_waiters_own_deadline_holds():
    call, shared = Call(), flights()
    patient = asyncio.ensure_future(shared.join("q", deadline(), call))
    await spin()
    with pytest.raises(DeadlineExceeded):
        await shared.join("q", deadline(5.0), call)
    call.released.set()
    assert await patient == ("answer", True)


async def test_who_has_more_time_than_the_first_asks_again():
    hurried, own, shared = Call("too late"), Call("in time"), flights()
    own.released.set()
    first = asyncio.ensure_future(shared.join("q", deadline(), hurried))
    await spin()
    second = asyncio.ensure_future(shared.join("q", deadline(), own))
    await spin()
    hurried.released.set()
    assert await first == ("too late", True)
    assert await second == ("in time", True)
