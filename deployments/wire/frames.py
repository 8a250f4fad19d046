"""What travels on a line: frames of a kind, the number of their call and a body."""

import asyncio
import logging
import struct
from abc import ABC, abstractmethod
from enum import IntEnum
from typing import cast

_HEAD = struct.Struct("<IIB")
MOST_BODY_BYTES = 64 * 2**20
_log = logging.getLogger(__name__)


class Kind(IntEnum):
    """What a frame says. `ANSWER` and `FAILED` end the call of their number; `CLOSING` is of no call."""

    CALL = 1
    ANSWER = 2
    FAILED = 3
    CANCEL = 4
    CLOSING = 5


_KINDS = frozenset(map(int, Kind))


def packed(kind: Kind, number: int = 0, body: bytes = b"") -> bytes:
    """One frame: little-endian u32 bytes of the body, u32 number, u8 kind, then the body.

    Raises:
        ValueError: the body is larger than `MOST_BODY_BYTES`.
    """
    if len(body) > MOST_BODY_BYTES:
        raise ValueError(f"a frame of {len(body)} bytes is too large")
    return _HEAD.pack(len(body), number, kind) + body


class FrameProtocol(asyncio.Protocol, ABC):
    """Cuts the bytes of a connection into frames; what is no frame ends the connection."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._transport: asyncio.Transport | None = None

    @abstractmethod
    def frame(self, kind: Kind, number: int, body: bytes) -> None:
        """Called for each frame, in order."""

    def say(self, kind: Kind, number: int = 0, body: bytes = b"") -> None:
        """Send a frame; on a connection that is gone nothing happens, `connection_lost` has told."""
        if self._transport is not None and self.is_open:
            self._transport.write(packed(kind, number, body))

    @property
    def is_open(self) -> bool:
        """Whether what is said may still arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def end(self) -> None:
        """Close the connection once what was said has left."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Close the connection at once; `connection_lost` is called in the loop's next turn."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is none of asyncio's

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        held = self._held
        held += data
        start = 0
        while len(held) - start >= _HEAD.size:
            size, number, kind = _HEAD.unpack_from(held, start)
            if size > MOST_BODY_BYTES or kind not in _KINDS:
                self._refuse(size, kind)
                return
            end = start + _HEAD.size + size
            if len(held) < end:
                break
            with memoryview(held) as view:
                body = bytes(view[start + _HEAD.size : end])
            start = end
            self.frame(Kind(kind), number, body)
        del held[:start]

    def _refuse(self, size: int, kind: int) -> None:
        _log.warning("a connection is closed: no frame of %d bytes and kind %d is known", size, kind)
        self._held.clear()
        self.cut()
