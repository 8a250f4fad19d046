"""Queries wait for their turn, are called in time, and never leave a place taken."""

import asyncio

import pytest

from deployments.admission import Admission, AdmissionLimits
from deployments.gate import Gate
from deployments.telemetry import Telemetry
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, InvalidQuery, Overloaded

ONE_AT_A_TIME = AdmissionLimits(most=3, least_width=1, residence_s=(0.0001, 0.0001), first_rate=50.0)


class Told(Telemetry):
    """Remembers why queries were not admitted, and how the gate stood."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.stood: tuple[float, ...] = ()

    def not_admitted(self, reason: str) -> None:
        self.refused.append(reason)

    def admission(self, waiting: int, running: int, rate: float, limit: float) -> None:
        self.stood = (waiting, running, limit)


class Place:
    """A gate for one at a time, and who got through it."""

    def __init__(self) -> None:
        self.telemetry = Told()
        self.account = Admission(ONE_AT_A_TIME)
        self.gate = Gate(self.account, asyncio.get_running_loop().time, self.telemetry)
        self.passed: list[str] = []
        self.open = asyncio.Event()

    def send(self, name: str, milliseconds: float = 5_000.0) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self._pass(name, milliseconds))

    async def _pass(self, name: str, milliseconds: float) -> None:
        deadline = Deadline.after_ms(milliseconds, asyncio.get_running_loop().time)
        async with self.gate.turn(deadline):
            self.passed.append(name)
            await self.open.wait()

    @property
    def stands(self) -> tuple[int, int]:
        return self.account.waiting, self.account.running


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_second_starts_when_the_first_is_done() -> None:
    place = Place()
    tasks = [place.send("first"), place.send("second")]
    await spin()
    assert (place.passed, place.stands) == (["first"], (1, 1))
    place.gate.report()
    assert place.telemetry.stood == (1, 1, 1)
    place.open.set()
    await asyncio.gather(*tasks)
    assert (place.passed, place.stands) == (["first", "second"], (0, 0))
    assert place.telemetry.refused == []


async def test_who_has_no_place_is_refused_at_once_and_counted() -> None:
    place = Place()
    tasks = [place.send(str(number)) for number in range(3)]
    await spin()
    with pytest.raises(Overloaded, match="queue"):
        await place.send("fourth")
    with pytest.raises(Overloaded):
        place.gate.check(asyncio.get_running_loop().time() + 30.0)
    assert place.telemetry.refused == ["queue", "queue"]
    place.open.set()
    await asyncio.gather(*tasks)


async def test_who_waits_beyond_the_deadline_is_refused_then() -> None:
    place = Place()
    first = place.send("first")
    await spin()
    with pytest.raises(Overloaded, match="line"):
        await place.send("second", milliseconds=50.0)
    assert (place.telemetry.refused, place.stands) == (["line"], (0, 1))
    place.open.set()
    await first


async def test_a_client_that_goes_away_gives_its_place_back() -> None:
    place = Place()
    first, second, third = place.send("first"), place.send("second"), place.send("third")
    await spin()
    second.cancel()
    await spin()
    assert place.stands == (1, 1)
    first.cancel()
    await spin()
    assert place.passed == ["first", "third"]
    place.open.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert place.stands == (0, 0)


async def test_one_that_is_called_and_cancelled_at_once_does_not_keep_the_place() -> None:
    place = Place()
    first, second = place.send("first"), place.send("second")
    await spin()
    place.open.set()
    for _ in range(10):
        if place.stands == (0, 1):
            break
        await asyncio.sleep(0)
    assert (place.stands, place.passed) == ((0, 1), ["first"])
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert place.stands == (0, 0)


@pytest.mark.parametrize("error", [InvalidQuery("wrong"), DeadlineExceeded("bm25"), ZeroDivisionError()])
async def test_an_error_is_passed_on_and_the_place_given_back(error: Exception) -> None:
    place = Place()
    deadline = Deadline.after_ms(1_000.0, asyncio.get_running_loop().time)
    with pytest.raises(type(error)):
        async with place.gate.turn(deadline):
            raise error
    assert place.stands == (0, 0)


async def test_who_runs_out_of_time_among_others_hears_that_the_service_is_full() -> None:
    place = Place()
    waiting: list[asyncio.Task[None]] = []

    async def runs_out_of_time() -> None:
        async with place.gate.turn(Deadline.after_ms(1_000.0, asyncio.get_running_loop().time)):
            waiting.append(place.send("second"))
            await spin()
            raise DeadlineExceeded("retrieval")

    with pytest.raises(Overloaded, match="work") as refused:
        await runs_out_of_time()
    assert refused.value.retry_after_s > 0.0
    assert place.telemetry.refused == ["work"]
    place.open.set()
    await asyncio.gather(*waiting)
    assert (place.passed, place.stands) == (["second"], (0, 0))


async def test_who_waits_for_somebody_else_lends_his_place_and_gets_it_back() -> None:
    place = Place()
    deadline = Deadline.after_ms(5_000.0, asyncio.get_running_loop().time)
    async with place.gate.turn(deadline) as aside:
        second = place.send("second")
        await spin()
        assert (place.passed, place.stands) == ([], (1, 1))
        with aside():
            await spin()
            assert (place.passed, place.stands) == (["second"], (0, 1))
        assert place.stands == (0, 2)
    assert place.stands == (0, 1)
    place.open.set()
    await second
    assert place.stands == (0, 0)
