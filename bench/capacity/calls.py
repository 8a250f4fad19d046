"""List calls per query, as the service itself counts them: the capacity model is told how calls gather instead of guessing it."""

import re
from dataclasses import dataclass

import httpx2

from bench.capacity.points import CALLED

_COUNT = re.compile(r'^leads_coalescer_batch_size_(count|sum)\{node="(\w+)"\} (\S+)$', re.MULTILINE)
_TIMEOUT_S = 10.0
_FEWEST = 10


@dataclass(frozen=True)
class Counted:
    """List calls of the hops that every query takes, and the items in them, since the system started."""

    calls: float
    items: float

    def since(self, before: "Counted") -> float | None:
        """Calls of one hop per query from `before` to now; None when hardly anything was asked."""
        items = self.items - before.items
        return round((self.calls - before.calls) / items, 4) if items >= _FEWEST else None


def counted(base_url: str) -> Counted:
    """What `GET /metrics` says now; nothing where it cannot be read, as a load is measured without it, too."""
    try:
        text = httpx2.get(f"{base_url}/metrics", timeout=_TIMEOUT_S).raise_for_status().text
    except httpx2.HTTPError:
        return Counted(0.0, 0.0)
    return read(text)


def read(text: str) -> Counted:
    """Out of Prometheus' text."""
    found = {"count": 0.0, "sum": 0.0}
    for what, node, value in _COUNT.findall(text):
        if node in CALLED:
            found[what] += float(value)
    return Counted(found["count"], found["sum"])
