import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.kernels.trimming import best, best_of_levels
from ranking.trim import pool_size, preliminary_score


@pytest.mark.parametrize(
    ("limit", "size"), [(1, 200), (25, 200), (50, 200), (51, 204), (500, 2000), (2000, 2000)]
)
def test_the_pool_is_four_times_k_within_bounds(limit: int, size: int) -> None:
    assert pool_size(limit) == size


def test_preliminary_score_weighs_fit_and_intent() -> None:
    found = preliminary_score(np.array([0.5, 1.0]), np.array([80.0, 0.0]), np.array([0.6, 0.4]))
    assert found.tolist() == pytest.approx([0.6 * 0.5 + 0.4 * 0.8, 0.6 * 1.0])


def test_the_best_come_back_in_row_order() -> None:
    kept = best(np.array([0.1, 0.9, 0.5, 0.7]), 2)
    assert kept.tolist() == [1, 3]
    assert kept.dtype == np.int32


def test_among_equals_the_lower_rows_stay() -> None:
    assert best(np.array([0.5, 0.5, 0.9, 0.5, 0.5]), 3).tolist() == [0, 1, 2]


@pytest.mark.parametrize("size", [3, 4, 99])
def test_a_pool_as_large_as_the_field_keeps_everybody(size: int) -> None:
    assert best(np.array([0.3, 0.1, 0.2]), size).tolist() == [0, 1, 2]


def test_an_empty_pool_keeps_nobody() -> None:
    assert best(np.array([0.3]), 0).tolist() == []
    assert best(np.zeros(0), 200).tolist() == []


@pytest.mark.parametrize("period", [1, 7, 16, 64, 1000])
def test_a_long_field_is_trimmed_as_exactly(period: int) -> None:
    # the period makes every sampled score equal, the lowest or the highest of all in turn
    for offset in (0, 1):
        scores = np.array([float((row + offset) % period == 0) + (row % 3) / 10 for row in range(2000)])
        by_score = sorted(range(2000), key=lambda row: (-scores[row], row))
        assert best(scores, 20).tolist() == sorted(by_score[:20])


SCORES = st.one_of(
    st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0.0, 1.0), st.sampled_from([5e-324, 1e-310, 1e-17])
)


@given(st.lists(SCORES, max_size=40), st.integers(0, 45))
def test_trim_equals_a_full_sort(scores: list[float], size: int) -> None:
    by_score = sorted(range(len(scores)), key=lambda row: (-scores[row], row))
    assert best(np.array(scores, dtype=np.float64), size).tolist() == sorted(by_score[:size])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.0, 0.125, 0.25, 1e-310])), max_size=40),
    st.booleans(),
    st.integers(0, 45),
)
def test_levels_with_gains_are_trimmed_like_their_sums(companies, alike: bool, size: int) -> None:
    palette = np.array([0.5, 0.25, 0.75, 0.5])
    codes = np.array([0 if alike else code for code, _ in companies], dtype=np.uint8)
    gain = np.array([gain for _, gain in companies], dtype=np.float64)
    gainers = np.flatnonzero(gain).astype(np.int32)
    of_each = codes[:0] if alike else codes
    found = best_of_levels(palette, of_each, len(codes), gainers, gain[gainers], size)
    assert found.tolist() == best(palette[codes] + gain, size).tolist()
