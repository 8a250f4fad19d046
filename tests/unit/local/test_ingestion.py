"""When a part that ended is started again."""

import pytest

from deployments.local.ingestion import Attempts


def test_pauses_grow_while_it_does_not_stay_and_are_forgotten_once_it_does() -> None:
    now_s = 0.0
    attempts = Attempts(lambda: now_s)
    assert attempts.due
    waits = []
    for _ in range(7):
        attempts.begin()
        began_s = now_s
        while not attempts.due:
            now_s += 0.5
        waits.append(now_s - began_s)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    now_s += 31.0
    attempts.begin()
    now_s += 1.0
    assert attempts.due


def test_it_is_not_due_twice_at_once() -> None:
    attempts = Attempts(lambda: 5.0)
    attempts.begin()
    assert not attempts.due


@pytest.mark.parametrize("lived_s", [0.0, 59.0])
def test_who_ended_early_waits_longer(lived_s: float) -> None:
    now_s = 0.0
    attempts = Attempts(lambda: now_s)
    attempts.begin()
    now_s = lived_s + 1.0
    attempts.begin()
    now_s += 1.5
    assert not attempts.due
