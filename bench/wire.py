"""One keep-alive HTTP/1.1 connection of the load generator: bytes out, and of what comes in only what must be known."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools


@dataclass(slots=True)
class Reply:
    """What one response said; `keep` is false when the server closes the connection after it."""

    status: int
    retry_after: bool
    body: bytes
    keep: bool


class Connection(asyncio.Protocol):
    """Carries one exchange at a time; `number` is its place in the load, -1 when idle.

    `settled(connection, number, reply)` is called when its response is complete, and `lost(connection, number, why)` when the connection
    ends, with -1 when nothing was under way. `why` is "closed" or "garbled". Then `may_be_repeated` says whether the exchange that was
    under way may have met a connection that the server was closing as idle.
    """

    __slots__ = (
        "_body",
        "_lost",
        "_parser",
        "_retry_after",
        "_settled",
        "_transport",
        "_used",
        "may_be_repeated",
        "number",
        "why",
    )

    def __init__(
        self,
        settled: Callable[["Connection", int, Reply], None],
        lost: Callable[["Connection", int, str], None],
    ) -> None:
        self._settled, self._lost = settled, lost
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._retry_after = False
        self._used = False
        self.may_be_repeated = False
        self.number = -1
        self.why = "closed"

    @property
    def is_open(self) -> bool:
        """Whether it can carry an exchange."""
        return self._transport is not None

    def send(self, number: int, request: bytes) -> None:
        """Begin the exchange of that number."""
        assert self._transport is not None
        self.number = number
        self.may_be_repeated = self._used
        self._transport.write(request)

    def abort(self) -> None:
        """Drop the connection at once; `lost` follows."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by behaviour, not by class

    def data_received(self, data: bytes) -> None:
        self.may_be_repeated = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.why = "garbled"
            self.abort()

    def eof_received(self) -> None:
        return None  # closes

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        number, self.number = self.number, -1
        self._transport = None
        self._lost(self, number, self.why)

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) == 11 and name.lower() == b"retry-after" and value:
            self._retry_after = True

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self.number < 0:  # an interim answer, or one that nobody asked for
            if self.number < 0:
                self.why = "garbled"
                self.abort()
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        reply = Reply(status, self._retry_after, body, self._parser.should_keep_alive())
        number, self.number = self.number, -1
        self._body, self._retry_after, self._used = [], False, True
        if not reply.keep:
            self.abort()
        self._settled(self, number, reply)
