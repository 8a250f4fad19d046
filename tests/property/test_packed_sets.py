"""Packed sets beside Python's own."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from db.filtering.bit_kernels import members, ranks, spread
from db.filtering.bitmaps import BitSpace, contains, count
from ranking.levels import Levels
from ranking.row_set import RowSet

SIZE = 203
SETS = st.sets(st.integers(0, SIZE - 1))
SPACE = BitSpace(SIZE)
UNTIMED = settings(deadline=None)  # the first example waits for the compiler


def column(rows) -> np.ndarray:
    return np.array(sorted(rows), dtype=np.int32)


@UNTIMED
@given(SETS)
def test_a_set_gives_its_rows_back_in_order(rows: set[int]) -> None:
    words = SPACE.of_rows(column(rows))
    assert SPACE.rows(words).tolist() == sorted(rows)
    assert np.flatnonzero(SPACE.mask(words)).tolist() == sorted(rows)
    assert SPACE.pack(SPACE.mask(words)).tolist() == words.tolist()
    assert count(words) == len(rows)
    assert SPACE.row_set(words).rows.tolist() == RowSet.of(column(rows)).rows.tolist() == sorted(rows)


@UNTIMED
@given(SETS, SETS)
def test_members_are_those_that_both_have(rows: set[int], others: set[int]) -> None:
    words = SPACE.of_rows(column(rows))
    assert members(words.view(np.uint8), column(others)).tolist() == sorted(rows & others)
    assert contains(words, column(others)).tolist() == [each in rows for each in sorted(others)]
    assert (SPACE.rows(words & SPACE.of_rows(column(others)))).tolist() == sorted(rows & others)


@UNTIMED
@given(SETS, SETS)
def test_a_rank_counts_the_members_before(rows: set[int], asked: set[int]) -> None:
    found = ranks(SPACE.of_rows(column(rows)).view(np.uint8), column(asked))
    assert found.tolist() == [sum(row < each for row in rows) for each in sorted(asked)]


@UNTIMED
@given(SETS, st.dictionaries(st.integers(0, SIZE - 1), st.integers(0, 9)))
def test_a_set_spreads_to_the_groups_it_touches(rows: set[int], group_of: dict[int, int]) -> None:
    of = SPACE.of_rows(column(rows))
    into = of.copy()
    listed = sorted(group_of)
    groups = np.array([group_of[row] for row in listed], dtype=np.int32)
    spread(into.view(np.uint8), of.view(np.uint8), np.array(listed, dtype=np.int32), groups, 10)
    touched = {group_of[row] for row in listed if row in rows}
    assert SPACE.rows(into).tolist() == sorted(rows | {row for row in listed if group_of[row] in touched})


@UNTIMED
@given(st.lists(st.integers(0, 1023)))
def test_a_palette_holds_what_was_put_in(levels: list[int]) -> None:
    packed = Levels.of(np.array(levels, dtype=np.uint16))
    assert packed.array().tolist() == levels
    assert packed.palette.tolist() == (sorted(set(levels)) or [0])
    assert packed.spread(packed.palette.astype(np.float64) / 2).tolist() == [each / 2 for each in levels]
