"""The scan on one-byte codes rules out nobody who belongs in the answer: the exact scan is the oracle."""

from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.filtering.bitmaps import BitSpace
from db.filtering.clusters import Clusters
from db.filtering.contacts import Audience
from db.filtering.likeness import Likeness
from db.filtering.vector_codes import VectorCodes, cosines
from db.snapshot.columns import CompanyColumns
from tests.fixtures.company_world import Company, World

WIDTH = 384


def unit_vectors(count: int, seed: int, groups: int = 8) -> np.ndarray:
    """Vectors around a few centres, as texts about a few trades are."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((groups, WIDTH))
    vectors = centres[draw.integers(0, groups, count)] + 0.6 * draw.standard_normal((count, WIDTH))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit_vectors(1_000, seed=1)
CODES = VectorCodes(VECTORS)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_every_exact_cosine_lies_within_its_bounds(seed: int) -> None:
    to = unit_vectors(1, seed)[0]
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(VECTORS)) < 0.3).astype(np.int32)
    low, high = CODES.bounds(rows, to)
    exact = VECTORS[rows].astype(np.float64) @ to.astype(np.float64)
    assert np.all(low <= exact)
    assert np.all(exact <= high)
    assert float((high - low).max()) < 0.05


def test_bounds_hold_for_one_sided_and_zero_vectors() -> None:
    """One large entry leaves one step for all others: the worst case of one scale per row."""
    spike = np.full(WIDTH, 0.01, dtype=np.float32)
    spike[0] = 1.0
    spike /= np.linalg.norm(spike)
    codes = VectorCodes(np.stack([spike, np.zeros(WIDTH, dtype=np.float32)]))
    low, high = codes.bounds(np.array([0, 1], dtype=np.int32), VECTORS[0])
    assert low[0] <= float(spike @ VECTORS[0]) <= high[0]
    assert low[1] < 0.0 < high[1]


def test_a_query_of_zeros_is_bounded_around_zero() -> None:
    low, high = VectorCodes(VECTORS[:2]).bounds(
        np.array([0, 1], dtype=np.int32), np.zeros(WIDTH, dtype=np.float32)
    )
    assert np.all(low < 0)
    assert np.all(high < 0.02)


def test_codes_take_a_quarter_of_the_vectors() -> None:
    assert VectorCodes(VECTORS).size_bytes == len(VECTORS) * (WIDTH + 4 + 4)


def test_vectors_too_wide_for_a_32_bit_sum_are_refused() -> None:
    with pytest.raises(ValueError, match="513 dimensions"):
        VectorCodes(np.zeros((1, 513), dtype=np.float32))


def test_cosines_are_the_matrix_products_and_the_same_wherever_a_row_stands() -> None:
    twice = np.concatenate([VECTORS[:37], VECTORS[:37]])
    found = cosines(twice, np.arange(74, dtype=np.int32), VECTORS[5])
    assert np.allclose(found, twice @ VECTORS[5], atol=1e-6)
    assert np.array_equal(found[:37], found[37:])


def test_rows_may_be_strided_or_read_only() -> None:
    rows = np.arange(0, 40, dtype=np.int32)
    rows.flags.writeable = False
    assert np.array_equal(cosines(VECTORS, rows[::2], VECTORS[0]), cosines(VECTORS, rows, VECTORS[0])[::2])


@cache
def crowded(seed: int) -> CompanyColumns:
    """Four hundred records in few directions, many equally near; one in four is a duplicate, one in five has no vector."""
    draw = Random(seed)
    directions = [tuple(draw.gauss(0.0, 1.0) for _ in range(6)) for _ in range(60)]
    companies = []
    for number in range(400):
        leader = f"c{draw.randrange(number) // 4 * 4:04}" if number % 4 and draw.random() < 0.33 else None
        direction = None if draw.random() < 0.2 else draw.choice(directions)
        companies.append(Company(f"c{number:04}", cluster=leader, direction=direction))
    return World.of(*companies).snapshot().companies


def exact_nearest(columns: CompanyColumns, open_to: np.ndarray, to: np.ndarray, stop_at: int) -> list[int]:
    """Representatives of the nearest businesses, the slow and obvious way."""
    rows = [row for row in np.flatnonzero(open_to).tolist() if columns.has_vector[row]]
    near = cosines(columns.vectors, np.array(rows, dtype=np.int32), to).tolist()
    chosen: dict[int, None] = {}
    for _, row in sorted(zip((-each for each in near), rows, strict=True)):
        chosen.setdefault(int(columns.cluster[row]))
    return sorted(list(chosen)[:stop_at])


@pytest.mark.parametrize("stop_at", [1, 7, 50, 250, 1000])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_the_nearest_businesses_are_those_of_the_exact_scan(
    stop_at: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.filtering.likeness.WORTH_BOUNDING", 0)
    for seed in range(4):
        companies, draw = crowded(seed), np.random.default_rng(seed)
        space = BitSpace(len(companies.active))
        open_to = draw.random(space.size) < share
        to = np.zeros(WIDTH, dtype=np.float32)
        to[:6] = draw.standard_normal(6)
        to /= np.linalg.norm(to)
        likeness = Likeness(companies, Clusters(companies))
        admission = likeness.nearest(space.pack(open_to), to, stop_at, Audience(None, None))
        assert space.rows(admission.companies).tolist() == exact_nearest(companies, open_to, to, stop_at)
