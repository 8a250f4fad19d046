"""The work thread of a leaf: one outcome per item, in order, whatever happens to one of them."""

import asyncio
import os
import threading

import pytest

from deployments.leaf import WorkThread
from ranking.errors import DeadlineExceeded, DependencyError, LeadError, Overloaded


def double(number: int) -> int:
    if number < 0:
        raise ValueError("secret")
    if number == 0:
        raise Overloaded("leaf")
    return 2 * number


def kinds(outcomes: list[int | LeadError]) -> list[object]:
    return [type(each) if isinstance(each, LeadError) else each for each in outcomes]


async def test_each_item_has_its_outcome_in_order() -> None:
    outcomes = await WorkThread("leaf").each([3, -1, 0, 5], [1e3] * 4, double)
    assert kinds(outcomes) == [6, DependencyError, Overloaded, 10]
    assert "secret" not in str(outcomes)


async def test_the_work_gives_way_to_event_loops_and_the_loop_beside_it_does_not() -> None:
    def niceness(_: int) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness(0)
    assert await WorkThread("leaf").each([1], [1e3], niceness) == [min(19, before + 10)]
    assert niceness(0) == before


async def test_a_late_item_is_not_worked_on() -> None:
    worked: list[int] = []
    outcomes = await WorkThread("leaf").each([1, 2], [-1.0, 1e3], lambda each: worked.append(each) or each)
    assert kinds(outcomes) == [DeadlineExceeded, 2]
    assert worked == [2]


async def test_items_are_worked_on_together() -> None:
    calls: list[list[int]] = []

    def all_double(items: list[int]) -> list[int]:
        calls.append(list(items))
        return [double(item) for item in items]

    assert await WorkThread("leaf").together([1, 2, 3], all_double) == [2, 4, 6]
    assert calls == [[1, 2, 3]]


async def test_a_bad_item_of_a_tensor_fails_alone() -> None:
    outcomes = await WorkThread("leaf").together([1, -1, 3], lambda items: [double(item) for item in items])
    assert kinds(outcomes) == [2, DependencyError, 6]
    assert kinds(await WorkThread("leaf").together([-1], lambda items: [double(each) for each in items])) == [
        DependencyError
    ]


async def test_the_event_loop_goes_on_while_a_leaf_works() -> None:
    working, release = threading.Event(), threading.Event()

    def wait(item: int) -> int:
        working.set()
        assert release.wait(10.0)
        return item

    work = WorkThread("leaf")
    task = asyncio.create_task(work.each([1], [1e4], wait))
    assert await asyncio.to_thread(working.wait, 10.0)
    assert not task.done()  # this line runs, so the loop is free
    release.set()
    assert await task == [1]


async def test_lists_of_different_length_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        await WorkThread("leaf").each([1, 2], [1e3], double)
