"""The connection to Redis: what it holds may be lost, so nobody waits long for it."""

from redis.asyncio import Redis

_TIMEOUT_S = 0.5


def open_redis(url: str | None) -> Redis | None:
    """A client that gives up soon, None without an address. It connects at the first command."""
    if url is None:
        return None
    client: Redis = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
    return client
