"""How long recent answers took: an oracle of sorted lists, and what is too little to tell."""

import math
import random

from deployments.llm.waiting import RecentAnswers


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_three_of_four_answers_took_at_most_the_quantile():
    clock, rng = Clock(), random.Random(3)
    recent = RecentAnswers(10.0, 5, clock)
    noted: list[tuple[float, float]] = []
    for _ in range(500):
        clock.now_s += rng.expovariate(2.0)
        took_s = math.inf if rng.random() < 0.1 else rng.lognormvariate(-1.0, 0.5)
        recent.note(took_s)
        noted.append((clock.now_s, took_s))
        living = sorted(took for at, took in noted if at >= clock.now_s - 10.0)
        expected = living[math.ceil(0.75 * len(living)) - 1] if len(living) >= 5 else math.inf
        assert recent.p75_s == expected


def test_old_answers_say_nothing():
    clock = Clock()
    recent = RecentAnswers(60.0, 2, clock)
    for _ in range(4):
        recent.note(0.1)
    assert recent.p75_s == 0.1
    clock.now_s = 61.0
    assert recent.p75_s == math.inf


def test_failures_count_as_answers_that_never_came():
    clock = Clock()
    recent = RecentAnswers(60.0, 2, clock)
    for took_s in (0.1, 0.1, math.inf):
        recent.note(took_s)
    assert recent.p75_s == math.inf
    recent.note(0.1)
    assert recent.p75_s == 0.1
