"""What is held back and given on together is what would have been counted one by one."""

import random

from prometheus_client import CollectorRegistry, Counter, Histogram

from deployments import tally
from deployments.tally import Tally

BOUNDS = (0.1, 0.5, 1.0)


def test_a_tally_counts_as_the_library_does() -> None:
    rng, one_by_one, together = random.Random(2), CollectorRegistry(), CollectorRegistry()
    values = [rng.choice((0.1, 0.5, 1.0, 0.0, 7.0, rng.random())) for _ in range(500)]
    histogram = Histogram("seconds", "-", ["stage"], buckets=BOUNDS, registry=one_by_one)
    counter = Counter("queries", "-", ["outcome"], registry=one_by_one)
    held_histogram = Histogram("seconds", "-", ["stage"], buckets=BOUNDS, registry=together)
    held_counter = Counter("queries", "-", ["outcome"], registry=together)
    held = Tally()
    for at, value in enumerate(values):
        stage = f"s{at % 3}"
        histogram.labels(stage).observe(value)
        counter.labels(stage).inc(2)
        held.observe(held_histogram.labels(stage), value)
        held.count(held_counter.labels(stage), 2)
        if at % 100 == 99:
            held.flush()
    assert _samples(together).keys() == _samples(one_by_one).keys()
    for name, value in _samples(one_by_one).items():
        assert abs(_samples(together)[name] - value) < 1e-9 * max(1.0, value)


def test_a_tally_that_nobody_flushes_stays_small(monkeypatch) -> None:
    monkeypatch.setattr(tally, "_MOST_HELD", 10)
    registry = CollectorRegistry()
    histogram = Histogram("seconds", "-", registry=registry)
    held = Tally()
    for _ in range(25):
        held.observe(histogram, 0.2)
    assert registry.get_sample_value("seconds_count") == 20.0


def _samples(registry: CollectorRegistry) -> dict[tuple, float]:
    return {
        (sample.name, *sample.labels.items()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
