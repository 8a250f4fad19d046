"""The two addresses a system works with: outside servers where named, embedded ones where not."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from db.embedded.postgres import EmbeddedPostgres
from db.embedded.process import EmbeddedServer
from db.embedded.redis import EmbeddedRedis
from db.settings import Settings
from ranking.errors import Unavailable

_MOST_REVIVALS = 5
_REVIVAL_WINDOW_S = 60.0


class Servers:
    """Postgres and Redis of one system while it runs; stops what it started, last first.

    Attributes:
        database_url, redis_url: set once entered.
        embedded: the servers started here; none for those that `settings` names.
    """

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        self._data_dir = data_dir
        self._settings = settings
        self._stack = ExitStack()
        self._revivals: deque[float] = deque(maxlen=_MOST_REVIVALS)
        self.embedded: tuple[EmbeddedServer, ...] = ()
        self.database_url = ""
        self.redis_url = ""

    def __enter__(self) -> "Servers":
        database_url, redis_url = self._settings.database_url, self._settings.redis_url
        with ExitStack() as stack:
            self.database_url = (
                database_url.get_secret_value()
                if database_url is not None
                else self._start(EmbeddedPostgres(self._data_dir), stack)
            )
            self.redis_url = (
                redis_url.get_secret_value()
                if redis_url is not None
                else self._start(EmbeddedRedis(self._data_dir), stack)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def revive(self) -> tuple[EmbeddedServer, ...]:
        """Start each embedded server again that has ended; return those.

        Raises:
            Unavailable: they ended five times within a minute, or do not start.
        """
        ended = tuple(server for server in self.embedded if not server.running)
        for server in ended:
            now = time.monotonic()
            if len(self._revivals) == _MOST_REVIVALS and now - self._revivals[0] < _REVIVAL_WINDOW_S:
                raise Unavailable("embedded servers", f"ended {_MOST_REVIVALS} times within a minute")
            self._revivals.append(now)
            server.stop()
            server.start()
        return ended

    def _start(self, server: EmbeddedServer, stack: ExitStack) -> str:
        address = stack.enter_context(server)
        self.embedded = (*self.embedded, server)
        return address


@contextmanager
def servers(data_dir: Path, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield `(database_url, redis_url)`; what was started for it is stopped at the end."""
    with Servers(data_dir, settings) as running:
        yield running.database_url, running.redis_url
