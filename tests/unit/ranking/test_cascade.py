import numpy as np
import pytest

from ranking.cascade import decide, undecided
from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.levels import Levels
from ranking.pool_by_fit import without_evidence
from ranking.ports import EvidenceRequest
from ranking.row_set import RowSet
from ranking.types import Candidates, Generation, PoolEvidence


def pool(base, best_raw, churn=None, job=None) -> PoolEvidence:
    count = len(base)
    zeros = np.zeros(count)
    nothing = np.full(count, -1, dtype=np.int32)
    return PoolEvidence(
        generation=Generation("g"), positions=np.arange(count, dtype=np.int32), base=np.array(base, dtype=float),
        churn=zeros if churn is None else np.array(churn, dtype=float), churn_snippets=nothing,
        job=zeros if job is None else np.array(job, dtype=float), job_snippets=nothing,
        best_raw=np.array(best_raw, dtype=np.float32), snippets=np.full((count, 5), -1, dtype=np.int32),
        raw=np.zeros((count, 5), np.float32), decay=np.zeros((count, 5), np.float32),
        contribution=np.zeros((count, 5), np.float32), matched=np.zeros((count, 5), np.uint8),
        counts=np.zeros((count, len(EVIDENCE_FEATURES)), np.float32), considered=count,
    )  # fmt: skip


def test_bm25_decides_from_the_threshold_on_and_nobody_without_evidence():
    assert undecided(pool([40.0, 40.0, 0.0], [8.0, 7.99, 0.0]), 8.0).tolist() == [False, True, True]


def test_nobody_is_asked_about_who_sells_the_product_and_he_needs_none():
    evidence = pool([40.0, 0.0, 0.0], [9.0, 0.0, 0.0])
    evidence.counts[1, EVIDENCE_FEATURES.index("sells")] = 1.0
    asked = undecided(evidence, 8.0)
    assert asked.tolist() == [False, False, True]
    intent = decide(evidence, asked, np.array([2.0]))
    assert intent.total.tolist() == [40.0, 0.0, 2.0]
    assert [intent.source_at(at) for at in range(3)] == ["bm25", "none", "gbdt"]


def test_the_booster_s_answer_replaces_the_base_of_those_it_was_asked_about():
    evidence = pool([40.0, 30.0, 0.0], [9.0, 5.0, 0.0], churn=[0.0, 10.0, 0.0], job=[5.0, 0.0, 0.0])
    intent = decide(evidence, undecided(evidence, 8.0), np.array([62.0, 3.0]))
    assert intent.total.tolist() == [40.0 + 0.0 + 5.0, 62.0 + 10.0, 3.0]
    assert [intent.source_at(at) for at in range(3)] == ["bm25", "gbdt", "gbdt"]
    assert intent.counts() == {"bm25": 1, "llm": 0, "gbdt": 2, "none": 0}


def test_without_a_booster_weak_evidence_counts_as_what_it_is_and_none_stays_none():
    evidence = pool([40.0, 30.0, 0.0], [9.0, 5.0, 0.0])
    intent = decide(evidence, undecided(evidence, 8.0), None)
    assert intent.total.tolist() == [40.0, 30.0, 0.0]
    assert [intent.source_at(at) for at in range(3)] == ["bm25", "bm25", "none"]


def test_intent_is_capped_at_a_hundred_and_the_cap_says_what_it_took():
    evidence = pool([90.0], [20.0], churn=[20.0], job=[15.0])
    intent = decide(evidence, undecided(evidence, 8.0), np.zeros(0))
    assert intent.total.tolist() == [100.0]
    assert intent.cap.tolist() == [-(90.0 + 20.0 + 15.0 - 100.0)]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_without_the_bm25_leaf_the_pool_is_the_best_by_fit(size):
    levels = np.array([0b001_001_001, 0b100_100_100, 0b001_001_100], dtype=np.uint16)
    companies = RowSet.of(np.array([3, 5, 9], np.int32))
    candidates = Candidates(
        Generation("g"), companies, Levels.of(levels), (), None, np.zeros((2, 0), np.int32)
    )
    question = EvidenceRequest(
        Generation("g"), ("crm",), (), np.zeros(2, np.uint8), 3, levels, np.array([0.4, 0.3, 0.3]),
        np.array([0.6, 0.4]), size, 0.0,
    )  # fmt: skip
    kept = without_evidence(question, candidates)
    assert kept.positions.tolist() == sorted([1, 2, 0][:size])
    assert not kept.base.any()
