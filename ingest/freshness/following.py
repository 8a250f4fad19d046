"""The one process that follows Postgres: an addition every second or so, a new generation when there are too many (F-8)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.pool import UNREACHABLE
from db.snapshot.additions import mark_last, publish_addition, sign
from db.snapshot.reader import current_generation
from db.snapshot.tombstones import KEPT_DAYS, is_left_behind
from ingest.freshness.feed import Changes, Seen, feed_statements, read_changes
from ingest.freshness.held import Held
from ingest.freshness.making import make_addition
from ranking.errors import LeadError
from ranking.evidence_tables import MORE_TECHNOLOGIES
from ranking.taxonomy import Taxonomy

Rebuild = Callable[[], Awaitable[None]]
_log = logging.getLogger(__name__)
_RETRY_S = 1.0
_RARELY = 9.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is added before all is built anew.

    Attributes:
        every_s: seconds from one look to the next.
        share: later snippets, or companies, in parts of those that were built; `least` of them are always allowed.
        most_at_once: companies that one addition may change.
        most_additions: files, each of which a replica that starts late has to read.
        patience_s: who changes very much at once, as an import does, builds himself; later the follower does.
    """

    every_s: float = 1.0
    share: float = 0.5
    least: int = 20_000
    most_at_once: int = 20_000
    most_additions: int = 3_000
    patience_s: float = 10.0


class TooMuch(Exception):
    """More has changed than is worth adding."""


class Follower:
    """Adds to the served generation what changes; `rebuild` makes and publishes a new one, in a process of its own.

    One follower at a time has the right to, by a lock of the database; others wait until it is gone.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        root: Path,
        taxonomy: Taxonomy,
        rebuild: Rebuild,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool = pool
        self._root = root
        self._taxonomy = taxonomy
        self._rebuild = rebuild
        self._limits = limits or Limits()
        self._clock = clock
        self._held: Held | None = None
        self._seen: Seen | None = None
        self._building: asyncio.Task[None] | None = None
        self._too_much_since_s: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop` is set; what fails is logged and begun again from what is published."""
        while not stop.is_set():
            try:
                async with self._pool.acquire() as connection:
                    if await connection.fetchval(feed_statements()["follower_lock"]):
                        await self._follow(connection, stop)
            except (
                LeadError,
                *UNREACHABLE,
            ) as err:
                _log.warning("nothing is added for a moment: %s: %s", type(err).__name__, err)
            self._held = None
            await _pause(stop, _RETRY_S)
        if self._building is not None:
            self._building.cancel()

    async def _follow(self, connection: asyncpg.Connection, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                started_s = time.monotonic()
                await self.step(connection)
                await _pause(stop, self._rest_s(time.monotonic() - started_s))
        finally:
            if not connection.is_closed():
                await connection.execute(feed_statements()["follower_unlock"])

    def _rest_s(self, spent_s: float) -> float:
        """Seconds until the next look; while a new generation must come first, looks take a tenth of the time at most."""
        rest_s = max(0.0, self._limits.every_s - spent_s)
        return rest_s if self._too_much_since_s is None else max(rest_s, _RARELY * spent_s)

    async def step(self, connection: asyncpg.Connection) -> bool:
        """Look once; True when something was added.

        Raises:
            ArtifactError: nothing usable is published.
        """
        fresh = self._held is None or self._held.built.generation != current_generation(self._root)
        try:
            added = await self._look(connection, fresh=fresh)
            self._too_much_since_s = None
            return added
        except TooMuch as err:
            now_s = time.monotonic()
            self._too_much_since_s = self._too_much_since_s or now_s
            if now_s - self._too_much_since_s >= self._limits.patience_s:
                self._build(str(err))
            return False
        except BaseException:
            self._held = None  # its names and terms may be ahead of what is published
            raise
        finally:
            if self._held is not None:
                sign(self._held.folder)

    async def _look(self, connection: asyncpg.Connection, *, fresh: bool) -> bool:
        held = Held(self._root, self._taxonomy) if fresh or self._held is None else self._held
        if held is not self._held:
            self._seen = _seen(held)
        assert self._seen is not None
        now_s = self._clock()
        if self._is_left_behind(held, self._seen, now_s):
            self._held = None
            raise TooMuch("marks of deleted rows that it has not seen may be gone")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            changes = await read_changes(connection, self._seen, now_s)
            try:
                await self._check(connection, held, changes)
            except TooMuch:
                if self._held is None:
                    self._take_up(held)
                raise
            addition = await make_addition(connection, held, changes, self._taxonomy)
        if addition is not None:
            publish_addition(held.folder, addition)
            held.take(addition)
        if held is not self._held:
            self._take_up(held)
        self._seen = changes.now
        return addition is not None

    def _is_left_behind(self, held: Held, seen: Seen, now_s: float) -> bool:
        """Whether a generation was not followed for so long that what has been deleted since can no longer be known."""
        if held is self._held:
            return now_s - seen.at_s > KEPT_DAYS * _DAY_S
        return is_left_behind(self._root, held.built.generation, now_s)

    def _take_up(self, held: Held) -> None:
        """From now on this generation is followed; replicas may leave the one before."""
        mark_last(held.folder, len(held.snapshot.additions))
        self._held = held

    async def _check(self, connection: asyncpg.Connection, held: Held, changes: Changes) -> None:
        limits, built = self._limits, held.built.manifest.counts
        tenants = await connection.fetch('SELECT tenant_id FROM tenants ORDER BY tenant_id COLLATE "C"')
        if [row["tenant_id"] for row in tenants] != held.built.companies.tenants.all():
            raise TooMuch("there are other tenants")
        changed = len(changes.companies) + len(changes.evidence)
        if changed > limits.most_at_once:
            raise TooMuch(f"{changed} companies have changed")
        if held.later_snippets > max(limits.least, limits.share * built.snippets):
            self._build(f"{held.later_snippets} snippets have been added")
        if held.later_companies > max(limits.least, limits.share * built.companies):
            self._build(f"{held.later_companies} companies have been added")
        if len(held.snapshot.additions) > limits.most_additions:
            self._build(f"there are {len(held.snapshot.additions)} additions")
        new = len(held.technologies.names()) - held.built_technologies
        if new > MORE_TECHNOLOGIES // 2:
            raise TooMuch(f"{new} technologies are new")
        if held.later_snippets > 2 * max(limits.least, limits.share * built.snippets):
            raise TooMuch("a new generation is long in coming")

    def _build(self, reason: str) -> None:
        """Begin to build a generation unless that is under way; additions go on meanwhile."""
        if self._building is not None and not self._building.done():
            return
        _log.info("building anew: %s", reason)
        self._building = asyncio.get_running_loop().create_task(self._rebuilt())

    async def _rebuilt(self) -> None:
        try:
            await self._rebuild()
        except (LeadError, OSError) as err:
            _log.warning("the generation could not be built: %s", err)


def _seen(held: Held) -> Seen:
    """The state that what is held was read from."""
    additions = held.snapshot.additions
    if additions:
        return Seen(additions[-1].origin, additions[-1].read_at)
    manifest = held.built.manifest
    return Seen(manifest.origin, manifest.created_at)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
