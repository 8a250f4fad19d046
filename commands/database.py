"""The database behind a target: the running system's, an outside server's, or the folder's own, started for this one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from commands.target import Target
from db import migrate
from db.embedded import EmbeddedPostgres
from db.settings import Settings


@contextmanager
def database_of(target: Target) -> Iterator[str]:
    """Yield a DSN of the migrated database; what is started here is stopped at the end."""
    outside = Settings().database_url
    folder = target.folder()
    if outside is not None:
        dsn = outside.get_secret_value()
        migrate.upgrade(dsn)
        yield dsn
    elif target.running is not None:
        yield EmbeddedPostgres(folder).dsn()
    else:
        server = EmbeddedPostgres(folder)
        try:
            dsn = server.start()
            migrate.upgrade(dsn)
            yield dsn
        finally:
            server.stop()
