"""The broker behind a target: an outside one, the one that runs on the folder, or one started for this command."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from commands.failure import CommandError
from commands.target import Target
from configs.streams import StreamSettings
from db.embedded import EmbeddedBroker
from ingest.streams.connecting import Connection
from ranking.errors import Unavailable


def connection_to(target: Target) -> Connection:
    """The way to the broker that runs for `target`.

    Raises:
        CommandError: none does.
    """
    settings = StreamSettings()
    if settings.kafka_bootstrap_servers is not None:
        return Connection(settings.kafka_bootstrap_servers, settings)
    folder = target.folder()
    address = _running(EmbeddedBroker(folder))
    if address is None:
        raise CommandError(
            f"no broker runs on {folder}: start it with `leads ingest --data {folder}`, or set KAFKA_BOOTSTRAP_SERVERS"
        )
    return Connection(address, settings)


@contextmanager
def broker_of(target: Target) -> Iterator[Connection]:
    """Yield the way to the target's broker; one that is started here is stopped at the end."""
    settings = StreamSettings()
    if settings.kafka_bootstrap_servers is not None:
        yield Connection(settings.kafka_bootstrap_servers, settings)
        return
    broker = EmbeddedBroker(target.folder())
    address = _running(broker)
    if address is not None:
        yield Connection(address, settings)
        return
    with broker as started:
        yield Connection(started, settings)


def _running(broker: EmbeddedBroker) -> str | None:
    """The address where a broker of the folder answers."""
    try:
        address = broker.address()
    except Unavailable:
        return None
    host, _, port = address.partition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1.0):
            return address
    except OSError:
        return None
