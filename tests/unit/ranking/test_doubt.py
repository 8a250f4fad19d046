"""What asking is worth once some judgements are known."""

import numpy as np
import pytest

from ranking.asking import AskingConfig
from ranking.doubt import Judgement, worth_asking
from tests.fixtures.doubting import doubts

CONFIG = AskingConfig()


def test_what_is_known_is_worth_nothing_and_moves_the_cut_for_the_others():
    pool = doubts([90.0, 50.0, 48.0, 10.0], limit=2)
    before = worth_asking(pool, Judgement.nothing(), CONFIG)
    # The second is known to need nothing: the third is inside now, and the fourth its rival.
    known = Judgement(np.array([1], dtype=np.int32), np.array([0.0]))
    after = worth_asking(pool, known, CONFIG)
    assert after[1] == 0.0 < before[1]
    assert after[3] > before[3]


def test_a_known_score_counts_as_if_the_booster_had_said_it():
    said = doubts([90.0, 20.0, 48.0, 10.0], doubtful=[0, 2, 3])
    known = worth_asking(
        doubts([90.0, 70.0, 48.0, 10.0]), Judgement(np.array([1], dtype=np.int32), np.array([20.0])), CONFIG
    )
    assert np.delete(known, 1) == pytest.approx(worth_asking(said, Judgement.nothing(), CONFIG))


def test_nothing_of_the_pool_is_changed():
    pool = doubts([90.0, 50.0])
    before = pool.base.tolist(), pool.scores.tolist()
    worth_asking(pool, Judgement(np.array([0], dtype=np.int32), np.array([1.0])), CONFIG)
    assert (pool.base.tolist(), pool.scores.tolist()) == before


def test_judgements_are_joined():
    one = Judgement(np.array([1], dtype=np.int32), np.array([5.0]))
    both = one.and_then(Judgement(np.array([3], dtype=np.int32), np.array([7.0])))
    assert (both.at.tolist(), both.scores.tolist()) == ([1, 3], [5.0, 7.0])
    assert one.and_then(Judgement.nothing()) is one
