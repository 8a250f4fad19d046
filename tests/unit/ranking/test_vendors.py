"""Who is known to sell what the customer sells is listed only where others cannot fill the list."""

import numpy as np
import pytest

from ranking.cascade import decide, undecided
from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.fit import FitWeights, exact_levels
from ranking.fusion import FinalWeights
from ranking.journey import RankRequest
from ranking.levels import Levels
from ranking.pipeline import order
from ranking.ports import ChosenContacts, EvidenceRequest
from ranking.presentation import Ranking
from ranking.relaxation import CompanyFilter
from ranking.row_set import RowSet
from ranking.types import Candidates, Generation, PoolEvidence, Query
from ranking.vendors import known_vendors, only_if_needed

SELLS = EVIDENCE_FEATURES.index("sells")
SCORES = np.array([0.9, 0.5, 0.7, -np.inf])


def evidence(sells: list[float]) -> PoolEvidence:
    """Companies that nothing is known of but what they sell, NaN where not even that is."""
    count = len(sells)
    counts = np.zeros((count, len(EVIDENCE_FEATURES)), dtype=np.float32)
    counts[:, SELLS] = sells
    nothing, five = np.full(count, -1, dtype=np.int32), np.zeros((count, 5), dtype=np.float32)
    return PoolEvidence(
        generation=Generation("g"), positions=np.arange(count, dtype=np.int32), base=np.zeros(count), churn=np.zeros(count),
        churn_snippets=nothing, job=np.zeros(count), job_snippets=nothing, best_raw=np.zeros(count, dtype=np.float32),
        snippets=np.full((count, 5), -1, dtype=np.int32), raw=five, decay=five, contribution=five,
        matched=np.zeros((count, 5), dtype=np.uint8), counts=counts, considered=0,
    )  # fmt: skip


def test_what_nobody_knows_makes_nobody_a_vendor() -> None:
    assert known_vendors(evidence([1.0, 0.0, np.nan])).tolist() == [True, False, False]


@pytest.mark.parametrize(("limit", "first"), [(1, -np.inf), (2, 0.9), (3, 0.9)])
def test_vendors_are_left_out_where_others_fill_the_list(limit: int, first: float) -> None:
    vendors = np.array([True, False, False, False])
    assert only_if_needed(SCORES, vendors, limit, 0.6)[0] == first
    assert SCORES[0] == 0.9


def test_without_a_vendor_nothing_is_left_out() -> None:
    assert only_if_needed(SCORES, np.zeros(4, dtype=np.bool_), 1, 0.0) is SCORES


def ordered(sells: list[float], limit: int, ids: tuple[str, ...] | None = None) -> Ranking:
    """Companies that all fit, the first of which comes first by lead id."""
    count = len(sells)
    levels = Levels.alike(exact_levels(CompanyFilter()), count)
    rows = RowSet.of(np.arange(count, dtype=np.int32))
    candidates = Candidates(Generation("g"), rows, levels, (), None, np.zeros((2, 0), dtype=np.int32))
    pool, weights = evidence(sells), np.array([0.4, 0.3, 0.3])
    question = EvidenceRequest(
        Generation("g"), ("crm",), (), rows.bits, count, levels, weights, np.array([0.6, 0.4]), 200, 0.0
    )
    leads = np.arange(count, dtype=np.int32)
    contacts = ChosenContacts(leads, leads, np.ones(count, dtype=np.bool_), lambda _: [])
    request = RankRequest(Query(), limit, 0.0, FinalWeights(), FitWeights(), candidate_ids=ids)
    asked = undecided(pool, 8.0)
    intent = decide(pool, asked, np.full(int(asked.sum()), 5.0))
    return order(request, candidates, pool, intent, contacts, question)


def test_a_vendor_gives_way_to_everybody_who_may_buy() -> None:
    assert ordered([1.0, 0.0, 1.0, 0.0], limit=2).best.tolist() == [1, 3]


def test_a_list_that_would_be_short_has_vendors_behind_those_who_fit_as_well() -> None:
    found = ordered([1.0, 0.0, 1.0, 0.0], limit=3)
    assert found.best.tolist() == [1, 3, 0]
    assert [found.intent.source_at(at) for at in found.best.tolist()] == ["gbdt", "gbdt", "none"]
    assert found.intent.total[0] == 0.0


def test_whoever_is_named_is_ranked_whatever_he_sells() -> None:
    assert ordered([1.0, 0.0, 0.0], limit=2, ids=("a", "b", "c")).best.tolist() == [1, 2]
    assert ordered([1.0, 0.0, 0.0], limit=3, ids=("a", "b", "c")).best.tolist() == [1, 2, 0]


def test_where_no_evidence_could_be_gathered_the_booster_is_asked_about_everybody() -> None:
    assert undecided(evidence([np.nan, np.nan]), 8.0).tolist() == [True, True]
