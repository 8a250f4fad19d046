"""Who may start now, who waits, and who is refused at once because the answer would come too late.

A pure account: the clock is an argument and nothing waits here (`gate` does). Three ideas (decision record 0015):

- As much work is in progress as leaves within `residence_s` at the observed rate. The rest waits in lines, where it costs
  nothing, and is refused when it could not be done by its deadline.
- The rate counts only at full load, when what leaves is all that can leave. A query that ran out of time did nothing.
- Lines by patience are served in turn: who allows ten seconds cannot book up the next ten seconds for those who allow a
  third of one.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from math import exp
from typing import Literal

from ranking.errors import Overloaded

PATIENCE_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Upper bounds of the lines; a last line has none."""
_SOON_S = 1.0
_SOONEST_SHARE = 0.5
_PRIOR_SHARE = 1.0 / 3.0
_STILL_FULL_SHARE = 0.5
Ending = Literal["answered", "timed_out", "failed"]


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """Bounds of one ingress; work is counted in ordinary queries.

    `most` queries wait or are in work. `least_width` may be in work however slow they are, and `residence_s` is how long one
    is in work at full load. A prediction must leave `spare` of the time, `residence_s` at most. `memory_s` and `long_memory_s` are
    e-folding times of the observed rate, in seconds at full load: what lies further ahead than a second is judged by the
    longer one. `first_rate` (per second) is believed until something was observed.
    """

    most: int = 1024
    least_width: int = 8
    residence_s: float = 0.1
    spare: float = 0.3
    memory_s: float = 0.6
    long_memory_s: float = 3.0
    first_rate: float = 400.0


@dataclass(eq=False, slots=True)
class Ticket:
    """One admitted query; mutable, as it goes from its line into work."""

    weight: int
    ends_s: float
    line: "_Line"
    state: Literal["waiting", "running", "gone"] = "waiting"
    started_s: float = 0.0


@dataclass(eq=False, slots=True)
class _Line:
    """Queries of like patience, first come first served; `served` is the work it had, in step with the other lines."""

    tickets: deque[Ticket] = field(default_factory=deque)
    work: int = 0
    served: int = 0


class _Rate:
    """Work per second at full load, remembered for about `memory_s` of it."""

    def __init__(self, memory_s: float, first: float) -> None:
        self._memory_s = memory_s
        self._full_s = memory_s * _PRIOR_SHARE
        self._done = first * self._full_s

    @property
    def per_s(self) -> float:
        """Never zero, so that what waits has an end."""
        return max(self._done / self._full_s, 1.0)

    def note(self, passed_s: float) -> None:
        """So much more time was spent at full load."""
        kept = exp(-passed_s / self._memory_s)
        self._done *= kept
        self._full_s = self._full_s * kept + passed_s

    def count(self, work: int) -> None:
        """So much work was done in it."""
        self._done += work


