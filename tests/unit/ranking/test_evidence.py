import math
from dataclasses import replace

import numpy as np
import pytest

from ranking.config import V1_1
from ranking.decay import DecayConfig
from ranking.evidence import TermLimits, gather, used_terms
from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.fit import EXACT, NOTHING, pack_levels
from ranking.hits import TermPostings
from ranking.intent import IntentConfig
from ranking.types import PoolEvidence
from tests.fixtures.evidence import NOW, Note, World, feature, request

CONFIG = V1_1.intent


def scored(*notes: Note, companies: int = 1, **options: object) -> PoolEvidence:
    world = World(companies, notes, options.pop("sells", {}))
    tenant = options.pop("tenant", 0)
    config = options.pop("config", CONFIG)
    return gather(request(world, **options), world.postings(), world.tables(), config, tenant)


def base(evidence: float) -> float:
    return 100.0 * (1.0 - 2.0 ** (-evidence / 8.0))


def test_a_fresh_snippet_counts_with_its_raw_score() -> None:
    found = scored(Note(0, {"crm": 8.0}))
    assert found.base.tolist() == [50.0]
    assert found.best_raw.tolist() == [8.0]
    assert found.snippets[0].tolist() == [0, -1, -1, -1, -1]
    assert found.considered == 1


def test_the_five_best_snippets_count_half_as_much_from_one_to_the_next() -> None:
    found = scored(*(Note(0, {"crm": raw}) for raw in (1.0, 6.0, 2.0, 5.0, 3.0, 4.0)))
    evidence = 6.0 + 5.0 * 0.5 + 4.0 * 0.25 + 3.0 * 0.125 + 2.0 * 0.0625
    assert found.base.tolist() == pytest.approx([base(evidence)])
    assert found.raw[0].tolist() == [6.0, 5.0, 4.0, 3.0, 2.0]
    assert found.snippets[0].tolist() == [1, 3, 5, 4, 2]


def test_age_and_source_lower_a_contribution() -> None:
    config = IntentConfig(
        decay=DecayConfig(tau_days=90.0, tau_days_by_kind={"launch": 30.0}),
        source_weights={"forum": 0.5, "board": 0.0},
    )
    found = scored(
        Note(0, {"crm": 8.0}, age=90.0, source="forum"),
        Note(1, {"crm": 8.0}, age=30.0, kind="launch"),
        Note(2, {"crm": 8.0}, source="board"),
        companies=3,
        config=config,
    )
    assert found.base.tolist() == pytest.approx(
        [base(8.0 * math.exp(-90 / 90) * 0.5), base(8.0 * math.exp(-30 / 30)), 0.0]
    )
    assert found.decay[:, 0].tolist() == pytest.approx([math.exp(-1.0), math.exp(-1.0), 1.0])


@pytest.mark.parametrize("flag", ["duplicate", "flagged", "vendor_talk", "not_a_posting"])
def test_what_shows_no_need_adds_nothing(flag: str) -> None:
    found = scored(
        replace(
            Note(0, {"crm": 9.0}, kind="job_posting", roles=("sdr",), removed=("hubspot",)), **{flag: True}
        )
    )
    assert (found.base[0], found.churn[0], found.job[0], found.best_raw[0]) == (0.0, 0.0, 0.0, 0.0)
    assert found.considered == 0


def test_a_vendor_of_the_product_has_neither_need_nor_boosts() -> None:
    notes = [
        Note(company, {"crm": 9.0}, kind="job_posting", roles=("sdr",), removed=("hubspot",))
        for company in (0, 1)
    ]
    found = scored(*notes, companies=2, sells={0: ("crm",)})
    assert (found.base[0], found.churn[0], found.job[0]) == (0.0, 0.0, 0.0)
    assert (found.churn[1], found.job[1]) == pytest.approx((20.0 * 0.8, 15.0 * 1.0))
    assert feature(found.counts, "sells").tolist() == [1.0, 0.0]


def test_selling_something_else_is_no_hindrance() -> None:
    assert scored(Note(0, {"crm": 8.0}), sells={0: ("payroll",)}).base.tolist() == [50.0]


def test_concepts_and_keywords_add_up_in_one_snippet() -> None:
    found = scored(Note(0, {"crm": 3.0, "forecast": 5.0}), keywords=("forecast", "forecast"))
    assert found.raw[0, 0] == 3.0 + 5.0
    assert found.matched[0, 0] == 0b11


