"""The connection to Redis: what it holds may be lost, so nobody waits long for it."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

_TIMEOUT_S = 0.5


def open_redis(url: str | None) -> Redis | None:
    """A client that tries once and gives up soon, None without an address. It connects at the first command."""
    if url is None:
        return None
    once = Retry(NoBackoff(), 0)
    client: Redis = Redis.from_url(
        url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=once
    )
    return client
