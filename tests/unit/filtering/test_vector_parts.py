"""Vectors in two parts are compared as in one."""

import numpy as np

from db.filtering.vector_parts import VectorParts

RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(60, 16)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
HAS = np.ones(60, dtype=np.bool_)
WHOLE = VectorParts(VECTORS, HAS)
PARTS = VectorParts(VECTORS[:40], HAS[:40]).followed_by([VECTORS[40:45], VECTORS[45:]])


def test_products_are_those_of_one_table_in_any_order_of_rows() -> None:
    rows = RNG.permutation(60).astype(np.int32)
    assert (PARTS.cosines(rows, VECTORS[3]) == WHOLE.cosines(rows, VECTORS[3])).all()
    assert (PARTS.row(44) == VECTORS[44]).all()
    assert (PARTS.row(7) == VECTORS[7]).all()


def test_bounds_are_those_of_one_table() -> None:
    rows = np.array([59, 0, 41, 39, 40], dtype=np.int32)
    for one, other in zip(PARTS.bounds(rows, VECTORS[50]), WHOLE.bounds(rows, VECTORS[50]), strict=True):
        assert (one == other).all()


def test_the_later_part_is_replaced_and_the_first_shared() -> None:
    again = PARTS.followed_by([VECTORS[40:50]])
    assert (again.row(49) == VECTORS[49]).all()
    assert again._codes[0] is PARTS._codes[0]
    assert PARTS.followed_by([])._vectors == PARTS._vectors[:1]