def test_churn_weighs_the_table_and_the_age() -> None:
    found = scored(
        Note(0, removed=("salesforce",), age=60.0),
        Note(1, removed=("hubspot", "workday"), age=0.0),
        Note(2, removed=("workday",)),
        companies=3,
    )
    assert found.churn.tolist() == pytest.approx([20.0 * math.exp(-60 / 60), 20.0 * 0.8, 0.0])
    assert found.churn_snippets.tolist() == [0, 1, -1]


def test_an_event_no_table_knows_counts_by_its_text() -> None:
    found = scored(
        Note(0, {"crm": 4.0}, removed=("workday",), age=60.0),
        Note(1, {"crm": 4.0}, kind="job_posting", roles=("engineering",), age=45.0),
        Note(2, {"crm": 80.0}, kind="job_posting"),
        Note(3, {"crm": 80.0}, kind="job_posting", roles=("sales",)),
        Note(4, {"crm": 80.0}, kind="news", roles=("sdr",)),
        companies=5,
    )
    assert found.churn[0] == pytest.approx(20.0 * (4.0 / 8.0) * math.exp(-60 / 60))
    assert found.job.tolist() == pytest.approx(
        [0.0, 15.0 * (4.0 / 8.0) * math.exp(-45 / 45), 15.0, 15.0 * 0.5, 0.0]
    )


def test_a_posting_that_names_a_technology_of_the_product_counts() -> None:
    found = scored(Note(0, kind="job_posting", added=("hubspot",)))
    assert found.job.tolist() == pytest.approx([15.0 * 0.8])
    assert found.base.tolist() == [0.0]
    assert found.considered == 1


def test_undated_evidence_is_as_old_as_the_old_end_of_its_kind() -> None:
    dated = [Note(1, age=float(days)) for days in range(0, 110, 10)]
    found = scored(Note(0, {"crm": 8.0}, age=None, seen=20.0), *dated, companies=2)
    assert found.decay[0, 0] == pytest.approx(math.exp(-90 / 90))
    assert feature(found.counts, "on_topic_undated_share")[0] == 1.0


def test_only_admitted_companies_are_scored() -> None:
    notes = [Note(company, {"crm": float(company + 1)}) for company in range(4)]
    found = scored(*notes, companies=4, admitted=[1, 3])
    assert found.positions.tolist() == [0, 1]
    assert found.raw[:, 0].tolist() == [2.0, 4.0]


def test_a_query_without_terms_finds_no_evidence() -> None:
    found = scored(Note(0, {"crm": 8.0}, kind="job_posting", roles=("sdr",)), concepts=())
    assert (found.base[0], found.job[0], found.considered) == (0.0, 0.0, 0)
    assert feature(found.counts, "raw_best_share")[0] == 0.0


def test_of_two_concepts_the_more_fitting_table_counts() -> None:
    found = scored(Note(0, kind="job_posting", roles=("sales",)), concepts=("crm", "hosting"))
    assert found.job.tolist() == pytest.approx([15.0 * max(0.5, 0.2)])


def test_nobody_admitted_means_an_empty_pool() -> None:
    found = scored(Note(0, {"crm": 1.0}), admitted=[])
    assert (len(found.positions), found.counts.shape, found.considered) == (0, (0, len(EVIDENCE_FEATURES)), 0)


def test_the_pool_is_the_best_by_fit_and_intent() -> None:
    notes = [Note(2, {"crm": 8.0}), Note(0, {"crm": 80.0})]
    exact, nothing = (np.full(1, level, dtype=np.uint8) for level in (EXACT, NOTHING))
    known = np.zeros(1, dtype=bool)
    good, bad = pack_levels(exact, exact, exact, known), pack_levels(nothing, nothing, nothing, known)
    # 0.6 x 0 + 0.4 x ~1 < 0.6 x 1 + 0.4 x 0 < 0.6 x 1 + 0.4 x 0.5
    levels = np.concatenate([bad, good, good])
    found = scored(*notes, companies=3, levels=levels, pool_size=2)
    assert found.positions.tolist() == [1, 2]
    assert found.considered == 2


def test_private_snippets_count_for_their_tenant_alone() -> None:
    notes = (
        Note(0, {"crm": 8.0}, tenant=2),
        Note(0, kind="job_posting", roles=("sdr",), tenant=2, age=9.0),
        Note(0, removed=("hubspot",), tenant=2),
        Note(0, kind="job_posting", roles=("sales",)),
    )
    shared, own, other = (scored(*notes, tenant=tenant) for tenant in (0, 2, 1))
    assert (shared.base[0], shared.job[0]) == (other.base[0], other.job[0]) == (0.0, 15.0 * 0.5)
    assert own.base[0] == 50.0
    assert own.job[0] == pytest.approx(15.0 * max(0.5, math.exp(-9 / 45)))
    assert (shared.churn[0], own.churn[0], other.churn[0]) == (0.0, pytest.approx(20.0 * 0.8), 0.0)
    assert feature(own.counts, "snippets")[0] == 1


