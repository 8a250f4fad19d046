"""Where queries wait for their turn: `admission` decides, this wakes them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from deployments.admission import Admission, Ending, Ticket
from deployments.telemetry import Telemetry
from ranking.deadline import Clock, Deadline
from ranking.doubt import Aside
from ranking.errors import DeadlineExceeded, Overloaded


class Gate:
    """Lets queries into work in turn, and those that would be late not at all."""

    def __init__(self, admission: Admission, clock: Clock, telemetry: Telemetry) -> None:
        self._admission = admission
        self._clock = clock
        self._telemetry = telemetry
        self._calls: dict[Ticket, asyncio.Future[None]] = {}

    def check(self, ends_s: float, weight: int = 1) -> None:
        """Refuse early what `turn` would refuse; `ends_s` is infinite when nothing is known of the deadline.

        Raises:
            Overloaded: see `Admission.check`.
        """
        try:
            self._admission.check(self._clock(), ends_s, weight)
        except Overloaded as err:
            self._telemetry.not_admitted(err.stage)
            raise

    @asynccontextmanager
    async def turn(self, deadline: Deadline, weight: int = 1) -> AsyncIterator[Aside]:
        """Wait for a place in work, and give it back at the end; yields what lends it to others.

        Raises:
            Overloaded: it would be done too late; at the stage "line", its turn did come too late; at the stage "work", others
                took its time. Who runs out of time almost alone hears `DeadlineExceeded`: trying again would not help.
        """
        self.check(deadline.at_s, weight)
        entered_s = self._clock()
        ticket = self._admission.enter(entered_s, deadline.at_s, weight)
        ending: Ending = "failed"
        try:
            if ticket.state == "waiting":
                await self._turn_of(ticket)
            yield partial(self._aside, ticket)
            ending = "answered"
        except DeadlineExceeded as err:
            ending = "timed_out"
            if self._admission.was_crowded_since(entered_s):
                self._telemetry.not_admitted("work")
                raise Overloaded("work", self._admission.residence_s) from err
            raise
        finally:
            self._admission.leave(ticket, self._clock(), ending)
            self._call_next()

    def report(self) -> None:
        """Tell the telemetry how things stand."""
        account = self._admission
        self._telemetry.admission(account.waiting, account.running, account.rate, account.width)

    @contextmanager
    def _aside(self, ticket: Ticket) -> Iterator[None]:
        self._admission.step_aside(ticket, self._clock())
        self._call_next()
        try:
            yield
        finally:
            self._admission.step_back(ticket, self._clock())

    async def _turn_of(self, ticket: Ticket) -> None:
        loop = asyncio.get_running_loop()
        called = self._calls[ticket] = loop.create_future()
        alarm = loop.call_later(ticket.ends_s - self._clock(), _call, called)
        try:
            await called
        finally:
            alarm.cancel()
            del self._calls[ticket]
        if ticket.state != "running":
            self._telemetry.not_admitted("line")
            raise Overloaded("line")

    def _call_next(self) -> None:
        for ticket in self._admission.turns(self._clock()):
            _call(self._calls[ticket])


def _call(called: asyncio.Future[None]) -> None:
    if not called.done():
        called.set_result(None)
