"""No feature of a benchmark on real data sees what was not known on its day."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.evaluation import funnel, startups
from bench.evaluation.startups import Sighting, Startup

AT = date(2024, 5, 11)
LATER = date(2026, 4, 7)
USUAL = Sighting("Active", 10)
offsets = st.integers(min_value=-900, max_value=900)
kinds = st.sampled_from(["job_posting", "launch", "news"])


def startup(snippets, later=USUAL, batch=date(2021, 6, 1)):
    dated = tuple((AT + timedelta(days=days), kind) for days, kind in snippets)
    return Startup("yc-1", batch, {AT: USUAL, LATER: later}, dated)


@given(st.lists(st.tuples(offsets, kinds), max_size=12), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_what_happens_to_a_startup_later_changes_none_of_its_features(snippets, employees):
    known = [(days, kind) for days, kind in snippets if days <= 0]
    before = startups.features(startup(known), AT)
    after = startups.features(startup(snippets, Sighting("Inactive", employees)), AT)
    np.testing.assert_array_equal(before, after)


def test_a_batch_of_later_is_not_known_yet():
    place = startups.FEATURES.index("batch_age_years")
    assert np.isnan(startups.features(startup([], batch=date(2024, 6, 1)), AT)[place])
    assert startups.features(startup([], batch=AT - timedelta(days=1461)), AT)[place] == 1461 / 365.25
    assert startups.batch_day("Winter 2012") == date(2012, 1, 1)
    assert startups.batch_day("Unspecified") is None


def test_a_window_asks_who_doubled_or_died_of_those_who_were_active():
    def one(name, before, after):
        return Startup(name, None, {AT: before, LATER: after}, ())

    active = Sighting("Active", 10)
    window = startups.window(
        [
            one("a", active, Sighting("Active", 20)), one("b", active, Sighting("Active", 19)), one("c", active, Sighting("Inactive", 0)),
            one("d", Sighting("Inactive", 5), Sighting("Inactive", 5)), one("e", Sighting("Active", None), active),
        ],
        AT, LATER,
    )  # fmt: skip
    assert window.companies == ("a", "b", "c")
    assert window.labels["doubled"].tolist() == [True, False, False]
    assert window.labels["died"].tolist() == [False, False, True]


def contact(days, won=False, number=0, landing="page"):
    return funnel.Contact(f"{number:08x}", AT + timedelta(days=days), landing, "social", won)


@given(
    st.lists(st.tuples(st.integers(-60, 60), st.booleans()), max_size=25),
    st.lists(st.booleans(), min_size=25, max_size=25),
)
@settings(max_examples=60, deadline=None)
def test_neither_later_leads_nor_unsettled_outcomes_change_the_features_of_a_lead(rows, other):
    lead = contact(0)
    settled = -funnel.SETTLED_DAYS
    told = [contact(days, won, number) for number, (days, won) in enumerate(rows)]
    changed = [
        contact(days, won if days <= settled else flip, number)
        for number, ((days, won), flip) in enumerate(zip(rows, other, strict=False))
        if days < 0
    ]
    assert funnel.features(lead, funnel.Past(told)) == funnel.features(lead, funnel.Past(changed))


def test_rates_are_those_of_settled_leads_drawn_towards_the_whole():
    past = funnel.Past([contact(-20, won=True), contact(-14), contact(-3, won=True)])
    assert past.rate("landing page", AT, 0.1) == (1 + 20 * 0.1) / (2 + 20)
    assert past.seen("landing page", AT) == 3
    assert past.seen("landing page", AT, AT - timedelta(days=14)) == 2


def test_a_funnel_is_judged_on_leads_after_the_split_alone():
    day = (funnel.SPLIT - AT).days
    spread = [contact(day - 40 + number % 60, number % 3 == 0, number * 7919) for number in range(900)]
    found = funnel.judge(spread, 1)
    after = sum(each.day >= funnel.SPLIT for each in spread)
    assert found["won"]["tuning"]["candidates"] + found["won"]["final"]["candidates"] == after
    assert found["won"]["tuning"]["rankings"]["random"]["auc"]["mean"] == 0.5
