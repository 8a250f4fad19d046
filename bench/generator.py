"""The load generator's process: `python -m bench.generator` reads a `Load` as JSON from stdin, writes an `Outcome` to stdout.

It sends bytes that were prepared beforehand over kept-alive connections and looks at each answer only for its
status and for skipped stages; a sample is kept and checked after the last answer, outside the measured time. A request
that finds no idle connection opens one: nothing waits for the answer to another.

A server may close a kept connection just when a request is under way on it. As HTTP clients do (RFC 9112, 9.3.1), such a
request is sent once more: only if its connection had carried an answer before and not one byte of the next one came. Queries
are safe to repeat, repeats are counted, and the latency runs on from the time due.
"""

import asyncio
import gc
import math
import resource
import sys
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

from bench import answers
from bench.arrivals import REFUSED, Load, Outcome
from bench.wire import Connection, Reply

_LEAD_S = 0.2
_SWEEP_S = 0.05
_LEAST_SLEEP_S = 0.001  # uvloop's timers count milliseconds; less would spin
_DEGRADATIONS = b'"degradations":['
_SKIPPED = (b'"reason":"deadline"', b'"reason":"overloaded"', b'"reason":"unavailable"')
_FILES = 65_536
_EXAMPLE_BYTES = 500


class Generator:
    """Sends one load once."""

    def __init__(self, load: Load) -> None:
        place = urlsplit(load.url)
        self._host, self._port = place.hostname or "127.0.0.1", place.port or 80
        self._load = load
        self._requests = [_request(place.netloc, load.path, body) for body in load.bodies]
        count = len(load.bodies)
        self._codes: list[str] = [""] * count
        self._ended_s = [0.0] * count
        self._late_ms = [0.0] * count
        self._carriers: list[Connection | None] = [None] * count
        self._open: deque[int] = deque()
        self._idle: list[Connection] = []
        self._dials: set[asyncio.Task[None]] = set()
        self._kept: dict[int, bytes] = {}
        self._resent: set[int] = set()
        self._outcome = Outcome(count)
        self._next, self._left = 0, count
        self._due_s: list[float] = []
        self._fault: BaseException | None = None

    async def run(self) -> Outcome:
        """Send all, wait for every answer or its timeout, check the sample."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._failed)
        self._done = asyncio.Event()
        await asyncio.gather(*(self._dial(None) for _ in range(min(self._load.connections, self._left))))
        before_s = _cpu_s()
        started_s = time.perf_counter() + _LEAD_S
        self._due_s = [started_s + each for each in self._load.due_s]
        if self._left:
            self._loop.call_later(_LEAD_S, self._tick)
            self._loop.call_later(_SWEEP_S, self._sweep)
            await self._done.wait()
        if self._fault is not None:
            raise self._fault
        outcome = self._outcome
        outcome.duration_s, outcome.cpu_s = time.perf_counter() - started_s, _cpu_s() - before_s
        outcome.codes = self._codes
        outcome.resent = len(self._resent)
        outcome.latencies_ms = [
            round(1000.0 * (ended_s - due_s), 3)
            for ended_s, due_s in zip(self._ended_s, self._due_s, strict=True)
        ]
        outcome.late_ms = [round(each, 3) for each in self._late_ms]
        outcome.samples = answers.checked(
            (body, self._load.bodies[number]) for number, body in self._kept.items()
        )
        for connection in self._idle:
            connection.abort()
        return outcome

    def _tick(self) -> None:
        """Send what is due; come back when the next is."""
        now_s = time.perf_counter()
        while self._next < len(self._due_s) and self._due_s[self._next] <= now_s:
            self._start(self._next)
            self._next += 1
            now_s = time.perf_counter()
        if self._next < len(self._due_s):
            wait_s = math.ceil(1000.0 * (self._due_s[self._next] - now_s)) / 1000.0
            self._loop.call_later(max(_LEAST_SLEEP_S, wait_s), self._tick)

    def _start(self, number: int) -> None:
        self._open.append(number)
        if self._idle:
            self._write(self._idle.pop(), number)
        else:
            self._spawn(self._dial(number))

    def _write(self, connection: Connection, number: int) -> None:
        self._late_ms[number] = self._late_ms[number] or 1000.0 * (time.perf_counter() - self._due_s[number])
        if not connection.is_open:
            self._settle(number, "closed")
            return
        self._carriers[number] = connection
        connection.send(number, self._requests[number])

    def _spawn(self, dial: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(dial)
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    async def _dial(self, number: int | None) -> None:
        """Open a connection, for a request or for later."""
        if number is not None and not self._late_ms[number]:  # a connection's time is the server's, not ours
            self._late_ms[number] = max(1e-3, 1000.0 * (time.perf_counter() - self._due_s[number]))
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._settled, self._lost), self._host, self._port
            )
        except OSError:
            if number is not None:
                self._settle(number, "unreachable")
            return
        if number is not None and not self._codes[number]:
            self._write(connection, number)
        elif connection.is_open:
            self._idle.append(connection)

    def _settled(self, connection: Connection, number: int, reply: Reply) -> None:
        if reply.keep:
            self._idle.append(connection)
        if self._codes[number]:
            return
        code = str(reply.status)
        self._settle(number, code)
        if reply.status == 200:
            tail = reply.body[max(0, reply.body.rfind(_DEGRADATIONS)) :]
            if any(mark in tail for mark in _SKIPPED):
                self._outcome.degraded.append(number)
            if number % self._load.sample_every == 0:
                self._kept[number] = reply.body
            return
        self._outcome.without_retry_after += code in REFUSED and not reply.retry_after
        if code not in self._outcome.examples:
            told = reply.body[:_EXAMPLE_BYTES].decode(errors="replace")
            self._outcome.examples[code] = [self._load.bodies[number][:_EXAMPLE_BYTES], told]

    def _lost(self, connection: Connection, number: int, why: str) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if number < 0 or self._codes[number]:
            return
        if why == "closed" and connection.may_be_repeated and number not in self._resent:
            self._resent.add(number)
            self._spawn(self._dial(number))
        else:
            self._settle(number, why)

    def _sweep(self) -> None:
        """Give up on requests whose time is over; they are in the order they were due."""
        now_s = time.perf_counter()
        while self._open:
            number = self._open[0]
            if not self._codes[number]:
                if now_s - self._due_s[number] < self._load.timeout_s:
                    break
                self._settle(number, "timeout")
                carrier = self._carriers[number]
                if carrier is not None:
                    carrier.abort()
            self._open.popleft()
        if self._left:
            self._loop.call_later(_SWEEP_S, self._sweep)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of our own ends the run: figures without it would be wrong."""
        self._fault = context.get("exception") or RuntimeError(context["message"])
        self._done.set()

    def _settle(self, number: int, code: str) -> None:
        self._codes[number] = code
        self._ended_s[number] = time.perf_counter()
        self._left -= 1
        if not self._left:
            self._done.set()


def _request(host: str, path: str, body: str) -> bytes:
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Stdin to stdout."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    allowed = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    generator = Generator(Load(**orjson.loads(sys.stdin.buffer.read())))
    gc.collect()
    gc.freeze()
    outcome = uvloop.run(generator.run())
    sys.stdout.buffer.write(orjson.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
