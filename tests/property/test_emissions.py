import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ranking.emissions import NOTHING, SOURCED, emissions, roles
from ranking.miner_quality import miner_quality

POINTS = st.floats(0, 1e9)


@st.composite
def miners(draw):
    m = draw(st.integers(1, 6))
    earned = draw(arrays(np.float64, (2, 3, m), elements=POINTS))
    quality = draw(arrays(np.float64, m, elements=st.floats(0, 1)))
    return earned, quality, draw(arrays(np.bool_, m))


@given(miners())
def test_shares_and_treasury_sum_to_one(given_miners):
    found = emissions(*given_miners)
    assert abs(found.share.sum() + found.treasury - 1.0) < 1e-9
    assert (found.share >= 0).all()
    assert np.allclose(found.sourcing + found.curating, found.share)


@given(miners())
def test_the_barred_earn_nothing_and_cost_nobody_anything(given_miners):
    earned, quality, barred = given_miners
    found = emissions(earned, quality, barred)
    assert not found.share[barred].any()
    alone = emissions(earned[:, :, ~barred], quality[~barred], np.zeros((~barred).sum(), dtype=np.bool_))
    assert np.allclose(found.share[~barred], alone.share)


@given(miners(), st.integers(0, 5), st.integers(0, 1), st.integers(0, 2), POINTS)
def test_earning_more_never_lowers_ones_share(given_miners, who, role, window, more):
    earned, quality, barred = given_miners
    who %= len(quality)
    richer = earned.copy()
    richer[role, window, who] += more
    before, after = emissions(earned, quality, barred), emissions(richer, quality, barred)
    assert after.share[who] >= before.share[who] - 1e-9


@given(miners(), st.integers(0, 5), st.floats(0, 1))
def test_a_better_factor_never_lowers_ones_share(given_miners, who, better):
    earned, quality, barred = given_miners
    who %= len(quality)
    raised = quality.copy()
    raised[who] = max(raised[who], better)
    before, after = emissions(earned, quality, barred), emissions(earned, raised, barred)
    assert after.share[who] >= before.share[who] - 1e-9


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9), st.booleans()), max_size=20)
)
def test_each_event_with_evidence_that_counts_has_one_source(snippets):
    columns = np.array(snippets, dtype=np.int64).reshape(-1, 4).T
    event, miner, counted = (
        columns[0].astype(np.int32),
        columns[1].astype(np.int32),
        columns[3].astype(np.bool_),
    )
    role = roles(event, miner, columns[2].astype(np.float64), counted)
    assert (role[~counted] == NOTHING).all()
    assert sorted(event[role == SOURCED].tolist()) == sorted(set(event[counted].tolist()))
    earning = [(e, m) for e, m, r in zip(event, miner, role, strict=True) if r != NOTHING]
    assert len(earning) == len(set(earning))


COUNTS = st.floats(0, 1e6)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_quality_rises_with_clicks_and_lies_in_its_interval(
    clicks, expected, conversions, conversions_expected, more
):
    def quality(observed):
        row = (observed, expected, conversions, conversions_expected)
        return miner_quality(*(np.array([value]) for value in row))

    few, many = quality(clicks), quality(clicks + more)
    assert 0 <= few.low[0] <= few.factor[0] <= few.high[0] <= 1
    assert many.factor[0] >= few.factor[0]
