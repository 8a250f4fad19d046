import asyncio
import contextvars

import pytest

from deployments.coalescer import Coalescer, CoalescerLimits
from ranking.deadline import Deadline
from ranking.errors import DeadlineExceeded, DependencyError, NotFound, Overloaded


class Leaf:
    """Doubles numbers; waits until released; remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.released = asyncio.Event()
        self.released.set()

    async def send(self, items, remaining_ms):
        assert len(items) == len(remaining_ms)
        self.calls.append(list(items))
        await self.released.wait()
        return [2 * item for item in items]


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def deadline(milliseconds: float = 5_000.0) -> Deadline:
    return Deadline.after_ms(milliseconds, asyncio.get_running_loop().time)


def coalescer(send, clock=None, **limits) -> Coalescer:
    return Coalescer("leaf", send, CoalescerLimits(**limits), clock or asyncio.get_running_loop().time)


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_lone_item_leaves_at_once_and_alone():
    leaf = Leaf()
    assert await coalescer(leaf.send, lanes=1).submit(21, deadline()) == 42
    assert leaf.calls == [[21]]


async def test_items_that_come_while_all_lanes_are_busy_travel_together():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1)
    answers = [asyncio.ensure_future(hop.submit(number, deadline())) for number in range(6)]
    await spin()
    assert leaf.calls == [[0]]
    assert hop.waiting == 5
    leaf.released.set()
    assert await asyncio.gather(*answers) == [0, 2, 4, 6, 8, 10]
    assert leaf.calls == [[0], [1, 2, 3, 4, 5]]


async def test_the_next_call_leaves_before_the_callers_of_the_last_one_go_on():
    happened = []

    async def send(items, _remaining_ms):
        happened.append(f"sent {items}")
        await asyncio.sleep(0)
        return list(items)

    async def asking(number):
        happened.append(f"had {await hop.submit(number, deadline())}")

    hop = coalescer(send, lanes=1)
    await asyncio.gather(*map(asking, range(3)))
    assert happened == ["sent [0]", "sent [1, 2]", "had 0", "had 1", "had 2"]


async def test_one_call_carries_no_more_than_its_item_and_byte_bounds():
    leaf = Leaf()
    leaf.released.clear()
    hop = Coalescer(
        "leaf", leaf.send, CoalescerLimits(lanes=1, max_items=3, max_bytes=250), asyncio.get_running_loop().time,
        size_bytes=lambda item: 100,
    )  # fmt: skip
    answers = [asyncio.ensure_future(hop.submit(number, deadline())) for number in range(6)]
    await spin()
    leaf.released.set()
    await asyncio.gather(*answers)
    assert leaf.calls == [[0], [1, 2], [3, 4], [5]]


async def test_an_item_larger_than_the_byte_bound_still_travels_alone():
    leaf = Leaf()
    hop = Coalescer(
        "leaf", leaf.send, CoalescerLimits(max_bytes=10), asyncio.get_running_loop().time, lambda item: 100
    )
    assert await hop.submit(4, deadline()) == 8


async def test_a_full_queue_refuses_and_keeps_serving_those_it_took():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1, max_waiting=2)
    answers = [asyncio.ensure_future(hop.submit(number, deadline())) for number in range(3)]
    await spin()
    with pytest.raises(Overloaded) as refused:
        await hop.submit(9, deadline())
    assert refused.value.stage == "leaf"
    leaf.released.set()
    assert await asyncio.gather(*answers) == [0, 2, 4]


async def test_one_bad_item_does_not_fail_its_neighbours():
    async def send(items, _remaining_ms):
        return [NotFound(str(item)) if item == 1 else item for item in items]

    hop = coalescer(send, lanes=1)
    found = await asyncio.gather(
        *(hop.submit(number, deadline()) for number in range(3)), return_exceptions=True
    )
    assert found[0] == 0
    assert found[2] == 2
    assert isinstance(found[1], NotFound)


async def test_an_error_of_the_call_reaches_every_item_as_our_own_and_the_lane_is_free_again():
    fails = [True]

    async def send(items, _remaining_ms):
        if fails.pop() if fails else False:
            raise RuntimeError("secret")
        return list(items)

    hop = coalescer(send, lanes=1)
    with pytest.raises(DependencyError) as failed:
        await hop.submit(1, deadline())
    assert failed.value.reason == "RuntimeError"
    assert await hop.submit(2, deadline()) == 2
    assert hop.in_flight == 0


async def test_a_wrong_number_of_outcomes_is_an_error_not_a_mix_up():
    async def send(items, _remaining_ms):
        return []

    with pytest.raises(DependencyError, match="0 outcomes for 1 items"):
        await coalescer(send).submit(1, deadline())


async def test_an_answer_that_is_none_fails_every_item_at_once():
    async def send(_items, _remaining_ms):
        return None

    hop = coalescer(send, lanes=1)
    async with asyncio.timeout(1.0):
        found = await asyncio.gather(
            *(hop.submit(number, deadline()) for number in range(2)), return_exceptions=True
        )
    assert [type(each) for each in found] == [DependencyError] * 2
    assert hop.in_flight == 0


async def test_items_whose_deadline_passed_while_waiting_are_never_sent():
    leaf = Leaf()
    leaf.released.clear()
    clock = Clock()
    hop = coalescer(leaf.send, clock, lanes=1)
    first = asyncio.ensure_future(hop.submit(1, deadline()))
    late = asyncio.ensure_future(hop.submit(2, Deadline(clock.now_s + 1.0, clock)))
    await spin()
    clock.now_s += 2.0
    leaf.released.set()
    assert await first == 2
    with pytest.raises(DeadlineExceeded):
        await late
    assert leaf.calls == [[1]]


async def test_a_passed_deadline_is_refused_before_it_queues():
    leaf = Leaf()
    with pytest.raises(DeadlineExceeded):
        await coalescer(leaf.send).submit(1, deadline(0.0))
    assert leaf.calls == []


async def test_a_leaf_that_hangs_costs_no_more_than_the_deadline_and_frees_its_lane():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1)
    with pytest.raises(DeadlineExceeded):
        await hop.submit(1, deadline(20.0))
    await spin()
    leaf.released.set()
    assert await hop.submit(3, deadline()) == 6


async def test_a_caller_that_goes_away_does_not_take_the_batch_with_it():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1)
    first = asyncio.ensure_future(hop.submit(0, deadline()))
    await spin()
    gone, stays = (asyncio.ensure_future(hop.submit(number, deadline())) for number in (1, 2))
    await spin()
    gone.cancel()
    first.cancel()
    await spin()
    leaf.released.set()
    assert await stays == 4
    assert leaf.calls == [[0], [2]]


async def test_calls_run_in_an_empty_context_so_that_no_request_owns_them():
    request = contextvars.ContextVar("request", default="none")
    seen = []

    async def send(items, _remaining_ms):
        seen.append(request.get())
        return list(items)

    hop = coalescer(send)
    request.set("of one caller")
    await hop.submit(1, deadline())
    assert seen == ["none"]


async def test_more_replicas_mean_more_lanes():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1)
    answers = [asyncio.ensure_future(hop.submit(number, deadline())) for number in range(3)]
    await spin()
    hop.resize(3)
    await spin()
    assert leaf.calls == [[0], [1, 2]]
    leaf.released.set()
    await asyncio.gather(*answers)


async def test_closing_fails_what_waits_and_finishes_what_flies():
    leaf = Leaf()
    leaf.released.clear()
    hop = coalescer(leaf.send, lanes=1)
    flying, waiting = (asyncio.ensure_future(hop.submit(number, deadline())) for number in (1, 2))
    await spin()
    closing = asyncio.ensure_future(hop.close())
    await spin()
    leaf.released.set()
    await closing
    assert await flying == 2
    with pytest.raises(DependencyError, match="closing"):
        await waiting


async def test_coalesced_equals_one_by_one():
    leaf = Leaf()
    many = coalescer(leaf.send, lanes=2, max_items=7)
    together = await asyncio.gather(*(many.submit(number, deadline()) for number in range(100)))
    assert together == [2 * number for number in range(100)]
    assert sum(len(call) for call in leaf.calls) == 100


async def test_waits_and_batch_sizes_are_observed():
    seen = []
    leaf = Leaf()
    hop = Coalescer(
        "leaf", leaf.send, CoalescerLimits(), asyncio.get_running_loop().time,
        observe=lambda items, waits: seen.append((items, len(waits))),
    )  # fmt: skip
    await hop.submit(1, deadline())
    assert seen == [(1, 1)]


async def test_under_load_calls_leave_apart_so_that_each_carries_more():
    leaf = Leaf()
    hop = coalescer(leaf.send, lanes=4, linger_s=0.02)
    assert await asyncio.gather(*(hop.submit(number, deadline()) for number in (1, 2, 3))) == [2, 4, 6]
    assert leaf.calls == [[1], [2, 3]]


async def test_a_call_lingers_for_each_item_of_the_one_before_up_to_a_limit():
    leaf, clock = Leaf(), Clock()
    hop = coalescer(leaf.send, clock, lanes=4, linger_s=30.0, most_linger_s=50.0)
    asked = []
    for at_s, number, calls in (
        (0.0, 1, [[1]]),
        (29.0, 2, [[1]]),
        (31.0, 3, [[1], [2, 3]]),
        (80.0, 4, [[1], [2, 3]]),
        (81.0, 5, [[1], [2, 3], [4, 5]]),
    ):
        clock.now_s = 100.0 + at_s
        asked.append(asyncio.ensure_future(hop.submit(number, Deadline.after_ms(1e6, clock))))
        await spin()
        assert leaf.calls == calls
    assert await asyncio.gather(*asked) == [2, 4, 6, 8, 10]


async def test_a_full_call_does_not_linger():
    leaf = Leaf()
    hop = coalescer(leaf.send, lanes=4, linger_s=3600.0, max_items=2)
    assert await asyncio.gather(*(hop.submit(number, deadline()) for number in (1, 2, 3))) == [2, 4, 6]
    assert leaf.calls == [[1], [2, 3]]


async def test_without_recent_calls_an_item_does_not_linger():
    leaf, clock = Leaf(), Clock()
    hop = coalescer(leaf.send, clock, lanes=1, linger_s=3600.0)
    await hop.submit(1, Deadline.after_ms(5_000.0, clock))
    clock.now_s += 3600.0
    await hop.submit(2, Deadline.after_ms(5_000.0, clock))
    assert leaf.calls == [[1], [2]]


async def test_an_item_whose_deadline_passes_while_it_lingers_is_told_so_and_never_sent():
    leaf = Leaf()
    hop = coalescer(leaf.send, lanes=1, linger_s=0.05)
    await hop.submit(1, deadline())
    with pytest.raises(DeadlineExceeded):
        await hop.submit(2, deadline(milliseconds=1.0))
    assert await hop.submit(3, deadline()) == 6
    assert leaf.calls == [[1], [3]]
