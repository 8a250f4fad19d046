"""The numbers of the returned leads, all of them in one walk each: their account, and what is shown of their evidence."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import BOOLS, F4S, F4S_2D, F8, F8S, I4S, I4S_2D, I8, I8S, U1S, U2S, kernel
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray, LevelArray

LongArray = NDArray[np.int64]

_BM25: Final = 0  # as in `ranking.intent`
_UNVERIFIED: Final = 1 << 9  # as in `ranking.fit`


@kernel(I4S, U2S, F8S, F8S, F8S, F4S, F8S, F8S, F8S, F8S, F8S, F8S, F8S, F8S)
def account(
    best: IntArray,
    levels: LevelArray,
    industry: FloatArray,
    size: FloatArray,
    region: FloatArray,
    likeness: Float32Array,
    scores: FloatArray,
    fit: FloatArray,
    total: FloatArray,
    base: FloatArray,
    churn: FloatArray,
    job: FloatArray,
    lexical: FloatArray,
    weights: FloatArray,
) -> FloatArray:
    """float64[k, 17]: of each lead score, fit, intent and confidence; six values and six points of its parts; what exceeds 100.

    The parts are industry, size, region, base, churn and job (F-7).

    Args:
        best: int32[k] positions in the pool; `scores` to `lexical` are columns of the pool.
        levels: uint16[k] packed levels; `industry`, `size`, `region` float64[512] tell their values.
        likeness: float32[k] in place of the industry, or empty.
        lexical: BM25's base, also of those that it does not decide.
        weights: float64[4]; what industry, size, region and intent weigh in the score.
    """
    rows = np.empty((len(best), 17))
    for at in range(len(best)):
        place, row, code = best[at], rows[at], levels[at] & 511
        row[0], row[1], row[2] = scores[place], fit[place], total[place]
        # Not calibrated yet: half for known firmographics, half for lexical evidence; comparable within one answer only.
        row[3] = (0.25 if levels[at] & _UNVERIFIED else 0.5) + 0.005 * lexical[place]
        row[4] = np.float64(likeness[at]) if len(likeness) else industry[code]
        row[5], row[6] = size[code], region[code]
        row[7], row[8], row[9] = base[place] / 100.0, churn[place] / 100.0, job[place] / 100.0
        row[10], row[11], row[12] = weights[0] * row[4], weights[1] * row[5], weights[2] * row[6]
        row[13] = weights[3] * base[place] / 100.0
        row[14] = weights[3] * churn[place] / 100.0
        row[15] = weights[3] * job[place] / 100.0
        row[16] = base[place] + churn[place] + job[place] - 100.0
    return rows


@kernel(I4S, I4S, U2S, I4S, U1S, I4S, BOOLS, U1S)
def traits(
    best: IntArray,
    positions: IntArray,
    levels: LevelArray,
    source_rows: IntArray,
    steps: ByteArray,
    leads: IntArray,
    matched: BoolArray,
    sources: ByteArray,
) -> LongArray:
    """int64[6, k]: company row, lead row, step, route of the intent, and 1 where the contact matches, something is unverified.

    Args:
        best: int32[k] positions in the pool; `positions` int32[m] the pool's among the candidates.
        levels: uint16[k]; `source_rows` and `steps` of the candidates, `leads`, `matched` and `sources` of the pool.
    """
    found = np.empty((6, len(best)), dtype=np.int64)
    for at in range(len(best)):
        place, position = best[at], positions[best[at]]
        found[0, at], found[1, at] = source_rows[position], leads[place]
        found[2, at], found[3, at] = steps[position], sources[place]
        found[4, at], found[5, at] = matched[place], (levels[at] & _UNVERIFIED) != 0
    return found


@kernel(I4S, I4S_2D, F4S_2D, F4S_2D, I4S, I4S, U1S, F8S, F8, F8, I8)
def evidence(
    best: IntArray,
    snippets: IntArray,
    contribution: Float32Array,
    decay: Float32Array,
    job: IntArray,
    churn: IntArray,
    source: ByteArray,
    base: FloatArray,
    intent_weight: float,
    rank_discount: float,
    most: int,
) -> tuple[IntArray, FloatArray, FloatArray, LongArray]:
    """The first `most` snippets of each lead, none of them twice: those that made the base, then the events behind job and churn boost.

    Returns:
        rows int32[t], decay float64[t], and points float64[t], each snippet's share of the base's by what it contributed (each
        counts `rank_discount` of the one before it, as in E), NaN where BM25 did not decide; and where each lead's end, int64[k].
    """
    width = snippets.shape[1]
    limit = len(best) * min(most, width + 2)
    rows, ends = np.empty(limit, dtype=np.int32), np.empty(len(best), dtype=np.int64)
    decays, points = np.empty(limit), np.empty(limit)
    end = 0
    for at in range(len(best)):
        place, left = best[at], most
        total, discount = 0.0, 1.0
        for rank in range(width):
            total += contribution[place, rank] * discount
            discount *= rank_discount
        shares = source[place] == _BM25 and total > 0.0
        base_points, discount = intent_weight * base[place] / 100.0, 1.0
        told_job, told_churn = job[place] >= 0, churn[place] >= 0 and churn[place] != job[place]
        for rank in range(width):
            row = snippets[place, rank]
            told_job &= row != job[place]
            told_churn &= row != churn[place]
            if row >= 0 and left > 0:
                rows[end], decays[end] = row, decay[place, rank]
                points[end] = (
                    base_points * (contribution[place, rank] * discount) / total if shares else np.nan
                )
                end += 1
                left -= 1
            discount *= rank_discount
        for told, row in ((told_job, job[place]), (told_churn, churn[place])):
            if told and left > 0:
                rows[end], decays[end], points[end] = row, 1.0, np.nan
                end += 1
                left -= 1
        ends[at] = end
    return rows[:end], decays[:end], points[:end], ends


@kernel(I8S, I4S, I4S)
def lists_of(offsets: LongArray, values: IntArray, wanted: IntArray) -> tuple[IntArray, LongArray]:
    """Some of the lists values[offsets[i]:offsets[i + 1]], one after the other, and where each ends, int64[len(wanted)]."""
    ends = np.empty(len(wanted), dtype=np.int64)
    end = 0
    for at in range(len(wanted)):
        end += offsets[wanted[at] + 1] - offsets[wanted[at]]
        ends[at] = end
    joined = np.empty(end, dtype=np.int32)
    end = 0
    for at in range(len(wanted)):
        for place in range(offsets[wanted[at]], offsets[wanted[at] + 1]):
            joined[end] = values[place]
            end += 1
    return joined, ends
