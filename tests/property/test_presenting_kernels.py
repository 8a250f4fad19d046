"""Order, features and shown evidence by kernel are those of the numpy steps that they stand for, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.feature_matrix import matrix
from ranking.features import FEATURES
from ranking.fit import LEVELS, fit_scores, unpack_levels, unverified
from ranking.fusion import FinalWeights, final_scores
from ranking.intent import BM25, GBDT
from ranking.kernels.mentions import spans_of
from ranking.kernels.presenting import evidence, lists_of
from ranking.levels import Levels
from ranking.ordering import pool_scores, top
from ranking.ports import CompanyFacts
from ranking.row_set import RowSet
from ranking.types import Candidates, Generation, PoolEvidence

seeds = st.integers(0, 2**32 - 1)
WEIGHTS = np.array([0.4, 0.3, 0.3])


def drawn_levels(rng: np.random.Generator, count: int) -> np.ndarray:
    dimensions = rng.integers(0, len(LEVELS), size=(3, count)).astype(np.uint16)
    flags = rng.integers(0, 2, count).astype(np.uint16)
    return dimensions[0] | dimensions[1] << 3 | dimensions[2] << 6 | flags << 9


@settings(max_examples=60, deadline=None)
@given(seed=seeds, count=st.integers(0, 60), limit=st.integers(1, 70), likened=st.booleans())
def test_the_order_is_that_of_a_sort(seed: int, count: int, limit: int, likened: bool) -> None:
    rng = np.random.default_rng(seed)
    levels = drawn_levels(rng, count)
    likeness = rng.random(count).astype(np.float32) if likened else None
    intent, final = rng.integers(0, 4, count) * 25.0 / 3.0, FinalWeights(fit=0.7, intent=0.3)
    leads = rng.integers(-1, 3, count).astype(np.int32)
    ranks = rng.permutation(count).astype(np.int32) // 2
    min_score = float(rng.choice([0.0, 0.4, 2.0]))

    fit, scores = pool_scores(levels, WEIGHTS, likeness, intent, leads, final)
    best = top(scores, fit, ranks, limit, min_score)

    plain_fit = fit_scores(levels, WEIGHTS, likeness)
    plain = np.where(leads >= 0, final_scores(plain_fit, intent, final), -np.inf)
    eligible = np.flatnonzero(plain >= min_score)
    order = np.lexsort((ranks[eligible], -plain_fit[eligible], -plain[eligible]))
    assert (fit.tobytes(), scores.tobytes()) == (plain_fit.tobytes(), plain.tobytes())
    assert best.tolist() == eligible[order[:limit]].tolist()
    assert best.dtype == np.int32


def drawn_pool(rng: np.random.Generator, among: int, count: int) -> PoolEvidence:
    filled = np.arange(5) < rng.integers(0, 6, size=(count, 1))
    contribution = np.where(filled, rng.random((count, 5)), 0.0).astype(np.float32)
    return PoolEvidence(
        generation=Generation("g"), positions=np.sort(rng.permutation(among)[:count]).astype(np.int32),
        base=rng.random(count) * 100.0, churn=rng.random(count) * 20.0, job=rng.random(count) * 15.0,
        churn_snippets=rng.integers(-1, 6, count).astype(np.int32), job_snippets=rng.integers(-1, 6, count).astype(np.int32),
        best_raw=rng.random(count).astype(np.float32), snippets=np.where(filled, rng.integers(0, 6, (count, 5)), -1).astype(np.int32),
        raw=contribution, decay=rng.random((count, 5)).astype(np.float32), contribution=contribution,
        matched=np.zeros((count, 5), dtype=np.uint8), counts=rng.random((count, len(EVIDENCE_FEATURES))).astype(np.float32),
        considered=count,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(seed=seeds, count=st.integers(0, 20), likened=st.booleans())
def test_feature_rows_are_the_columns_side_by_side(seed: int, count: int, likened: bool) -> None:
    rng = np.random.default_rng(seed)
    levels, rows = drawn_levels(rng, 40), np.arange(40, dtype=np.int32)
    similarity = np.where(rng.random(40) < 0.3, np.nan, rng.random(40)).astype(np.float32)
    candidates = Candidates(
        Generation("g"), RowSet.of(rows), Levels.of(levels), (), rng.integers(0, 4, 40).astype(np.uint8),
        np.zeros((2, 0), dtype=np.int32), similarity=similarity if likened else None,
    )  # fmt: skip
    pool = drawn_pool(rng, 40, count)
    known = np.where(rng.random((4, count)) < 0.2, np.nan, rng.integers(0, 5000, (4, count)))
    facts = CompanyFacts(*known.astype(np.float32))

    at, made = pool.positions, matrix(candidates, pool, facts)

    columns = [
        *unpack_levels(levels[at]), unverified(levels[at]), candidates.steps[at],
        similarity[at] if likened else np.full(count, np.nan), pool.base, pool.churn, pool.job, pool.best_raw,
        pool.contribution[:, 0], pool.contribution[:, 1], pool.decay[:, 0], np.log1p(facts.employees), facts.founded,
        facts.technologies, facts.people, *pool.counts.T,
    ]  # fmt: skip
    plain = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    assert made.shape == (count, len(FEATURES))
    np.testing.assert_array_equal(made, plain, strict=True)


def plain_evidence(
    pool: PoolEvidence, at: int, is_bm25: bool, base: float, discount: float, most: int
) -> list[tuple]:
    discounted = [float(gain) * discount**rank for rank, gain in enumerate(pool.contribution[at])]
    total, shown = sum(discounted), []
    for rank, row in enumerate(pool.snippets[at].tolist()):
        points = 0.4 * base / 100.0 * discounted[rank] / total if is_bm25 and total > 0.0 else None
        if row >= 0:
            shown.append((row, float(pool.decay[at, rank]), points))
    held = pool.snippets[at].tolist()
    for row in dict.fromkeys((int(pool.job_snippets[at]), int(pool.churn_snippets[at]))):
        if row >= 0 and row not in held:
            shown.append((row, 1.0, None))
    return shown[:most]


@settings(max_examples=40, deadline=None)
@given(seed=seeds, count=st.integers(0, 20), most=st.integers(0, 7), discount=st.sampled_from([0.5, 1.0]))
def test_shown_evidence_is_that_of_each_company_on_its_own(
    seed: int, count: int, most: int, discount: float
) -> None:
    rng = np.random.default_rng(seed)
    pool = drawn_pool(rng, 40, count)
    source = rng.choice([BM25, GBDT], count).astype(np.uint8)
    best = rng.permutation(count).astype(np.int32)
    rows, decays, points, ends = evidence(
        best, pool.snippets, pool.contribution, pool.decay, pool.job_snippets, pool.churn_snippets, source, pool.base, 0.4, discount, most
    )  # fmt: skip
    told = [None if np.isnan(share) else share for share in points.tolist()]
    made = list(zip(rows.tolist(), decays.tolist(), told, strict=True))
    starts = [0, *ends.tolist()]
    for place, at in enumerate(best.tolist()):
        expected = plain_evidence(pool, at, source[at] == BM25, float(pool.base[at]), discount, most)
        assert made[starts[place] : starts[place + 1]] == expected


@settings(max_examples=40, deadline=None)
@given(seed=seeds, texts=st.integers(1, 12), asked=st.integers(1, 8))
def test_wanted_spans_come_by_start_and_longer_ones_first(seed: int, texts: int, asked: int) -> None:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate(([0], rng.integers(0, 9, texts).cumsum()))
    terms = rng.integers(0, 12, offsets[-1]).astype(np.int32)
    starts = rng.integers(0, 6, offsets[-1])
    spans = np.stack((starts, starts + rng.integers(1, 4, offsets[-1])), axis=1).astype(np.uint16)
    wanted = np.unique(rng.integers(0, 12, asked)).astype(np.int32)
    rows = rng.integers(0, texts, 6)
    found, ends = spans_of(rows, offsets, terms, spans, wanted)
    begins = [0, *ends.tolist()]
    for place, row in enumerate(rows.tolist()):
        part = slice(int(offsets[row]), int(offsets[row + 1]))
        held = [
            span
            for span, term in zip(spans[part].tolist(), terms[part].tolist(), strict=True)
            if term in wanted
        ]
        expected = sorted(held, key=lambda span: (span[0], -span[1]))
        assert found[begins[place] : begins[place + 1]].tolist() == expected


@pytest.mark.parametrize("wanted", [[], [0], [2, 0, 2, 1]])
def test_lists_are_joined_in_the_order_they_are_asked_for(wanted: list[int]) -> None:
    offsets, values = np.array([0, 2, 2, 5]), np.array([4, 5, 7, 8, 9], dtype=np.int32)
    joined, ends = lists_of(offsets, values, np.array(wanted, dtype=np.int32))
    lists = [[4, 5], [], [7, 8, 9]]
    assert joined.tolist() == [value for at in wanted for value in lists[at]]
    assert ends.tolist() == np.cumsum([len(lists[at]) for at in wanted]).tolist()
