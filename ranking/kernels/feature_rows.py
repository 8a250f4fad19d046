"""Feature vectors written row by row; which column is which is said by `ranking.features.FEATURES`."""

import numpy as np

from ranking.kernels.compiled import F4S, F4S_2D, F8S, I4S, U1S, U2S, kernel
from ranking.types import ByteArray, Float32Array, FloatArray, IntArray, LevelArray

_UNVERIFIED = 1 << 9  # as in `ranking.fit`


@kernel(
    I4S, U2S, F8S, F8S, F8S, U1S, F4S, F8S, F8S, F8S, F4S, F4S_2D, F4S_2D, F4S, F4S, F4S, F4S, F4S_2D
)  # fmt: skip
def feature_rows(
    positions: IntArray,
    levels: LevelArray,
    industry: FloatArray,
    size: FloatArray,
    region: FloatArray,
    steps: ByteArray,
    similarity: Float32Array,
    base: FloatArray,
    churn: FloatArray,
    job: FloatArray,
    best_raw: Float32Array,
    contribution: Float32Array,
    decay: Float32Array,
    log_employees: Float32Array,
    founded: Float32Array,
    technologies: Float32Array,
    people: Float32Array,
    counts: Float32Array,
) -> Float32Array:
    """float32[m, 17 + c] features of the pool.

    Args:
        positions: int32[m] into `steps` and `similarity`, which is empty without exemplars.
        levels: uint16[m] packed levels; `industry`, `size`, `region` float64[512] tell their values.
        base, churn, job, best_raw, contribution, decay: columns of the pool; `log_employees` to `people` of its companies.
        counts: float32[m, c].
    """
    rows = np.empty((len(positions), 17 + counts.shape[1]), dtype=np.float32)
    for at in range(len(positions)):
        row, code = rows[at], levels[at] & 511
        row[0], row[1], row[2] = industry[code], size[code], region[code]
        row[3] = 1.0 if levels[at] & _UNVERIFIED else 0.0
        row[4] = steps[positions[at]]
        row[5] = similarity[positions[at]] if len(similarity) else np.nan
        row[6], row[7], row[8], row[9] = base[at], churn[at], job[at], best_raw[at]
        row[10], row[11], row[12] = contribution[at, 0], contribution[at, 1], decay[at, 0]
        row[13], row[14] = log_employees[at], founded[at]
        row[15], row[16] = technologies[at], people[at]
        for place in range(counts.shape[1]):
            row[17 + place] = counts[at, place]
    return rows
