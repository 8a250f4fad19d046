"""What is asked, what the exact answers are, and how much of them an answer holds."""

import numpy as np

from bench.ann.subsets import Subset
from ranking.types import Float32Array, IntArray

K = 100
_TIE = 1e-6


def queries(vectors: Float32Array, count: int, seed: int) -> Float32Array:
    """float32[count, d] of length 1: means of one, two or three rows, as exemplars are (F-2b); the others of a mean are near the first.

    They are near because "companies like Stripe and Adyen" names companies of one kind.
    """
    draw = np.random.default_rng(seed)
    found = np.empty((count, vectors.shape[1]), dtype=np.float32)
    for place, row in enumerate(draw.choice(len(vectors), count, replace=len(vectors) < count).tolist()):
        products = vectors @ vectors[row]
        near = np.argpartition(-products, min(20, len(products) - 1))[:20]
        others = draw.choice(near, place % 3, replace=False)
        mean = vectors[[row, *others.tolist()]].mean(axis=0)
        found[place] = mean / np.linalg.norm(mean)
    return found


def thresholds(
    vectors: Float32Array, asked: Float32Array, subset: Subset, k: int = K
) -> list[tuple[float, int]]:
    """Per query the lowest cosine of an exact answer within the subset, and how many rows an exact answer has."""
    rows = subset.rows()
    count = min(k, len(rows))
    held = vectors[rows]
    return [(float(np.partition(held @ one, len(rows) - count)[len(rows) - count]), count) for one in asked]


def recall(
    vectors: Float32Array, one: Float32Array, subset: Subset, found: IntArray, threshold: tuple[float, int]
) -> float:
    """Share of the exact answer that `found` holds; rows as near as the last exact one count like it, rows outside the filter never."""
    least, count = threshold
    rows = np.unique(found)
    rows = rows[subset.mask()[rows]]
    right = int(np.count_nonzero(vectors[rows] @ one >= least - _TIE))
    return min(right, count) / count