class Admission:
    """The account of one ingress."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._lines = [_Line() for _ in range(len(PATIENCE_S) + 1)]
        self._served = 0
        self._waiting = 0
        self._waiting_work = 0
        self._running = 0
        self._running_work = 0
        self._room_taken = 0
        self._slow = False
        self._full = False
        self._seen_s = 0.0
        self._rate = _Rate(limits.memory_s, limits.first_rate)
        self._long_rate = _Rate(limits.long_memory_s, limits.first_rate)

    @property
    def waiting(self) -> int:
        """Queries that wait for their turn."""
        return self._waiting

    @property
    def running(self) -> int:
        """Queries in work."""
        return self._running

    @property
    def rate(self) -> float:
        """Work done per second at full load, as last observed."""
        return self._rate.per_s

    @property
    def width(self) -> float:
        """How much work may be in progress."""
        return max(self._limits.least_width, self.rate * self._limits.residence_s)

    def check(self, now_s: float, ends_s: float, weight: int = 1) -> None:
        """Refuse what would not be done by `ends_s`; who can start at once never is.

        Raises:
            Overloaded: at the stage "queue" when there is no place, else "deadline"; with the seconds until the same request
                would be let in, if nobody else came.
        """
        if self._waiting + self._running >= self._limits.most:
            raise Overloaded("queue", self._waiting_work / self.rate)
        if self._can_start(weight):
            return
        left_s = ends_s - now_s
        spare_s = min(self._limits.spare * left_s, self._limits.residence_s)
        late_s = self._done_in_s(left_s, weight) + spare_s - left_s
        if late_s > 0.0:
            raise Overloaded("deadline", late_s)

    def enter(self, now_s: float, ends_s: float, weight: int = 1) -> Ticket:
        """Take a query in that `check` lets pass; it is `running` or `waiting`."""
        self._note_time(now_s)
        ticket = Ticket(weight, ends_s, self._line_for(ends_s - now_s))
        if self._can_start(weight):
            self._start(ticket)
        else:
            self._queue(ticket)
        return ticket

    def leave(self, ticket: Ticket, now_s: float, ending: Ending = "answered") -> None:
        """A query has ended, in work or still in its line.

        One that timed out or failed used time and did nothing, so it counts against the rate; but who allowed less time than
        a query takes at full load says nothing of the service.
        """
        full = self._note_time(now_s)
        if ticket.state == "waiting":
            self._take_from_line(ticket)
        elif ticket.state == "running":
            self._slow = now_s - ticket.started_s > self._limits.residence_s
            self._running -= 1
            self._running_work -= ticket.weight
            self._room_taken -= self._room(ticket.weight)
            hurried = ticket.ends_s - ticket.started_s < self._limits.residence_s
            if full and (ending == "answered" or (ending == "timed_out" and hurried)):
                self._rate.count(ticket.weight)
                self._long_rate.count(ticket.weight)
        ticket.state = "gone"

    def turns(self, now_s: float) -> list[Ticket]:
        """Those whose turn has come: `running` now, or `gone` when it has come too late for their deadline."""
        self._note_time(now_s)
        called: list[Ticket] = []
        while self._waiting:
            line = min((line for line in self._lines if line.work), key=lambda line: line.served)
            ticket = line.tickets[0]
            if ticket.state == "gone":
                line.tickets.popleft()
            elif ticket.ends_s - now_s < self._soonest_s():
                self._take_from_line(ticket)
                ticket.state = "gone"
                called.append(ticket)
            elif self._has_room(ticket.weight):
                self._take_from_line(line.tickets.popleft())
                self._served = line.served
                line.served += ticket.weight
                self._start(ticket)
                called.append(ticket)
            else:
                break
        return called

    def _can_start(self, weight: int) -> bool:
        return not self._waiting and self._has_room(weight)

    def _has_room(self, weight: int) -> bool:
        return not self._running or self._room_taken + self._room(weight) <= self.width

    def _room(self, weight: int) -> int:
        """What a query takes of the width.

        An expensive one is long in work, but in one stage at a time; others must fill the other stages meanwhile.
        """
        return min(weight, self._limits.least_width)

    def _start(self, ticket: Ticket) -> None:
        ticket.state = "running"
        ticket.started_s = self._seen_s
        self._running += 1
        self._running_work += ticket.weight
        self._room_taken += self._room(ticket.weight)

    def _line_for(self, left_s: float) -> _Line:
        return self._lines[bisect_left(PATIENCE_S, left_s)]

    def _queue(self, ticket: Ticket) -> None:
        line = ticket.line
        if not line.work:
            line.tickets.clear()
            line.served = max(line.served, self._served)  # no credit for the time it was empty
        line.tickets.append(ticket)
        line.work += ticket.weight
        self._waiting += 1
        self._waiting_work += ticket.weight

    def _take_from_line(self, ticket: Ticket) -> None:
        ticket.line.work -= ticket.weight
        self._waiting -= 1
        self._waiting_work -= ticket.weight

    def _done_in_s(self, left_s: float, weight: int) -> float:
        """Seconds until a query would be done that queues now.

        Lines are served in turn. Of a more patient one at most as much goes first as waits in it; a less patient one is
        filled again as fast as it is served, and takes its full share.
        """
        own = self._line_for(left_s)
        through = own.work + weight
        work, less_patient = self._running_work + through, True
        for line in self._lines:
            if line is own:
                less_patient = False
            elif line.work:
                work += through if less_patient else min(line.work, through)
        rate = self._rate if left_s <= _SOON_S else self._long_rate
        return work / rate.per_s

    def _soonest_s(self) -> float:
        """What a query needs at the least if it starts now."""
        return _SOONEST_SHARE * self._running_work / self.rate

    def _note_time(self, now_s: float) -> bool:
        """Whether the service was full since the last event; that time counts for the rate.

        It is full from when there is no room until it is half empty: a coalesced call ends many queries at one moment, and all
        of them are what full load did. It is full as well when queries take longer than they should at full load: the width is
        wrong then.
        """
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        wide = self._room_taken > self._limits.least_width
        if not self._has_room(1):
            self._full = True
        elif self._room_taken < _STILL_FULL_SHARE * self.width:
            self._full = False
        full = self._full or (self._slow and wide)
        if full and passed_s > 0.0:
            self._rate.note(passed_s)
            self._long_rate.note(passed_s)
        return full
