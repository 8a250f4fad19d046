"""More vectors than there are texts: each vector, and copies of it moved a little way towards a neighbour.

A copy of x with its neighbour y (one of the 20 nearest, drawn evenly) is x + u (y - x) + g, scaled to length 1: u is drawn evenly from
[0, 1], g is Gaussian noise whose expected length is 0.65 of the median distance from x to its 20 nearest. So a copy stays
where texts lie, and dense regions stay denser than sparse ones. Random vectors would be spread evenly, which no text is.

Both numbers were chosen so that 4,000 texts times ten lie like 40,000 texts: the median distance to the 10th neighbour is 0.98 (0.99),
to the 100th 1.15 (1.09). The 1st is nearer than among texts, 0.69 (0.86), and with less noise much nearer still (0.40).
"""

import numpy as np
from numpy.typing import NDArray

from ranking.types import Float32Array

NEIGHBOURS, FURTHEST, NOISE = 20, 1.0, 0.65
_BLOCK = 1_000


def multiplied(vectors: Float32Array, wanted: int, seed: int) -> Float32Array:
    """float32[wanted, d]: the vectors themselves first, then copies of each in turn; `wanted` may not be less than n."""
    if wanted < len(vectors):
        raise ValueError(f"{wanted} vectors are fewer than the {len(vectors)} given")
    if wanted == len(vectors):
        return vectors
    near = neighbours(vectors, min(NEIGHBOURS, len(vectors) - 1))
    reach = local_distance(vectors, near)
    draw = np.random.default_rng(seed)
    found = np.empty((wanted, vectors.shape[1]), dtype=np.float32)
    found[: len(vectors)] = vectors
    for start in range(len(vectors), wanted, len(vectors)):
        count = min(len(vectors), wanted - start)
        found[start : start + count] = perturbed(vectors, near, reach, draw)[:count]
    return found


def perturbed(
    vectors: Float32Array, near: NDArray[np.int32], reach: Float32Array, draw: np.random.Generator
) -> Float32Array:
    """One moved copy of every vector, float32[n, d] of length 1.

    Args:
        near: int32[n, m] rows of each one's nearest.
        reach: float32[n], the local distance.
    """
    count, width = vectors.shape
    towards = vectors[near[np.arange(count), draw.integers(0, near.shape[1], count)]]
    share = draw.uniform(0.0, FURTHEST, (count, 1)).astype(np.float32)
    noise = draw.standard_normal((count, width), dtype=np.float32)
    noise *= (NOISE * reach / np.sqrt(width))[:, None]
    moved = vectors + share * (towards - vectors) + noise
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return moved.astype(np.float32)


def local_distance(vectors: Float32Array, near: NDArray[np.int32]) -> Float32Array:
    """float32[n]: median Euclidean distance of each vector to those that are near it."""
    found = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        away = vectors[near[block]] - vectors[block][:, None, :]
        found[block] = np.median(np.linalg.norm(away, axis=2), axis=1)
    return found


def neighbours(vectors: Float32Array, count: int) -> NDArray[np.int32]:
    """int32[n, count]: rows of the nearest of each vector, itself left out, in no order; exact, n^2 products."""
    found = np.empty((len(vectors), count), dtype=np.int32)
    for start in range(0, len(vectors), _BLOCK):
        products = vectors[start : start + _BLOCK] @ vectors.T
        own = np.arange(len(products))
        products[own, start + own] = -np.inf
        found[start : start + _BLOCK] = np.argpartition(-products, count - 1, axis=1)[:, :count]
    return found
