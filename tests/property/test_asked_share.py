"""No 1,000 pool candidates in a row hold more than 300 that were asked, whatever comes in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.asked_share import AskedShare, AskedShareConfig

POOLS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40)
SHARES = st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.34, 0.5, 1.0])


class PlainShare:
    """Every candidate so far, asked or not; a candidate may be asked if no window or beginning then holds too many."""

    def __init__(self, share: float, window: int) -> None:
        self.window = window
        self.most = int(share * window + 1e-9)
        self.asked: list[bool] = []

    def holds(self, asked: list[bool]) -> bool:
        """At the end of the list: its last window, or, over fewer than a window, the share of all."""
        last = asked[-self.window :]
        return sum(last) * self.window <= self.most * len(last)

    def offer(self, pool: int, wanted: int) -> int:
        granted = 0
        for _ in range(pool):
            may = granted < wanted and self.holds([*self.asked, True])
            granted += may
            self.asked.append(may)
        return granted

    def windows_hold(self) -> bool:
        return all(self.holds(self.asked[:end]) for end in range(1, len(self.asked) + 1))


@given(POOLS, SHARES, st.integers(1, 50))
def test_room_is_what_a_count_of_every_window_leaves(pools, share, window):
    ours, plain = AskedShare(AskedShareConfig(share=share, window=window)), PlainShare(share, window)
    for pool, wanted in pools:
        room = ours.room(pool, wanted)
        assert room == plain.offer(pool, wanted)
        ours.record(pool, room)
        assert ours.share == pytest.approx(sum(plain.asked[-window:]) / max(1, len(plain.asked[-window:])))
    assert plain.windows_hold()


def test_thirty_of_the_first_hundred_and_three_hundred_of_each_thousand():
    share = AskedShare(AskedShareConfig())
    assert share.share == 0.0
    assert share.room(100, 100) == 30
    share.record(100, 0)
    # What was not asked at first may be asked later: 0.3 x 300 of the first 300.
    assert share.room(200, 200) == 90
    share.record(200, 90)
    assert share.share == 0.3
    granted = []
    for _ in range(9):
        granted.append(share.room(200, 60))
        share.record(200, granted[-1])
    # The 90 stand at places 100 to 189: up to place 1,099 there are 300 once 30 more have come.
    assert granted == [60, 60, 60, 30, 60, 60, 60, 60, 60]
    assert share.share == 0.3


def test_a_pool_larger_than_the_window_is_counted_too():
    share = AskedShare(AskedShareConfig(share=0.3, window=100))
    assert share.room(2000, 2000) == 600
    share.record(2000, 600)
    assert share.share <= 0.3


def test_nobody_is_asked_at_a_share_of_nothing():
    assert AskedShare(AskedShareConfig(share=0.0)).room(200, 200) == 0


def test_more_than_there_is_room_for_is_refused():
    share = AskedShare(AskedShareConfig())
    with pytest.raises(ValueError, match="61 of 200 candidates asked where 60 may be"):
        share.record(200, 61)
