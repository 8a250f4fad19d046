"""The do-not-contact list in a replica: read from Postgres at start, followed every two seconds."""

import asyncio
import logging
import threading

import asyncpg

from db.pool import UNREACHABLE, PoolLimits, open_pool
from db.suppressions import Suppression, load_suppressions
from ranking.errors import Unavailable

_log = logging.getLogger(__name__)
_START_TIMEOUT_S = 30.0
_LIMITS = PoolLimits(min_size=0, max_size=1)


class SuppressionFeed:
    """Who must not be contacted, as of at most `poll_s` seconds ago while Postgres answers, else as last read.

    A replica that has never read the list does not start: better no answer than one that names somebody who opted out.

    Raises:
        Unavailable: at construction, when Postgres does not answer within 30 s.
    """

    def __init__(self, database_url: str, poll_s: float = 2.0) -> None:
        self._database_url = database_url
        self._poll_s = poll_s
        self._current: tuple[Suppression, ...] | None = None
        self._read = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="suppressions", daemon=True)
        self._thread.start()
        if not self._read.wait(_START_TIMEOUT_S):
            self._stop.set()
            raise Unavailable("postgres", "the do-not-contact list cannot be read")

    @property
    def current(self) -> tuple[Suppression, ...]:
        """Every entry in force; the same object until the list changes."""
        assert self._current is not None
        return self._current

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        pool: asyncpg.Pool | None = None
        while not self._stop.is_set():
            try:
                pool = pool or await open_pool(
                    self._database_url, _LIMITS, application_name="leads-suppressions"
                )
                self._take(await load_suppressions(pool))
            except (
                Unavailable,
                *UNREACHABLE,
            ) as err:
                _log.warning("the do-not-contact list stays as last read: %s", type(err).__name__)
            await asyncio.to_thread(self._stop.wait, self._poll_s)
        if pool is not None:
            await pool.close()

    def _take(self, found: tuple[Suppression, ...]) -> None:
        ordered = tuple(sorted(found, key=str))
        if ordered != self._current:
            self._current = ordered
        self._read.set()
