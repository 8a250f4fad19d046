"""The two addresses a system works with: outside servers where named, embedded ones where not."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from db.embedded.postgres import EmbeddedPostgres
from db.embedded.redis import EmbeddedRedis
from db.settings import Settings


@contextmanager
def servers(data_dir: Path, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield `(database_url, redis_url)`; what was started for it is stopped at the end, in reverse order."""
    with ExitStack() as stack:
        if settings.database_url is not None:
            database_url = settings.database_url.get_secret_value()
        else:
            database_url = stack.enter_context(EmbeddedPostgres(data_dir))
        if settings.redis_url is not None:
            redis_url = settings.redis_url.get_secret_value()
        else:
            redis_url = stack.enter_context(EmbeddedRedis(data_dir))
        yield database_url, redis_url
