"""Postgres, Redis and a Kafka broker started by us for the laptop, used where the environment names no others.

The first two listen on unix sockets only, the broker on loopback. All end when the process that started them ends,
however it ends, and a folder whose servers were killed is usable again at once.
"""

from db.embedded.both import Servers, servers
from db.embedded.broker import EmbeddedBroker
from db.embedded.postgres import LAPTOP_SETTINGS, EmbeddedPostgres
from db.embedded.redis import EmbeddedRedis

__all__ = ["LAPTOP_SETTINGS", "EmbeddedBroker", "EmbeddedPostgres", "EmbeddedRedis", "Servers", "servers"]
