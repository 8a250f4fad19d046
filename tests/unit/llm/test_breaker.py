import logging

import pytest

from configs.llm import BreakerConfig
from deployments.llm.breaker import Breaker
from ranking.errors import Unavailable


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    def __init__(self, **numbers) -> None:
        self.clock = Clock()
        self.changes = []
        config = BreakerConfig(
            **{"least_calls": 20, "window_s": 30.0, "open_s": 10.0, "probes": 3, **numbers}
        )
        self.breaker = Breaker(
            "llm", config, self.clock, lambda old, new: self.changes.append(f"{old} -> {new}")
        )

    def calls(self, good: int, bad: int) -> None:
        permits = [self.breaker.permit() for _ in range(good + bad)]
        for number, permit in enumerate(permits):
            permit.settle(failed=number >= good)


def test_it_opens_at_a_fifth_of_failures_among_enough_calls():
    bench = Bench()
    bench.calls(16, 3)
    assert bench.breaker.state == "closed"  # 3 of 19: too few calls
    bench.calls(0, 1)
    assert bench.breaker.state == "open"  # 4 of 20
    assert bench.breaker.open_for_s() == 10.0


def test_just_below_a_fifth_is_not_enough():
    bench = Bench()
    bench.calls(81, 0)
    bench.calls(0, 19)
    assert bench.breaker.state == "closed"  # 19 of 100
    bench.calls(0, 2)
    assert bench.breaker.state == "open"  # 21 of 102, and 20 of 101 was not yet


def test_failures_age_out_of_the_window():
    bench = Bench()
    bench.calls(0, 10)
    bench.clock.now_s += 31.0
    bench.calls(18, 3)
    assert bench.breaker.state == "closed"


def test_it_closes_again_after_good_probes_alone():
    bench = Bench()
    bench.calls(0, 20)
    with pytest.raises(Unavailable, match="breaker_open"):
        bench.breaker.permit()
    bench.clock.now_s += 10.0
    probes = [bench.breaker.permit() for _ in range(3)]
    with pytest.raises(Unavailable, match="breaker_half_open"):
        bench.breaker.permit()
    for probe in probes:
        probe.settle(failed=False)
    assert bench.changes == ["closed -> open", "open -> half-open", "half-open -> closed"]


def test_one_bad_probe_opens_it_anew():
    bench = Bench()
    bench.calls(0, 20)
    bench.clock.now_s += 10.0
    good, bad, late = (bench.breaker.permit() for _ in range(3))
    good.settle(failed=False)
    bad.settle(failed=True)
    late.settle(failed=False)  # belongs to the trial that is over
    assert bench.breaker.state == "open"
    assert bench.breaker.open_for_s() == 10.0


def test_a_probe_that_was_given_up_leaves_its_place_to_another():
    bench = Bench(probes=1)
    bench.calls(0, 20)
    bench.clock.now_s += 10.0
    bench.breaker.permit().settle(failed=None)
    bench.breaker.permit().settle(failed=False)
    assert bench.breaker.state == "closed"


def test_calls_begun_before_it_opened_do_not_count_afterwards():
    bench = Bench(probes=1)
    late = bench.breaker.permit()
    bench.calls(0, 20)
    bench.clock.now_s += 10.0
    assert bench.breaker.state == "half-open"
    late.settle(failed=True)
    assert bench.breaker.state == "half-open"


def test_tripping_it_again_only_ever_lengthens():
    bench = Bench()
    bench.breaker.trip(8.0)
    bench.breaker.trip(3.0)
    assert bench.breaker.open_for_s() == 8.0
    bench.breaker.trip(20.0)
    assert bench.breaker.open_for_s() == 20.0
    assert bench.changes == ["closed -> open"]


def test_another_replicas_success_lets_probes_through_at_once():
    bench = Bench()
    bench.breaker.probe_now()
    assert bench.breaker.state == "closed"
    bench.breaker.trip(60.0)
    bench.breaker.probe_now()
    assert bench.breaker.state == "half-open"


def test_changes_are_logged(caplog):
    with caplog.at_level(logging.WARNING):
        Bench().breaker.trip(1.0)
    assert caplog.messages == ["breaker of llm: closed -> open"]
