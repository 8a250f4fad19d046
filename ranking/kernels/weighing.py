"""What hits that count add up to, company by company: the five best, and aggregates for the booster."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import (
    BOOLS,
    F8,
    F8S,
    I4S,
    I8,
    INTO_F4S_2D,
    U1S,
    U2S,
    U4S,
    inlined,
    kernel,
)  # fmt: skip
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

BitArray = NDArray[np.uint32]

_DEPTH: Final = 5
_NOBODY: Final = -1


@kernel(I4S, I4S, F8S, F8S, U2S, F8S, I4S, BOOLS, F8)
def weighed(
    rows: IntArray,
    positions: IntArray,
    raw: FloatArray,
    decay: FloatArray,
    source_type: NDArray[np.uint16],
    source_weights: FloatArray,
    miner: IntArray,
    doubtful: BoolArray,
    doubt_weight: float,
) -> tuple[FloatArray, IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    """c_i = r_i x decay_i x source_i of h hits with need, and the best of each company (F-5).

    Args:
        rows, positions, raw, decay: of the hits, ascending.
        source_type: uint16[snippets]. `source_weights`: float64[source types].
        miner: int32[snippets]. `doubtful`: bool[suppliers] whose hits weigh `doubt_weight`; empty for none.

    Returns:
        contribution: float64[h].
        owners: int32[g] positions of the companies that have any, ascending.
        starts: int32[g + 1] where the hits of each begin, and h.
        top: int32[g, 5] hits by falling contribution, among equals the earlier first; -1 where there are fewer.
        best: float64[g, 5] their contributions, 0 where there are fewer.
        best_raw: float64[g] the highest r_i.
    """
    contribution = np.empty(len(rows), dtype=np.float64)
    companies = 0
    for hit in range(len(rows)):
        value = raw[hit] * decay[hit] * source_weights[source_type[rows[hit]]]
        if len(doubtful) > 0 and doubtful[miner[rows[hit]]]:
            value *= doubt_weight
        contribution[hit] = value
        companies += hit == 0 or positions[hit] != positions[hit - 1]
    owners, starts = np.empty(companies, dtype=np.int32), np.empty(companies + 1, dtype=np.int32)
    top, best = np.full((companies, _DEPTH), _NOBODY, dtype=np.int32), np.zeros((companies, _DEPTH))
    best_raw = np.zeros(companies)
    company = -1
    for hit in range(len(rows)):
        if hit == 0 or positions[hit] != positions[hit - 1]:
            company += 1
            owners[company], starts[company] = positions[hit], hit
        best_raw[company] = max(best_raw[company], raw[hit])
        _insert(top[company], best[company], hit, contribution[hit])
    starts[companies] = len(rows)
    return contribution, owners, starts, top, best, best_raw


@inlined
def _insert(top: IntArray, best: FloatArray, hit: int, value: float) -> None:
    """Put a hit behind those that are worth as much or more; the last falls out."""
    place = _DEPTH
    while place > 0 and (top[place - 1] < 0 or best[place - 1] < value):
        place -= 1
    for below in range(_DEPTH - 1, place, -1):
        top[below], best[below] = top[below - 1], best[below - 1]
    if place < _DEPTH:
        top[place], best[place] = hit, value


@kernel(INTO_F4S_2D, I4S, I4S, I4S, U4S, F8S, F8S, F8S, F8S, F8S, U1S, I4S, I8, U2S, I8, BOOLS, F8S, F8, I8)
def describe_on_topic(
    features: Float32Array,
    groups: IntArray,
    starts: IntArray,
    rows: IntArray,
    matched: BitArray,
    raw: FloatArray,
    age_days: FloatArray,
    best_raw: FloatArray,
    evidence: FloatArray,
    observed: FloatArray,
    kind: ByteArray,
    miner: IntArray,
    suppliers: int,
    source_type: NDArray[np.uint16],
    source_types: int,
    doubtful: BoolArray,
    recent_days: FloatArray,
    idf_sum: float,
    terms: int,
) -> None:
    """Fill the pool's features from `on_topic`, the first column, to `doubtful`, by the hits that count (F-10).

    Args:
        features: float32[m, ...]. `groups`: int32[m] which of the g owners each company of the pool is, -1 for none.
        starts, best_raw: of `weighed`. `evidence`: float64[g] E.
        rows, matched, raw, age_days: of the hits. `observed`, `kind`, `miner`, `source_type`: of all snippets.
        suppliers, source_types: how many there are. `doubtful`: as for `weighed`.
        recent_days: float64[3] ages up to which hits are counted.
        idf_sum: of all terms in use; `terms`: their number.
    """
    of_miner, of_source = np.full(suppliers, -1, dtype=np.int32), np.full(source_types, -1, dtype=np.int32)
    features[:, :16] = 0.0
    for member in range(len(groups)):
        group = groups[member]
        features[member, 4:6] = np.nan
        if group < 0:
            continue
        newest, raw_sum, undated = np.inf, 0.0, 0
        kinds = bits = 0
        for hit in range(starts[group], starts[group + 1]):
            row = rows[hit]
            for place in range(len(recent_days)):
                features[member, 1 + place] += age_days[hit] <= recent_days[place]
            newest = min(newest, age_days[hit])
            undated += np.isnan(observed[row])
            raw_sum += raw[hit]
            kinds |= 1 << int(kind[row])
            bits |= matched[hit]
            features[member, 13] += of_miner[miner[row]] != member
            features[member, 14] += of_source[source_type[row]] != member
            of_miner[miner[row]] = of_source[source_type[row]] = member
            features[member, 15] += len(doubtful) > 0 and doubtful[miner[row]]
        count = starts[group + 1] - starts[group]
        features[member, 0], features[member, 4], features[member, 5] = count, newest, undated / count
        features[member, 6] = best_raw[group]
        features[member, 7] = best_raw[group] / idf_sum if idf_sum > 0.0 else 0.0
        features[member, 8], features[member, 9] = raw_sum, evidence[group]
        features[member, 10], features[member, 11] = _ones(kinds), _ones(bits)
        features[member, 12] = _ones(bits) / terms


@inlined
def _ones(bits: int) -> int:
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
