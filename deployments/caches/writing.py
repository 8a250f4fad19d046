"""Writes to Redis behind the queries: bounded, the oldest dropped and counted, kept while Redis is away."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice

from configs.caches import WritingArgs
from deployments.caches.reach import Command, Reach

Source = Callable[[], list[Command]]
"""Commands that have gathered elsewhere, asked for at every flush; sent before the rest, and lost when Redis does not take them."""


class WriteBehind:
    """One command per key waits, the latest; what waits is seen by this replica already. One event loop."""

    def __init__(self, reach: Reach, args: WritingArgs, dropped: Callable[[int], None]) -> None:
        self._reach = reach
        self._args = args
        self._dropped = dropped
        self._waiting: dict[str, Command] = {}
        self._being_written: dict[str, Command] = {}
        self._sources: list[Source] = []
        self._one_flush = asyncio.Lock()
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._being_written)

    def put(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a value under a key for so many seconds."""
        self._queue(key, ("SET", key, value, "EX", ttl_s))

    def delete(self, keys: Iterable[str]) -> None:
        """Take keys away."""
        names = list(keys)
        for start in range(0, len(names), self._args.per_pipeline):
            part = names[start : start + self._args.per_pipeline]
            self._queue(f"UNLINK {part[0]}", ("UNLINK", *part))

    def value(self, key: str) -> bytes | None:
        """What is on its way to Redis under a key."""
        command = self._waiting.get(key) or self._being_written.get(key)
        if command is None or command[0] != "SET":
            return None
        assert isinstance(command[2], bytes)
        return command[2]

    def draw_from(self, source: Source) -> None:
        """Send a source's commands at every flush."""
        self._sources.append(source)

    def start(self) -> None:
        """Begin to write; call in the event loop."""
        self._writer = asyncio.get_running_loop().create_task(self._write_until_closed())

    async def flush(self) -> None:
        """Write what waits now; when Redis does not take it, it stays."""
        async with self._one_flush:
            drawn = [command for source in self._sources for command in source()]
            if drawn:
                refused = await self._reach.send(drawn)
                self._lost(len(drawn) if refused is None else refused)
            while self._waiting and await self._written():
                pass

    async def close(self) -> None:
        """Write the rest, if Redis takes it, and stop."""
        self._closing.set()
        if self._writer is not None:
            await self._writer
        await self.flush()
        self._lost(len(self))

    async def _written(self) -> bool:
        part = dict(islice(self._waiting.items(), self._args.per_pipeline))
        for key in part:
            del self._waiting[key]
        self._being_written = part
        refused: int | None = None
        try:
            refused = await self._reach.send(list(part.values()))
        finally:
            self._being_written = {}
            if refused is None:
                self._waiting = {**part, **self._waiting}
                self._bound()
        self._lost(refused or 0)
        return refused is not None

    def _queue(self, key: str, command: Command) -> None:
        self._waiting.pop(key, None)
        self._waiting[key] = command
        self._bound()

    def _bound(self) -> None:
        while len(self) > self._args.waiting and self._waiting:
            del self._waiting[next(iter(self._waiting))]
            self._lost(1)

    def _lost(self, entries: int) -> None:
        if entries:
            self._dropped(entries)

    async def _write_until_closed(self) -> None:
        while not self._closing.is_set():
            try:
                await asyncio.wait_for(self._closing.wait(), self._args.flush_s)
            except TimeoutError:
                await self.flush()
