"""How vectors lie: distances to the nearest, and the dimension that this growth of distances is typical of."""

import numpy as np

from ranking.types import Float32Array, FloatArray

_RANKS = (1, 10, 100)
_DIMENSION_NEIGHBOURS = 20


def spread(vectors: Float32Array, sample: int, seed: int) -> dict[str, object]:
    """Quantiles of the distance to the 1st, 10th and 100th neighbour, equal pairs, and the intrinsic dimension."""
    draw = np.random.default_rng(seed)
    rows = np.sort(draw.choice(len(vectors), min(sample, len(vectors)), replace=False))
    distances = nearest_distances(vectors, rows, min(max(_RANKS), len(vectors) - 1))
    ranks = [rank for rank in _RANKS if rank <= distances.shape[1]]
    return {
        "sample": len(rows),
        "distance": {
            f"to_neighbour_{rank}": {
                name: round(float(np.quantile(distances[:, rank - 1], share)), 4)
                for name, share in (("p5", 0.05), ("p50", 0.5), ("p95", 0.95))
            }
            for rank in ranks
        },
        "share_with_an_equal": round(float(np.mean(distances[:, 0] < 1e-3)), 4),
        "intrinsic_dimension": round(intrinsic_dimension(distances[:, :_DIMENSION_NEIGHBOURS]), 1),
    }


def nearest_distances(vectors: Float32Array, rows: np.ndarray, count: int) -> FloatArray:
    """float64[len(rows), count]: Euclidean distances of unit vectors to their nearest others, ascending."""
    found = np.empty((len(rows), count))
    for place, row in enumerate(rows.tolist()):
        products = vectors @ vectors[row]
        products[row] = -np.inf
        best = np.partition(products, len(products) - count)[-count:]
        found[place] = np.sqrt(np.maximum(2.0 - 2.0 * np.sort(best)[::-1].astype(np.float64), 0.0))
    return found


def intrinsic_dimension(distances: FloatArray) -> float:
    """Maximum-likelihood estimate from ascending neighbour distances float64[n, k], k >= 2; NaN when all are zero.

    Source: Levina and Bickel, "Maximum Likelihood Estimation of Intrinsic Dimension" (2005), inverses averaged (MacKay, Ghahramani).
    """
    apart = distances[distances[:, 0] > 1e-3]
    if not len(apart):
        return float("nan")
    inverse = np.log(apart[:, -1:] / apart[:, :-1]).sum(axis=1) / (apart.shape[1] - 1)
    return float(1.0 / inverse.mean())
