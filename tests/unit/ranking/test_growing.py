"""Arrays that grow leave earlier views as they are."""

import numpy as np
import pytest

from ranking.growing import Growing


def test_views_keep_what_they_show_while_more_is_appended() -> None:
    growing = Growing(np.arange(3, dtype=np.int32))
    views = []
    for number in range(2_000):
        views.append((growing.view(), len(growing)))
        growing.append(np.array([100 + number], dtype=np.int32))
    for number in (0, 1, 700, 1_999):
        view, size = views[number]
        assert view.tolist() == [0, 1, 2, *range(100, 100 + number)]
        assert len(view) == size == 3 + number


def test_what_it_begins_with_is_neither_copied_nor_written() -> None:
    start = np.arange(4, dtype=np.float64)
    start.setflags(write=False)
    growing = Growing(start)
    assert np.shares_memory(growing.view(), start)
    growing.append(np.ones(1))
    assert growing.view().tolist() == [0, 1, 2, 3, 1]
    assert start.tolist() == [0, 1, 2, 3]


def test_a_view_of_a_larger_array_is_not_written_behind_its_end() -> None:
    whole = np.arange(10, dtype=np.int32)
    growing = Growing(whole[:4])
    growing.append(np.full(3, -1, dtype=np.int32))
    assert whole.tolist() == list(range(10))


@pytest.mark.parametrize("width", [0, 2])
def test_rows_of_several_numbers_grow_too(width: int) -> None:
    growing = Growing(np.zeros((0, width), dtype=np.uint16))
    growing.append(np.ones((5, width), dtype=np.uint16))
    assert growing.view().shape == (5, width)
