"""Who may start now, who waits, and who is refused at once because the answer would come too late.

A pure account: the clock is an argument and nothing waits here (`gate` does). Four ideas (decision records 0015, 0023):

- As much work is in progress as leaves within `residence_s` at the observed rate, which is most of what the most hurried allow:
  the more is in progress, the fuller are the calls between nodes and the more leaves. The rest waits in lines, where it
  costs nothing, and is refused when it could not be done by its deadline.
- The rate counts only at full load, when what leaves is all that can leave. A query that ran out of time did nothing.
- Lines by patience are served in turn: who allows ten seconds cannot book up the next ten seconds for those who allow a
  third of one.
- An expensive query counts for its work in a line, and for a quarter of the width at most in work.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from deployments.pace import Hurry, Rate, Residence
from ranking.errors import Overloaded

PATIENCE_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Upper bounds of the lines; a last line has none."""
_SOON_S = 1.0
_ROOM_SHARE = 0.25
_SOONEST_SHARE = 0.5
_STILL_FULL_SHARE = 0.5
Ending = Literal["answered", "timed_out", "failed"]


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """Bounds of one ingress; work is counted in ordinary queries.

    `most` queries wait or are in work. `least_width` may be in work however slow they are. `residence_share` of the time that the
    most hurried of late allow is spent in work at full load, within `residence_s`, least and most. A prediction must leave
    `spare` of the time, at most `most_spare_s`. `memory_s` and `long_memory_s` are e-folding times of the observed rate, in
    seconds at full load: what lies further ahead than a second is judged by the longer one; `hurry_memory_s` is that of how
    hurried they were. A line that was empty may make good the turns of `credit_s`. `first_rate` (per second) is believed until
    something was observed.
    """

    most: int = 1024
    least_width: int = 8
    residence_share: float = 0.7
    residence_s: tuple[float, float] = (0.2, 0.8)
    spare: float = 0.2
    most_spare_s: float = 0.3
    hurry_memory_s: float = 2.0
    credit_s: float = 0.1
    memory_s: float = 1.0
    long_memory_s: float = 3.0
    first_rate: float = 250.0


@dataclass(eq=False, slots=True)
class Ticket:
    """One admitted query; mutable, as it goes from its line into work."""

    weight: int
    ends_s: float
    line: "_Line"
    state: Literal["waiting", "running", "aside", "gone"] = "waiting"
    started_s: float = 0.0
    room: float = 0.0