def test_a_year_earlier_nothing_of_today_is_known() -> None:
    note = Note(0, {"crm": 8.0}, kind="job_posting", roles=("sdr",))
    past = scored(note, as_of_s=NOW - 365 * 86_400.0)
    assert (past.base[0], past.job[0], feature(past.counts, "snippets")[0]) == (0.0, 0.0, 0.0)


def test_tables_are_shared_between_near_times_and_few_are_kept() -> None:
    world = World(1, tuple(Note(0, {"crm": 1.0}, age=float(10 * number)) for number in range(10)))
    tables = world.tables()
    assert tables.at(NOW) is tables.at(NOW + 86_400.0 * 400)
    views = [tables.at(NOW - 86_400.0 * 10 * number) for number in range(1, 9)]
    assert len({id(view) for view in views}) == 8
    assert tables.at(NOW - 86_400.0 * 80) is views[-1]
    assert len(tables._views) <= 4


def test_odd_times_do_not_push_out_the_tables_in_use() -> None:
    world = World(1, tuple(Note(0, {"crm": 1.0}, age=float(10 * number)) for number in range(10)))
    tables = world.tables()
    now = tables.at(NOW)
    for number in range(1, 9):
        tables.at(NOW - 86_400.0 * 10 * number)
        assert tables.at(NOW) is now


def test_of_too_many_terms_the_rarest_stay_in_order() -> None:
    class Numbered:
        def concept(self, code: str) -> TermPostings:
            none = np.zeros(0, dtype=np.int32)
            return TermPostings(none, none, np.zeros(0, dtype=np.float32), float(code[1:]))

        keyword = concept

        def kindred(self, code: str) -> tuple[TermPostings, ...]:
            return ()

    asked = request(World(1, ()), concepts=("c1", "c9", "c5", "c9"), keywords=("k2", "k3", "k3"))
    terms = used_terms(asked, Numbered(), TermLimits(concepts=2, keywords=1))
    assert [(term.text, term.is_keyword) for term in terms] == [("c9", False), ("c5", False), ("k3", True)]


def test_features_tell_recent_from_old_and_varied_from_uniform() -> None:
    found = scored(
        Note(0, {"crm": 2.0}, age=10.0, miner=1, source="a"),
        Note(0, {"payroll": 3.0}, age=100.0, miner=2, source="b", kind="funding"),
        Note(0, {"crm": 1.0}, age=200.0, miner=2, source="b"),
        Note(0, {"crm": 1.0}, duplicate=True),
        Note(0, {"crm": 1.0}, vendor_talk=True),
        Note(0, age=3.0, kind="job_posting"),
        concepts=("crm", "payroll"),
    )
    row = dict(zip(EVIDENCE_FEATURES, found.counts[0].tolist(), strict=True))
    assert [row[f"on_topic{suffix}"] for suffix in ("", "_30d", "_90d", "_180d")] == [3, 1, 1, 2]
    assert (row["kinds"], row["miners"], row["source_types"]) == (2, 2, 2)
    assert (row["terms_matched"], row["terms_matched_share"]) == (2, 1.0)
    assert (row["discarded"], row["vendor_talk"], row["snippets"], row["postings"]) == (1, 1, 6, 1)
    assert (row["on_topic_newest_days"], row["snippet_newest_days"], row["posting_newest_days"]) == (10, 0, 3)
    assert (row["raw_best"], row["raw_sum"]) == (3.0, 6.0)
    assert math.isnan(row["churn_rel"])


def test_vendors_come_behind_everybody_else_when_the_pool_is_filled() -> None:
    nobody = np.full(4, NOTHING, dtype=np.uint8)
    fit = np.array([EXACT, EXACT, NOTHING, NOTHING], dtype=np.uint8)
    levels = pack_levels(fit, nobody, nobody, np.zeros(4, dtype=bool))
    kept = [
        scored(Note(0, {"crm": 9.0}), companies=4, sells={0: ("crm",)}, levels=levels, pool_size=size)
        for size in (1, 3, 4)
    ]
    assert [each.positions.tolist() for each in kept] == [[1], [1, 2, 3], [0, 1, 2, 3]]
    assert {each.considered for each in kept} == {0}
