"""What a replica remembers of judgements, and when it is no longer that."""

from dataclasses import replace

import numpy as np

from deployments.llm.score_memory import ScoreMemory
from ranking.types import Generation
from tests.fixtures.doubting import AS_OF_S, DAY_S, doubts

POOL = doubts([10.0, 20.0, 30.0, 40.0])


def told(memory, of, product="crm"):
    found = memory.recall(of, product)
    return dict(zip(found.at.tolist(), found.scores.tolist(), strict=True))


def test_scores_are_found_by_company_whatever_else_is_in_the_pool():
    memory = ScoreMemory(100)
    memory.keep(POOL, "crm", [1, 3], np.array([77.0, 5.0]))
    assert told(memory, POOL) == {1: 77.0, 3: 5.0}
    others = doubts([10.0, 20.0, 30.0, 40.0], doubtful=[3])
    assert told(memory, others) == {0: 5.0}


def test_another_product_snapshot_day_or_text_is_not_known():
    memory = ScoreMemory(100)
    memory.keep(POOL, "crm", [1], np.array([77.0]))
    assert told(memory, POOL, "erp") == {}
    assert told(memory, replace(POOL, generation=Generation("g2"))) == {}
    assert told(memory, replace(POOL, as_of_s=AS_OF_S + DAY_S)) == {}
    snippets = POOL.snippets.copy()
    snippets[1, 2] = 999
    assert told(memory, replace(POOL, snippets=snippets)) == {}


def test_the_page_that_was_not_used_for_longest_goes_first():
    memory = ScoreMemory(4)
    for product in ("a", "b"):
        memory.keep(POOL, product, [0, 1], np.array([1.0, 2.0]))
    assert told(memory, POOL, "a")
    memory.keep(POOL, "c", [0], np.array([3.0]))
    assert len(memory) == 3
    assert (told(memory, POOL, "a"), told(memory, POOL, "b")) == ({0: 1.0, 1: 2.0}, {})


def test_some_are_asked_for_by_position_and_all_look_ups_are_counted():
    counted = []
    memory = ScoreMemory(100, lambda hits, misses: counted.append((hits, misses)))
    memory.recall(POOL, "crm")
    memory.keep(POOL, "crm", [1, 3], np.array([77.0, 5.0]))
    found = memory.known(POOL, "crm", [3, 0])
    assert (found.at.tolist(), found.scores.tolist()) == ([3], [5.0])
    memory.recall(POOL, "crm")
    assert counted == [(0, 4), (2, 2)]


def test_a_newer_judgement_takes_the_place_of_an_older_one():
    memory = ScoreMemory(4)
    memory.keep(POOL, "crm", [0], np.array([1.0]))
    memory.keep(POOL, "crm", [0], np.array([9.0]))
    assert (told(memory, POOL), len(memory)) == ({0: 9.0}, 1)


def test_without_capacity_nothing_is_kept():
    memory = ScoreMemory(0)
    memory.keep(POOL, "crm", [0], np.array([1.0]))
    assert (told(memory, POOL), len(memory)) == ({}, 0)