@dataclass(eq=False, slots=True)
class _Line:
    """Queries of like patience, first come first served; `served` is the work it had, in step with the other lines."""

    tickets: deque[Ticket] = field(default_factory=deque)
    work: int = 0
    served: int = 0


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
        self._room_taken = 0.0
        self._hurry = Hurry(limits.hurry_memory_s, limits.residence_s[0] / limits.residence_share)
        self._slow = False
        self._residence = Residence()
        self._full = False
        self._filling_s = 0.0
        self._seen_s = 0.0
        self._crowded_s = -inf
        self._rate = Rate(limits.memory_s, limits.first_rate)
        self._long_rate = Rate(limits.long_memory_s, limits.first_rate)

    @property
    def waiting(self) -> int:
        """Queries that wait for their turn."""
        return self._waiting

    @property
    def running(self) -> int:
        """Queries in work."""
        return self._running

    def was_crowded_since(self, at_s: float) -> bool:
        """Whether more than `least_width` has been in work at a time since then, or there was no room."""
        return self._crowded_s >= at_s

    @property
    def rate(self) -> float:
        """Work done per second at full load, as last observed."""
        return self._rate.per_s

    @property
    def width(self) -> float:
        """How much work may be in progress."""
        return max(self._limits.least_width, self.rate * self.residence_s)

    @property
    def residence_s(self) -> float:
        """How long a query is in work at full load."""
        least_s, most_s = self._limits.residence_s
        return min(max(self._limits.residence_share * self._hurry.seconds, least_s), most_s)

    def check(self, now_s: float, ends_s: float, weight: int = 1) -> None:
        """Refuse what would not be done by `ends_s`; who can start at once never is.

        Raises:
            Overloaded: at the stage "queue" when there is no place, else "deadline"; with the seconds until the same request
                would be let in, if nobody else came.
        """
        if self._waiting + self._running >= self._limits.most:
            raise Overloaded("queue", self._waiting_work / self.rate)
        left_s = ends_s - now_s
        self._hurry.note(left_s)
        if self._can_start(weight):
            return
        spare_s = min(self._limits.spare * left_s, self._limits.most_spare_s)
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
            self._filling_s = 0.0
            spent_s = now_s - ticket.started_s
            self._residence.note(spent_s)
            self._slow = spent_s > self.residence_s
            self._free(ticket)
            hurried = ticket.ends_s - ticket.started_s < self.residence_s
            if full and (ending == "answered" or (ending == "timed_out" and hurried)):
                self._rate.count(ticket.weight)
                self._long_rate.count(ticket.weight)
        ticket.state = "gone"

    def step_aside(self, ticket: Ticket, now_s: float) -> None:
        """A running query waits for somebody else: it takes no room meanwhile, and that time says nothing of the service."""
        self._note_time(now_s)
        self._free(ticket)
        ticket.state = "aside"
        ticket.started_s -= now_s

    def step_back(self, ticket: Ticket, now_s: float) -> None:
        """It runs again at once, whether there is room or not: little of it is left."""
        self._note_time(now_s)
        ticket.state = "running"
        ticket.started_s += now_s
        self._take(ticket)

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

    def _room(self, weight: int) -> float:
        """What a query takes of the width.

        An expensive one is long in work, but in one stage at a time; others must fill the other stages meanwhile.
        """
        return min(weight, max(1.0, _ROOM_SHARE * self.width))

    def _start(self, ticket: Ticket) -> None:
        ticket.state = "running"
        ticket.started_s = self._seen_s
        ticket.room = self._room(ticket.weight)
        self._take(ticket)

    def _take(self, ticket: Ticket) -> None:
        self._running += 1
        self._running_work += ticket.weight
        self._room_taken += ticket.room

    def _free(self, ticket: Ticket) -> None:
        self._running -= 1
        self._running_work -= ticket.weight
        self._room_taken -= ticket.room

    def _line_for(self, left_s: float) -> _Line:
        return self._lines[bisect_left(PATIENCE_S, left_s)]

    def _queue(self, ticket: Ticket) -> None:
        line = ticket.line
        if not line.work:
            line.tickets.clear()
            line.served = self._first_turn(line)
        line.tickets.append(ticket)
        line.work += ticket.weight
        self._waiting += 1
        self._waiting_work += ticket.weight

    def _first_turn(self, line: _Line) -> int:
        """Where a line that was empty comes in: who was away a moment is let catch up, who was away for long is not."""
        return max(line.served, self._served - int(self._limits.credit_s * self.rate))

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
        turn = (own.served if own.work else self._first_turn(own)) + through
        work, less_patient = through, True
        for line in self._lines:
            if line is own:
                less_patient = False
            elif line.work:
                before = max(turn - line.served, 0)
                work += before if less_patient else min(line.work, before)
        rate = self._rate if left_s <= _SOON_S else self._long_rate
        in_work_s = max(self._residence.seconds, min(self._running_work / self.rate, self.residence_s))
        return work / rate.per_s + in_work_s

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
        if passed_s > 0.0:
            self._hurry.forget(passed_s)
        wide = self._room_taken > self._limits.least_width
        if not self._has_room(1):
            if not self._full:
                self._filling_s = self.residence_s
            self._full = True
        elif self._room_taken < _STILL_FULL_SHARE * self.width:
            self._full = False
        full = self._full or (self._slow and wide)
        if full or wide:
            self._crowded_s = now_s
        filling_s = min(passed_s, self._filling_s)
        self._filling_s -= filling_s
        passed_s -= filling_s
        if full and passed_s > 0.0:
            self._rate.note(passed_s)
            self._long_rate.note(passed_s)
        return full
