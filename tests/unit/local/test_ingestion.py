"""When a part that ended is started again, and what is told of the parts."""

import sys
from pathlib import Path

import pytest

from db.embedded import EmbeddedBroker
from deployments.local.ingestion import Attempts, Ingestion, IngestPlan


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


def test_without_a_broker_nothing_is_started_and_nothing_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedBroker, "installed", staticmethod(lambda: False))
    with Ingestion(tmp_path, IngestPlan(("/bin/false",), None), {}) as ingestion:
        assert ingestion.state is None
    assert list(tmp_path.iterdir()) == []


def test_an_outside_broker_is_told_with_the_process_that_reads_from_it(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import signal; signal.pause()")
    with Ingestion(tmp_path, IngestPlan(command, "kafka:9093"), {}) as ingestion:
        state = ingestion.state
        assert state is not None
        assert (state.broker, state.is_embedded) == ("kafka:9093", False)
        assert state.intake_pid is not None
        ingestion.watch()
        assert ingestion.state == state
    ended = ingestion.state
    assert ended is not None
    assert ended.intake_pid is None
