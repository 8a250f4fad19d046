"""What the service says of itself over time: its counters and gauges, read from `/metrics` once a second while loads run."""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType

import httpx2

_EVERY_S = 1.0
_TIMEOUT_S = 5.0
_WATCHED = (
    "leads_breaker_state", "leads_llm_calls_total", "leads_degradations_total", "leads_cache_requests_total", "llm_hit_total",
    "leads_llm_tokens_total", "leads_llm_cost_usd_total", "leads_breaker_changes_total",
)  # fmt: skip
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
Sample = tuple[str, tuple[tuple[str, str], ...]]
"""Name and labels."""


@dataclass(frozen=True)
class Reading:
    """All watched samples at one moment, `at_s` on the watch's clock."""

    at_s: float
    values: Mapping[Sample, float]

    def of(self, name: str, *labels: str) -> dict[str, float]:
        """Values of one metric by these labels, summed over the others."""
        found: dict[str, float] = {}
        for (sample, given), value in self.values.items():
            if sample == name:
                told = dict(given)
                key = " ".join(told.get(label, "") for label in labels)
                found[key] = found.get(key, 0.0) + value
        return found


def read(text: str, at_s: float) -> Reading:
    """The watched samples of an exposition in Prometheus' text format."""
    values: dict[Sample, float] = {}
    for line in text.splitlines():
        if line.startswith(_WATCHED) and (found := _SAMPLE.match(line)):
            name, labels, value = found.groups()
            values[name, tuple(_LABEL.findall(labels or ""))] = float(value)
    return Reading(at_s, values)


@dataclass
class Watch:
    """Reads once a second in a thread of its own from entry to exit.

    `missed` counts looks that were not answered, `took_ms` times those that were.
    """

    base_url: str
    readings: list[Reading] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    missed: int = 0

    def __post_init__(self) -> None:
        self._started_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    @property
    def now_s(self) -> float:
        """Seconds since the watch began."""
        return time.monotonic() - self._started_s

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> Reading:
        """The samples now, apart from those that are kept."""
        with httpx2.Client(base_url=self.base_url, timeout=_TIMEOUT_S) as client:
            return read(client.get("/metrics").raise_for_status().text, self.now_s)

    def _run(self) -> None:
        with httpx2.Client(base_url=self.base_url, timeout=_TIMEOUT_S) as client:
            while not self._over.wait(_EVERY_S - self.now_s % _EVERY_S):
                at_s = self.now_s
                try:
                    text = client.get("/metrics").raise_for_status().text
                    self.took_ms.append(round(1000.0 * (self.now_s - at_s), 3))
                    self.readings.append(read(text, at_s))
                except httpx2.HTTPError:
                    self.missed += 1


def rates(readings: Sequence[Reading], name: str, *labels: str) -> dict[str, list[float]]:
    """Counts per second of a counter by these labels, one value per reading but the first."""
    counted = [each.of(name, *labels) for each in readings]
    keys = sorted({key for each in counted for key in each})
    spans = [max(later.at_s - sooner.at_s, 1e-3) for sooner, later in pairwise(readings)]
    return {
        key: [
            round((later.get(key, 0.0) - sooner.get(key, 0.0)) / span, 2)
            for (sooner, later), span in zip(pairwise(counted), spans, strict=True)
        ]
        for key in keys
    }


def grown(before: Reading, after: Reading) -> dict[str, float]:
    """By how much each counter has grown, by name and labels; what has not is left out."""
    found = {}
    for (name, labels), value in after.values.items():
        more = value - before.values.get((name, labels), 0.0)
        if name.endswith("_total") and more:
            told = ", ".join(label for _, label in labels)
            found[f"{name}: {told}" if told else name] = round(more, 6)
    return found
