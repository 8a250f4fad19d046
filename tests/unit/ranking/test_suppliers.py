"""When a supplier is in doubt, and what that costs his evidence."""

import numpy as np
import pytest

from ranking.evidence import gather
from ranking.intent import IntentConfig
from ranking.suppliers import doubtful
from tests.fixtures.evidence import Note, World, request


def supplier(sent: int, stuffed: int) -> list[bool]:
    flags = np.arange(sent) < stuffed
    return doubtful(np.zeros(sent, np.int32), flags, np.ones(sent, bool)).tolist()


def test_a_sixth_of_many_texts_is_doubtful() -> None:
    assert supplier(600, 100) == [True]


def test_a_few_slips_are_not() -> None:
    assert supplier(600, 3) == [False]
    assert supplier(1_000, 55) == [False]  # 5.5 %, but bad luck could make it of 4 %


def test_a_handful_of_texts_proves_little() -> None:
    assert supplier(5, 1) == [False]
    assert supplier(6, 6) == [True]


def test_a_number_that_no_supplier_has_is_not_in_doubt() -> None:
    none = np.array([False, False])
    assert doubtful(np.array([1, 1], np.int32), none, ~none).tolist() == [False, False]


def test_reposts_of_honest_texts_buy_no_trust() -> None:
    stuffed = np.arange(600) < 100
    repeats = np.arange(600) >= 200
    assert doubtful(np.zeros(600, np.int32), stuffed, ~repeats).tolist() == [True]
    assert doubtful(np.zeros(600, np.int32), stuffed & repeats, ~repeats).tolist() == [False]


def test_evidence_of_a_doubtful_supplier_counts_half() -> None:
    spam = tuple(Note(0, {}, miner=1, stuffed=True, flagged=True) for _ in range(6))
    world = World(1, (Note(0, {"crm": 8.0}, miner=1), *spam))
    config = IntentConfig(doubt_weight=0.5)
    found = gather(request(world), world.postings(), world.tables(), config)
    assert found.contribution[0, 0] == pytest.approx(0.5 * 8.0)
    assert found.best_raw[0] == 8.0
    assert found.base[0] == pytest.approx(100.0 * (1.0 - 2.0 ** (-0.5 * 8.0 / 8.0)))
