"""What caches did for one query, noted where it happens and told in the query's answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class CacheUse:
    """`redis_away`: a look-up was wanted that Redis did not answer. `embedding`: all vectors that were needed were held."""

    redis_away: bool = False
    embedding: bool = False


_USE: ContextVar[CacheUse | None] = ContextVar("cache_use", default=None)


@contextmanager
def followed() -> Iterator[CacheUse]:
    """Collect what look-ups inside, in this task, note."""
    use = CacheUse()
    token = _USE.set(use)
    try:
        yield use
    finally:
        _USE.reset(token)


def current_use() -> CacheUse:
    """The query's, or one that nobody reads."""
    return _USE.get() or CacheUse()
