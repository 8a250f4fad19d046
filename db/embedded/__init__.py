"""Postgres and Redis started by us for the laptop, used where `DATABASE_URL` and `REDIS_URL` are unset.

Both listen on unix sockets only. Both end when the process that started them ends, however it ends, and a
folder whose servers were killed is usable again at once.
"""

from db.embedded.both import Servers, servers
from db.embedded.postgres import LAPTOP_SETTINGS, EmbeddedPostgres
from db.embedded.redis import EmbeddedRedis

__all__ = ["LAPTOP_SETTINGS", "EmbeddedPostgres", "EmbeddedRedis", "Servers", "servers"]
