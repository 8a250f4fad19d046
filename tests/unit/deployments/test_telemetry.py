"""Metrics of several processes come together in one exposition."""

import os
import sys
from pathlib import Path
from subprocess import run

from prometheus_client.parser import text_string_to_metric_families

from deployments.telemetry import Telemetry, exposition
from tests.fixtures.processes import ROOT

_LEAF = """
from deployments.telemetry import Telemetry
telemetry = Telemetry()
for items in (2, 3):
    with telemetry.node("bm25", items):
        pass
telemetry.snapshot_age(7.0)
"""
_SCRAPE = """
import os, sys
from deployments.telemetry import exposition
sys.stdout.write(exposition(os.environ["PROMETHEUS_MULTIPROC_DIR"]).decode())
"""


def test_the_counters_of_every_process_are_shown_together(tmp_path: Path) -> None:
    for _ in range(2):
        _child(_LEAF, tmp_path)
    samples = _samples(_child(_SCRAPE, tmp_path))
    assert samples["leads_node_items_total", "bm25"] == 2 * (2 + 3)
    assert samples["leads_node_duration_seconds_count", "bm25"] == 2 * 2
    assert samples["leads_snapshot_age_seconds", ""] == 7.0


def test_one_process_shows_its_own() -> None:
    telemetry = Telemetry()
    before = _samples(exposition(None).decode()).get(("leads_cache_requests_total", "parse/hit"), 0.0)
    telemetry.cache("parse", hit=True)
    telemetry.flush()
    assert _samples(exposition(None).decode())["leads_cache_requests_total", "parse/hit"] == before + 1.0


def test_look_ups_of_many_entries_count_each_and_drops_are_counted_at_once() -> None:
    def told() -> tuple[float, float, float]:
        samples = _samples(exposition(None).decode())
        hits, misses = (
            samples.get(("leads_cache_requests_total", f"score/{each}"), 0.0) for each in ("hit", "miss")
        )
        return hits, misses, samples["leads_cache_writes_dropped_total", ""]

    telemetry, before = Telemetry(), told()
    telemetry.looked_up("score", 3, 17)
    telemetry.looked_up("score", 0, 0)
    telemetry.cache_dropped(5)
    telemetry.flush()
    assert [now - then for now, then in zip(told(), before, strict=True)] == [3.0, 17.0, 5.0]


def test_latency_has_edges_at_the_service_levels() -> None:
    telemetry = Telemetry()
    telemetry.refused("overloaded")
    telemetry.flush()
    text = exposition(None).decode()
    assert 'leads_queries_total{outcome="overloaded"}' in text
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {
        "leads_query_duration_seconds",
        "lead_cost_usd",
        "leads_returned",
        "leads_coalescer_wait_seconds",
    } <= families


def _child(program: str, folder: Path) -> str:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    done = run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return done.stdout


def _samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, "/".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "le" not in sample.labels
    }
