"""The pulse tells how long requests may have waited unseen."""

import asyncio
import time

from deployments.pulse import Pulse


def burn(seconds: float) -> None:
    """Block the loop, as work on the event loop does."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        pass


async def test_a_blocked_loop_is_seen_while_it_is_blocked_and_just_after() -> None:
    pulse = Pulse(lambda: None)
    pulse.start()
    try:
        burn(0.1)
        assert pulse.lag_s() >= 0.07  # the beat was due after 20 ms and could not come
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert pulse.lag_s() >= 0.07
    finally:
        pulse.stop()
    assert pulse.lag_s() == 0.0


async def test_without_a_beat_there_is_no_lag() -> None:
    assert Pulse(lambda: None).lag_s() == 0.0
    Pulse(lambda: None).stop()


async def test_reports_come_by_themselves_until_it_stops() -> None:
    reported = asyncio.Event()
    pulse = Pulse(reported.set)
    pulse.start()
    async with asyncio.timeout(10.0):
        await reported.wait()
    pulse.stop()
    assert not [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
