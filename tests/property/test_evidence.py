"""The vectorised evidence against the formulas applied one snippet at a time, in invented worlds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.decay import DecayConfig
from ranking.evidence import gather
from ranking.evidence_features import EVIDENCE_FEATURES
from ranking.intent import IntentConfig
from tests.fixtures.evidence import CONCEPTS, ROLES, TECHNOLOGIES, Note, World, account, request

AGES = st.one_of(
    st.none(),
    st.sampled_from([-2.0, -0.5, 0.0, 30.0, 90.0, 180.0]),
    st.floats(-0.9, 900.0).map(lambda days: round(days, 2)),
)
RAW = st.dictionaries(
    st.sampled_from([*CONCEPTS, "forecast"]),
    st.one_of(st.sampled_from([1.0, 4.0, 8.0]), st.floats(0.01, 20.0)),
    max_size=3,
)
FLAG = st.sampled_from([False, False, False, True])
CONFIGS = st.sampled_from(
    [
        IntentConfig(),
        IntentConfig(
            decay=DecayConfig(tau_days=60.0, tau_days_by_kind={"job_posting": 20.0}, floor=0.2),
            source_weights={"board": 0.5, "forum": 0.0, "unheard of": 0.3},
            half_evidence=4.0,
        ),
    ]
)


def notes(companies: int) -> st.SearchStrategy[Note]:
    return st.builds(
        Note,
        company=st.integers(0, companies - 1),
        raw=RAW,
        age=AGES,
        seen=st.floats(0.0, 400.0),
        kind=st.sampled_from(["job_posting", "tech_change", "job_posting", "news", "other"]),
        roles=st.lists(st.sampled_from(ROLES), max_size=2, unique=True).map(tuple),
        added=st.lists(st.sampled_from(TECHNOLOGIES), max_size=2, unique=True).map(tuple),
        removed=st.lists(st.sampled_from(TECHNOLOGIES), max_size=1).map(tuple),
        source=st.sampled_from(["board", "forum", ""]),
        miner=st.integers(0, 3),
        tenant=st.sampled_from([0, 0, 0, 1, 2]),
        duplicate=FLAG,
        flagged=FLAG,
        vendor_talk=FLAG,
        not_a_posting=FLAG,
        stuffed=FLAG,
        no_need=FLAG,
        settles=st.sampled_from([(), (), (), ("crm",), ("payroll",), ("crm", "payroll")]),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    companies = draw(st.integers(1, 5))
    sells = draw(
        st.dictionaries(st.integers(0, companies - 1), st.sampled_from([("crm",), ("hosting",)]), max_size=1)
    )
    return World(
        companies,
        tuple(draw(st.lists(notes(companies), min_size=draw(st.integers(0, 12)), max_size=24))),
        sells,
    )


@settings(max_examples=300, deadline=None)
@given(
    worlds(),
    st.sampled_from([("crm",), ("crm", "payroll"), ("hosting",), ("hosting", "crm", "payroll"), ()]),
    CONFIGS,
    st.sampled_from([0, 1]),
    st.data(),
)
def test_vectorised_evidence_equals_the_formulas_snippet_by_snippet(
    world, concepts, config, tenant, data
) -> None:
    some = st.sets(st.integers(0, world.companies - 1)).map(sorted)
    admitted = data.draw(st.one_of(st.just(list(range(world.companies))), some))
    keywords = ("forecast",) if not concepts or data.draw(st.booleans()) else ()
    found = gather(
        request(world, concepts, keywords, admitted), world.postings(), world.tables(), config, tenant
    )
    terms = [*concepts, *keywords]
    assert found.positions.tolist() == list(range(len(admitted)))
    for place, company in enumerate(admitted):
        expected = account(world, company, terms, config, tenant)
        assert found.base[place] == pytest.approx(expected.base, abs=1e-9)
        assert found.churn[place] == pytest.approx(expected.churn, abs=1e-9)
        assert found.job[place] == pytest.approx(expected.job, abs=1e-9)
        assert found.best_raw[place] == pytest.approx(expected.best_raw, rel=1e-6)
        rows = [row for row in found.snippets[place].tolist() if row >= 0]
        assert rows == [row for _, row in expected.best]
        assert found.contribution[place, : len(rows)] == pytest.approx(
            [c for c, _ in expected.best], rel=1e-6
        )
        for number, name in enumerate(EVIDENCE_FEATURES):
            assert found.counts[place, number] == pytest.approx(
                expected.features[name], rel=1e-5, abs=1e-6, nan_ok=True
            ), name


@settings(max_examples=60, deadline=None)
@given(worlds(), CONFIGS)
def test_scores_are_finite_and_in_range(world, config) -> None:
    found = gather(request(world, ("crm", "payroll")), world.postings(), world.tables(), config)
    for values, top in ((found.base, 100.0), (found.churn, 20.0), (found.job, 15.0)):
        assert np.isfinite(values).all()
        assert ((values >= 0.0) & (values <= top)).all()
    assert np.isfinite(found.best_raw).all()
    assert (found.decay <= 1.0).all()


@settings(max_examples=60, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_snippet_order(world, random) -> None:
    shuffled = list(world.notes)
    random.shuffle(shuffled)
    other = replace(world, notes=tuple(shuffled))
    one, two = (
        gather(request(w, ("crm", "payroll")), w.postings(), w.tables(), IntentConfig())
        for w in (world, other)
    )
    for name in ("base", "churn", "job", "best_raw", "contribution"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-9), name


@settings(max_examples=60, deadline=None)
@given(worlds(), notes(1))
def test_adding_a_duplicate_changes_no_score(world, note) -> None:
    other = replace(world, notes=(*world.notes, replace(note, duplicate=True)))
    one, two = (
        gather(request(w, ("crm", "payroll")), w.postings(), w.tables(), IntentConfig())
        for w in (world, other)
    )
    for name in ("base", "churn", "job", "best_raw", "contribution"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist(), name


@settings(max_examples=60, deadline=None)
@given(RAW, st.floats(0.0, 500.0), st.floats(0.0, 500.0), st.sampled_from(["job_posting", "news"]))
def test_older_evidence_never_scores_higher(raw, age, longer, kind) -> None:
    def intent(days: float) -> float:
        note = Note(0, raw, days, kind=kind, roles=("sdr",), removed=("workday",))
        world = World(1, (note,))
        found = gather(request(world), world.postings(), world.tables(), IntentConfig())
        return float(found.base[0] + found.churn[0] + found.job[0])

    assert intent(age + longer) <= intent(age) + 1e-12


@settings(max_examples=60, deadline=None)
@given(worlds(), st.floats(0.01, 20.0), st.floats(0.0, 500.0))
def test_one_more_snippet_with_need_never_lowers_base(world, raw, age) -> None:
    # private to the tenant, so that the dates from which undated ages are guessed stay as they are
    more = replace(world, notes=(*world.notes, Note(0, {"crm": raw}, age, tenant=1)))
    before, after = (
        gather(request(w), w.postings(), w.tables(), IntentConfig(), tenant=1) for w in (world, more)
    )
    assert after.base[0] >= before.base[0] - 1e-12


@settings(max_examples=60, deadline=None)
@given(worlds(), st.floats(-2000.0, 2000.0))
def test_an_earlier_as_of_knows_nothing_of_what_came_later(world, days) -> None:
    as_of_s = 1_760_000_000.0 + days * 86_400.0
    known = World(
        world.companies,
        tuple(note for note in world.notes if note.age is None or note.age >= -days - 1.0),
        world.sells,
    )
    one, two = (
        gather(request(w, ("crm", "payroll"), as_of_s=as_of_s), w.postings(), w.tables(), IntentConfig())
        for w in (world, known)
    )
    for name in ("base", "churn", "job"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist(), name
    assert math.isfinite(float(one.base.sum()))
