"""Lists one after the other are picked as slicing them one by one picks them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking.ragged import offsets_of, places_of


@given(st.data(), st.lists(st.integers(0, 6), max_size=12))
def test_places_are_those_that_slicing_gives(data: st.DataObject, lengths: list[int]) -> None:
    offsets = offsets_of(lengths)
    assert offsets.dtype == np.int64
    assert offsets.tolist() == [sum(lengths[:count]) for count in range(len(lengths) + 1)]
    rows = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=20) if lengths else st.just([]))
    expected = [place for row in rows for place in range(offsets[row], offsets[row + 1])]
    assert places_of(offsets, np.array(rows, dtype=np.int32)).tolist() == expected
