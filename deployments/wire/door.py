"""The leaf's end: a socket on which callers of this machine make list calls."""

import asyncio
import contextvars
import logging
import pickle
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deployments.wire.frames import FrameProtocol, Kind
from deployments.wire.places import door_path, secure

Method = Callable[[Sequence[Any], Sequence[float]], Awaitable[Sequence[Any]]]
_FAREWELL_S = 15.0
_log = logging.getLogger(__name__)


class Door:
    """Answers calls of `methods` and no others.

    `close` loses no call: callers are told, they send no more, and hang up when their last answer has come.
    """

    def __init__(self, folder: Path, node: str, methods: Mapping[str, Method]) -> None:
        self._folder = folder
        self._node = node
        self._methods = methods
        self._path = door_path(folder, node, uuid.uuid4().hex[:8])
        self._server: asyncio.AbstractServer | None = None
        self._callers: set[_Caller] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    async def stay_open(self) -> None:
        """Open the door; one whose socket was swept away is opened anew.

        Raises:
            ArtifactError: the folder is not ours alone.
            OSError: no socket can be made there.
        """
        if self._server is not None and self._path.exists():
            return
        if self._server is not None:
            self._server.close()
        secure(self._folder)
        # A door is found under its name only once somebody listens: who is refused takes it for a dead replica's.
        unseen = self._path.with_suffix(".new")
        unseen.unlink(missing_ok=True)
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Caller(self), str(unseen))
        unseen.rename(self._path)

    async def close(self, farewell_s: float = _FAREWELL_S) -> None:
        """Let nobody in, and wait until all callers have hung up, at most `farewell_s` seconds."""
        if self._server is None:
            return
        self._path.unlink(missing_ok=True)
        with suppress(OSError):  # others may still meet there
            self._folder.rmdir()
        self._server.close()
        self._server = None
        for caller in self._callers:
            caller.say(Kind.CLOSING)
        try:
            async with asyncio.timeout(farewell_s):
                await self._all_gone.wait()
        except TimeoutError:
            _log.warning("%s closes its door on %d callers", self._node, len(self._callers))
            for caller in tuple(self._callers):
                caller.cut()
            await self._all_gone.wait()

    def came(self, caller: "_Caller") -> None:
        """A caller has connected; one that was on its way while the door was closed finds nobody."""
        if self._server is None:
            caller.cut()
        self._callers.add(caller)
        self._all_gone.clear()

    def went(self, caller: "_Caller") -> None:
        """A caller has hung up."""
        self._callers.discard(caller)
        if not self._callers:
            self._all_gone.set()

    async def answered(self, body: bytes) -> tuple[Kind, bytes]:
        """The frame that answers a call."""
        try:
            method, items, remaining_ms = pickle.loads(body)  # noqa: S301 - the folder is ours alone
            outcomes = await self._methods[method](items, remaining_ms)
            return Kind.ANSWER, pickle.dumps(outcomes, pickle.HIGHEST_PROTOCOL)
        except asyncio.CancelledError:
            return Kind.FAILED, b"CancelledError"
        except Exception as err:  # noqa: BLE001 - the caller waits for an answer, whatever went wrong here
            _log.exception("%s failed on a call", self._node)
            return Kind.FAILED, type(err).__name__.encode()


class _Caller(FrameProtocol):
    """One connection at a door, with the calls that are being answered."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door
        self._answering: dict[int, asyncio.Task[None]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._door.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        for task in self._answering.values():
            task.cancel()
        self._door.went(self)

    def frame(self, kind: Kind, number: int, body: bytes) -> None:
        if kind is Kind.CALL:
            answering = self._answer(number, body)
            task = asyncio.get_running_loop().create_task(answering, context=contextvars.Context())
            self._answering[number] = task
            task.add_done_callback(lambda _: self._answering.pop(number, None))
        elif kind is Kind.CANCEL and number in self._answering:
            self._answering[number].cancel()

    async def _answer(self, number: int, body: bytes) -> None:
        kind, reply = await self._door.answered(body)
        self.say(kind, number, reply)
