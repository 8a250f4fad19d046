"""The TCP ports of one local system: a block of neighbours, claimed so that no other system takes them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ranking.errors import Unavailable

# Below Linux's ephemeral ports (32768 on), so that no outgoing connection sits on one, and above Ray's usual
# workers.
_FIRST, _LAST, _SIZE = 20_000, 29_984, 32


@dataclass(frozen=True)
class PortBlock:
    """Every fixed port of one system beside its HTTP port; all are bound on loopback."""

    first: int

    @property
    def gcs(self) -> int:
        """Ray's control store, the address that drivers connect to."""
        return self.first

    @property
    def dashboard(self) -> int:
        """Ray's dashboard."""
        return self.first + 1

    @property
    def dashboard_agent(self) -> int:
        """HTTP of the dashboard's agent."""
        return self.first + 2

    @property
    def dashboard_metrics(self) -> int:
        """Prometheus metrics of the dashboard process."""
        return self.first + 3

    @property
    def node_metrics(self) -> int:
        """Prometheus metrics that Ray's agent exports for every process of the node."""
        return self.first + 4

    @property
    def fallback_proxy(self) -> int:
        """Serve's Python proxy behind HAProxy."""
        return self.first + 5

    @property
    def haproxy_metrics(self) -> int:
        """Prometheus metrics of HAProxy."""
        return self.first + 6

    @property
    def haproxy_stats(self) -> int:
        """HAProxy's page of statistics."""
        return self.first + 7

    @property
    def replicas(self) -> range:
        """HTTP ports of the ingress replicas."""
        return range(self.first + 8, self.first + _SIZE)


@contextmanager
def claimed_block() -> Iterator[PortBlock]:
    """Yield the first block whose ports are all free; it stays ours until the end, bound or not.

    The claim is a name in the kernel's abstract socket namespace: it needs no file and ends with its process.

    Raises:
        Unavailable: every block is taken.
    """
    for first in range(_FIRST, _LAST, _SIZE):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as claim:
            try:
                claim.bind(f"\0leads-ports-{first}")
            except OSError:
                continue
            if all(is_free(port) for port in range(first, first + _SIZE)):
                yield PortBlock(first)
                return
    raise Unavailable("ports", f"no {_SIZE} neighbouring ports are free between {_FIRST} and {_LAST + _SIZE}")


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` of loopback or of all interfaces."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a connection in TIME_WAIT is no listener
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
