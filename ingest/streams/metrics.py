"""What an intake tells Prometheus: messages by what became of them, and how far behind it is.

In a process that was started with PROMETHEUS_MULTIPROC_DIR the figures join those of the other processes of that folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, start_http_server

_MESSAGES = Counter(
    "leads_ingest_messages_total",
    "Messages by topic and by what became of them: stored, unchanged, or the code of the dead letter",
    ["topic", "result"],
)
_LAG = Gauge(
    "leads_ingest_lag_seconds",
    "Age of the oldest message that was fetched and is not stored yet; 0 when there is none",
    multiprocess_mode="mostrecent",
)

_INDEX = Gauge(
    "leads_ingest_index_bytes",
    "Memory of the index of near-duplicates; it grows with each original until it is full",
    multiprocess_mode="mostrecent",
)


def count(topic: str, result: str, messages: int) -> None:
    """Messages of a topic came to an end."""
    if messages:
        _MESSAGES.labels(topic, result).inc(messages)


def lag(seconds: float) -> None:
    """How old the oldest message in hand is."""
    _LAG.set(seconds)


def index_bytes(size: int) -> None:
    """How large the index of near-duplicates is."""
    _INDEX.set(size)


@contextmanager
def exported(host: str, port: int) -> Iterator[None]:
    """Answer `GET /metrics` on host:port meanwhile.

    Raises:
        OSError: the port is taken.
    """
    server, thread = start_http_server(port, addr=host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
