"""The standing of a submitter against a plain reading of F-8, whatever the queries, the replicas and the clock do."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.query_rules import Asked, RuleConfig, judged
from ranking.reputation import (
    ReputationConfig,
    Seen,
    Standing,
    after,
    alerts,
    is_poor,
    ordinary_until_lifted,
)

CONFIG = ReputationConfig()
DAY_S = 86_400.0
seen = st.builds(Seen, st.sampled_from((0.0, 0.2, 0.5, 0.7, 1.0)), st.booleans())
pauses = st.sampled_from((0.0, 1.0, 3_600.0, DAY_S - 1.0, DAY_S, 3 * DAY_S))
queries = st.lists(st.tuples(seen, pauses), max_size=80)


def mean_then_moving(values: list[float]) -> float:
    """Plain average of up to nine, each later one weighted by a tenth."""
    found = math.fsum(values[:9]) / max(1, len(values[:9]))
    for value in values[9:]:
        found = 0.9 * found + 0.1 * value
    return found


@dataclass
class Oracle:
    """F-8 in plain words: lists, and one end of a throttle."""

    scores: list[float]
    flags: list[float]
    ends_s: float | None = None
    served: bool = False

    def see(self, query: Seen, now_s: float) -> None:
        self.scores.append(query.score)
        self.flags.append(float(query.flagged))
        if self.ends_s is not None and now_s >= self.ends_s:
            self.ends_s, self.served = None, True
        score, rate = mean_then_moving(self.scores), mean_then_moving(self.flags)
        poor = len(self.scores) >= 10 and (rate > 0.3 or score < 0.5)
        if not poor:
            self.ends_s, self.served = None, False
        elif self.ends_s is None and (not self.served or query.flagged or query.score < 0.5):
            self.ends_s, self.served = now_s + DAY_S, False


def run(events: list[tuple[Seen, float]], *, trusted: bool = False) -> list[tuple[Standing, float]]:
    now_s, standing, found = 0.0, Standing(), []
    for query, pause_s in events:
        now_s += pause_s
        standing = after(standing, query, now_s, CONFIG, trusted=trusted)
        found.append((standing, now_s))
    return found


def boundary(values: list[float], bound: float) -> bool:
    """Whether rounding decides on which side of the bound the average lies."""
    return math.isclose(mean_then_moving(values), bound, abs_tol=1e-9)


@given(queries)
@settings(max_examples=100, deadline=None)
def test_averages_and_throttles_are_those_of_the_requirement(events: list[tuple[Seen, float]]) -> None:
    oracle = Oracle([], [])
    for (standing, now_s), (query, _) in zip(run(events), events, strict=True):
        oracle.see(query, now_s)
        assert math.isclose(standing.score, mean_then_moving(oracle.scores), abs_tol=1e-9)
        assert math.isclose(standing.flag_rate, mean_then_moving(oracle.flags), abs_tol=1e-9)
        if boundary(oracle.scores, 0.5) or boundary(oracle.flags, 0.3):
            return
        assert (standing.throttle and standing.throttle.ends_s) == oracle.ends_s


@given(queries)
@settings(max_examples=50, deadline=None)
def test_scores_and_rates_are_shares_and_a_throttle_lasts_a_day(events: list[tuple[Seen, float]]) -> None:
    for standing, _ in run(events):
        assert -1e-12 <= standing.score <= 1.0 + 1e-12
        assert -1e-12 <= standing.flag_rate <= 1.0 + 1e-12
        if standing.throttle is not None:
            assert standing.throttle.ends_s - standing.throttle.started_s == DAY_S
            assert is_poor(standing, CONFIG)


@given(st.lists(st.tuples(seen, pauses), max_size=9))
def test_nobody_is_throttled_or_alerted_about_before_ten_queries(events: list[tuple[Seen, float]]) -> None:
    for standing, _ in run(events):
        assert standing.throttle is None
        assert alerts(standing, CONFIG) == ()


@given(queries)
@settings(max_examples=50, deadline=None)
def test_nobody_who_is_trusted_is_throttled(events: list[tuple[Seen, float]]) -> None:
    assert all(standing.throttle is None for standing, _ in run(events, trusted=True))


@given(queries)
@settings(max_examples=40, deadline=None)
def test_ordinary_queries_lift_every_throttle_as_soon_as_promised(events: list[tuple[Seen, float]]) -> None:
    standing = run(events)[-1][0] if events else Standing()
    promised = ordinary_until_lifted(standing, CONFIG)
    assert promised <= 60
    for _ in range(promised):
        assert is_poor(standing, CONFIG)
        standing = after(standing, Seen(1.0, False), 0.0, CONFIG)
    assert not is_poor(standing, CONFIG)
    if promised:
        assert standing.throttle is None


def test_a_rate_of_exactly_three_tenths_is_not_above_it() -> None:
    found = run([(Seen(1.0, flagged), 1.0) for flagged in (True, True, *[False] * 7, True)])
    assert found[-1][0].throttle is None
    worse = after(found[-1][0], Seen(1.0, True), 11.0, CONFIG)
    assert worse.throttle is not None


def test_ten_flagged_queries_throttle_and_nine_do_not() -> None:
    found = run([(Seen(0.0, True), 1.0)] * 10)
    assert found[8][0].throttle is None
    assert found[9][0].throttle is not None
    assert alerts(found[9][0], CONFIG) == ("flag_rate", "score")


def test_who_comes_back_after_a_day_and_behaves_is_let_in() -> None:
    bad = run([(Seen(0.0, True), 0.0)] * 12)[-1][0]
    back = after(bad, Seen(1.0, False), DAY_S, CONFIG)
    assert back.throttle is None
    assert back.served
    relapsed = after(back, Seen(0.0, True), DAY_S + 1.0, CONFIG)
    assert relapsed.throttle is not None
    assert relapsed.throttle.ends_s == 2 * DAY_S + 1.0


@pytest.mark.parametrize("every", range(4, 12))
def test_who_never_tells_of_outcomes_is_not_throttled_for_it_alone(every: int) -> None:
    rules = RuleConfig(unheard=10, unheard_every=every)
    standing = Standing()
    for unheard in range(1, 500):
        judgement = judged(Asked("CRM for banks", unheard=unheard), rules)
        standing = after(standing, Seen(judgement.score, judgement.rule is not None), float(unheard), CONFIG)
        assert standing.throttle is None
        assert alerts(standing, CONFIG) == ()
    assert 0.0 < standing.flag_rate < 0.3
