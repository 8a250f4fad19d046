"""Prometheus metrics: every name, its labels and its buckets, in one place.

Processes of one node write to one folder (`PROMETHEUS_MULTIPROC_DIR`), so that `/metrics` behind HAProxy shows all
replicas and not one at random. No label takes a lead id, a prompt or free text.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from deployments.tally import Tally
from ranking.answer import RankedList

Metric = TypeVar("Metric", Counter, Histogram)

_LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.55, 1.0, 2.5, 5.0, 10.0, 30.0)
_HOP_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_COST_USD = (0.0, 0.0001, 0.0005, 0.001, 0.002, 0.004, 0.01, 0.1)
_FRESH_S = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 30.0, 60.0, 300.0)
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128)

_DURATION = Histogram(
    "leads_query_duration_seconds", "Seconds per stage of a query", ["stage"], buckets=_LATENCY_S
)
_QUERIES = Counter("leads_queries_total", "Queries by outcome: ok or the problem's code", ["outcome"])
_RETURNED = Histogram("leads_returned", "Leads per answer", buckets=(0, 1, 5, 10, 25, 50, 100, 500, 2000))
_STEPS = Counter("leads_relaxation_steps_total", "Relaxation steps taken", ["step"])
_DEGRADATIONS = Counter("leads_degradations_total", "Stages skipped, by reason", ["stage", "reason"])
_CACHE = Counter("leads_cache_requests_total", "Cache look-ups", ["cache", "result"])
_CACHE_DROPPED = Counter(
    "leads_cache_writes_dropped_total",
    "Entries that were not written to Redis: the queue was full, or it was away",
)
_COST = Histogram("lead_cost_usd", "US dollars per returned lead", buckets=_COST_USD)
_BATCH_SIZE = Histogram("leads_coalescer_batch_size", "Items per list call", ["node"], buckets=_BATCH)
_WAIT = Histogram(
    "leads_coalescer_wait_seconds", "Seconds an item waits to be sent", ["node"], buckets=_HOP_S
)
_CALLS = Counter(
    "leads_hop_calls_total",
    "List calls to leaves: on a line of this machine or through Serve's handle",
    ["node", "way"],
)
_NODE = Histogram(
    "leads_node_duration_seconds", "Seconds a leaf works on one list call", ["node"], buckets=_HOP_S
)
_NODE_ITEMS = Counter("leads_node_items_total", "Items a leaf has worked on", ["node"])
_LOG_DROPPED = Counter(
    "leads_query_log_dropped_total", "Answered queries that were not logged: the queue was full"
)
_FRESHNESS = Histogram(
    "leads_freshness_seconds",
    "Seconds from the storing of snippets until a replica has them: the first and the last of each addition",
    buckets=_FRESH_S,
)
_SNAPSHOT_AGE = Gauge(
    "leads_snapshot_age_seconds",
    "Seconds since what is served was read from Postgres",
    multiprocess_mode="mostrecent",
)


_NOT_ADMITTED = Counter(
    "leads_admission_refused_total",
    "Queries refused before any work: no place (queue), too late by prediction (deadline) or by waiting (line)",
    ["reason"],
)
_ADMITTED = Gauge(
    "leads_admission_queries", "Queries waiting and running", ["state"], multiprocess_mode="mostrecent"
)
_RATE = Gauge(
    "leads_admission_rate", "Queries per second at full load, as estimated", multiprocess_mode="mostrecent"
)
_WIDTH = Gauge(
    "leads_admission_limit", "Queries that may be in work at a time", multiprocess_mode="mostrecent"
)
_LAG = Gauge("leads_event_loop_lag_seconds", "How late the last beat was", multiprocess_mode="mostrecent")

_QUALITY = Histogram(
    "leads_query_quality_score", "Quality of answered queries by the rules of F-8, 1 where none flags",
    buckets=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
)  # fmt: skip
_FLAGGED = Counter("leads_queries_flagged_total", "Answered queries that a rule flags", ["rule"])
_JUDGEMENTS_DROPPED = Counter(
    "leads_judgements_dropped_total", "Judged queries that no standing counts: too many waited for Postgres"
)
_THROTTLED = Gauge(
    "leads_submitters_throttled", "Submitters whose queries are refused now", multiprocess_mode="mostrecent"
)


class Telemetry:
    """Records what happens; what happens at every query is held back until `flush`."""

    def __init__(self) -> None:
        self._tally = Tally()

    def flush(self) -> None:
        """Bring what `exposition` shows up to date; call about every second, in the thread that records queries."""
        self._tally.flush()

    @contextmanager
    def node(self, node: str, items: int) -> Iterator[None]:
        """Time a leaf's list call."""
        started_s = time.perf_counter()
        try:
            yield
        finally:
            _NODE.labels(node).observe(time.perf_counter() - started_s)
            _NODE_ITEMS.labels(node).inc(items)

    def sent(self, node: str, items: int, waits_s: Sequence[float]) -> None:
        """A coalescer sent one call."""
        self._tally.observe(_child(_BATCH_SIZE, node), items)
        wait = _child(_WAIT, node)
        for seconds in waits_s:
            self._tally.observe(wait, seconds)

    def called(self, node: str, way: str) -> None:
        """A list call left by "line" or by "handle"."""
        self._tally.count(_child(_CALLS, node, way))

    def answered(self, ranked: RankedList) -> None:
        """A query was answered; its times are those of its stages, "total" included."""
        tally = self._tally
        tally.count(_child(_QUERIES, "ok"))
        tally.observe(_RETURNED, len(ranked.leads))
        for stage, milliseconds in ranked.timings_ms.items():
            tally.observe(_child(_DURATION, stage), milliseconds / 1000.0)
        for report in ranked.relaxation:
            tally.count(_child(_STEPS, report.step))
        for note in ranked.degradations:
            tally.count(_child(_DEGRADATIONS, note.stage, note.reason))
        if ranked.leads:
            tally.observe(_COST, ranked.cost.per_lead_usd)

    def refused(self, code: str) -> None:
        """A query was refused or failed; `code` is the problem document's."""
        self._tally.count(_child(_QUERIES, code))

    def not_admitted(self, reason: str) -> None:
        """A query was refused at the gate; `reason` is the stage of its `Overloaded`."""
        self._tally.count(_child(_NOT_ADMITTED, reason))

    def admission(self, waiting: int, running: int, rate: float, limit: float) -> None:
        """How the gate stands."""
        _ADMITTED.labels("waiting").set(waiting)
        _ADMITTED.labels("running").set(running)
        _RATE.set(rate)
        _WIDTH.set(limit)

    def loop_lag(self, lag_s: float) -> None:
        """How far the event loop lags."""
        _LAG.set(lag_s)

    def cache(self, cache: str, *, hit: bool) -> None:
        """A cache was asked."""
        self._tally.count(_child(_CACHE, cache, "hit" if hit else "miss"))

    def looked_up(self, cache: str, hits: int, misses: int) -> None:
        """Several entries of a cache were asked for."""
        for result, times in (("hit", hits), ("miss", misses)):
            if times:
                self._tally.count(_child(_CACHE, cache, result), times)

    def cache_dropped(self, entries: int) -> None:
        """Entries were not written to Redis."""
        _CACHE_DROPPED.inc(entries)

    def log_dropped(self) -> None:
        """A query log row was dropped."""
        _LOG_DROPPED.inc()

    def fresh(self, now_s: float, stored_at_s: tuple[float, float]) -> None:
        """An addition was taken up; NaN for one without snippets."""
        for stored_s in stored_at_s:
            if not math.isnan(stored_s):
                _FRESHNESS.observe(max(now_s - stored_s, 0.0))

    def judged(self, score: float, rule: str | None) -> None:
        """An answered query was judged."""
        self._tally.observe(_QUALITY, score)
        if rule is not None:
            self._tally.count(_child(_FLAGGED, rule))

    def judgement_dropped(self) -> None:
        """A judgement had no place to wait in."""
        _JUDGEMENTS_DROPPED.inc()

    def throttled(self, submitters: int) -> None:
        """So many submitters are throttled now."""
        _THROTTLED.set(submitters)

    def snapshot_age(self, age_s: float) -> None:
        """Age of the snapshot new queries use."""
        _SNAPSHOT_AGE.set(age_s)


@cache
def _child(metric: Metric, *labels: str) -> Metric:
    """A labelled child, found without the library's checks; it keeps its children as long."""
    return metric.labels(*labels)


def exposition(multiprocess_folder: str | None) -> bytes:
    """The text for `GET /metrics`: all processes of this node when they share a folder, else this one."""
    if multiprocess_folder is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=multiprocess_folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
