"""The caller's end: a line to every door of this machine."""

import asyncio
import itertools
import logging
import os
import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from deployments.wire.frames import FrameProtocol, Kind
from deployments.wire.places import node_of
from ranking.errors import DependencyError

_log = logging.getLogger(__name__)


class Line(FrameProtocol):
    """A connection to one door; calls on it may overlap."""

    def __init__(self, node: str, gone: Callable[["Line"], None]) -> None:
        super().__init__()
        self._node = node
        self._gone = gone
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Sequence[Any]]] = {}
        self._closing = False

    @property
    def in_flight(self) -> int:
        """Calls the leaf has not answered. One that was given up counts until the leaf says that it has heard of it, so
        that nobody goes on calling a leaf that stands still."""
        return len(self._calls)

    async def call(self, method: str, items: Sequence[Any], remaining_ms: Sequence[float]) -> Sequence[Any]:
        """One outcome per item.

        Raises:
            DependencyError: the leaf failed on the call.
            ConnectionError: the leaf has gone, and whether it did the work nobody knows.
        """
        if not self.is_open:
            raise ConnectionResetError(f"{self._node} has hung up")
        body = pickle.dumps((method, list(items), list(remaining_ms)), pickle.HIGHEST_PROTOCOL)
        number = next(self._numbers) & 0xFFFFFFFF
        future: asyncio.Future[Sequence[Any]] = asyncio.get_running_loop().create_future()
        self._calls[number] = future
        self.say(Kind.CALL, number, body)
        try:
            return await future
        except asyncio.CancelledError:
            self.say(Kind.CANCEL, number)
            raise

    def frame(self, kind: Kind, number: int, body: bytes) -> None:
        """See `FrameProtocol`."""
        if kind is Kind.CLOSING:
            self._closing = True
            self._gone(self)
        else:
            future = self._calls.pop(number, None)
            if future is not None and not future.done():
                self._end(future, kind, body)
        if self._closing and not self._calls:
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        del exc
        self._gone(self)
        for future in self._calls.values():
            if not future.done():
                future.set_exception(ConnectionResetError(f"{self._node} has hung up"))
        self._calls.clear()

    def _end(self, future: "asyncio.Future[Sequence[Any]]", kind: Kind, body: bytes) -> None:
        if kind is not Kind.ANSWER:
            future.set_exception(DependencyError(self._node, body.decode(errors="replace")))
            return
        try:
            future.set_result(pickle.loads(body))  # noqa: S301 - the folder is ours alone
        except Exception as err:  # noqa: BLE001 - unpickling raises anything, and the caller waits
            future.set_exception(DependencyError(self._node, type(err).__name__))


class Lines:
    """Lines to the doors in `folder`, found by `look`."""

    def __init__(self, folder: Path, poll_s: float = 0.5) -> None:
        self._folder = folder
        self._poll_s = poll_s
        self._lines: dict[Path, Line] = {}
        self._by_node: dict[str, list[Line]] = {}

    def least_busy(self, node: str, below: int) -> Line | None:
        """The line to a replica of `node` with the fewest calls in flight; None when each has `below` or more."""
        lines = self._by_node.get(node, ())
        best = min(lines, key=lambda line: line.in_flight, default=None)
        return best if best is not None and best.in_flight < below else None

    async def look(self) -> None:
        """Connect to doors that are new; a socket that nobody listens on is a dead replica's and is swept away."""
        for path in self._doors():
            node = node_of(path)
            if node is not None and path not in self._lines:
                await self._connect(path, node)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Look now and then every `poll_s` seconds; hang up at the end, and what is in flight fails."""
        await self.look()
        looking = asyncio.get_running_loop().create_task(self._look_for_ever())
        try:
            yield
        finally:
            looking.cancel()
            for line in tuple(self._lines.values()):
                line.cut()
            await asyncio.sleep(0)

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            await self.look()

    def _doors(self) -> list[Path]:
        try:
            with os.scandir(self._folder) as found:
                return [Path(each.path) for each in found]
        except FileNotFoundError:
            return []

    async def _connect(self, path: Path, node: str) -> None:
        try:
            _, line = await asyncio.get_running_loop().create_unix_connection(
                lambda: Line(node, lambda gone: self._forget(path, gone)), str(path)
            )
        except ConnectionRefusedError:
            _sweep(path)
        except OSError as err:
            _log.warning("no line to %s: %s", path.name, type(err).__name__)
        else:
            if not line.is_open:
                return
            self._lines[path] = line
            self._by_node[node] = [*self._by_node.get(node, ()), line]

    def _forget(self, path: Path, line: Line) -> None:
        self._lines.pop(path, None)
        self._by_node = {
            node: [each for each in lines if each is not line] for node, lines in self._by_node.items()
        }


def _sweep(path: Path) -> None:
    path.unlink(missing_ok=True)
