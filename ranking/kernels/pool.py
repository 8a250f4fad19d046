"""From evidence of all admitted companies to the pool: who has any, who is best, and what is laid out of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import (
    BOOLS,
    F8,
    F8S,
    F8S_2D,
    I4S,
    I4S_2D,
    I8,
    INTO_F4S_2D,
    U4S,
    kernel,
)  # fmt: skip
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

_NONE: Final = -1
_DAY_S: Final = 86_400.0


@kernel(I4S, BOOLS, F8S, I4S, F8S, I4S)
def touched(
    owners: IntArray,
    vendors: BoolArray,
    churn_worth: FloatArray,
    churn_events: IntArray,
    job_worth: FloatArray,
    job_events: IntArray,
) -> tuple[IntArray, IntArray, FloatArray, IntArray, FloatArray, IntArray]:
    """The t admitted companies with evidence or an event, and vendors, who have neither (F-5).

    Args:
        owners: int32[g] positions with evidence, ascending.
        vendors: bool[n].
        churn_worth, churn_events, job_worth, job_events: [n], best event of each company, row -1 for none.

    Returns:
        positions int32[t], ascending; which of the owners each is, int32[t], -1 for none; and the four columns of
        their events.
    """
    n = len(vendors)
    limit = len(owners)
    for at in range(n):
        limit += vendors[at] | (churn_events[at] >= 0) | (job_events[at] >= 0)
    positions, groups = np.empty(limit, dtype=np.int32), np.empty(limit, dtype=np.int32)
    churn, churn_rows = np.full(limit, -np.inf), np.full(limit, _NONE, dtype=np.int32)
    job, job_rows = np.full(limit, -np.inf), np.full(limit, _NONE, dtype=np.int32)
    count = group = 0
    for at in range(n):
        owner = group < len(owners) and owners[group] == at
        event = not vendors[at] and (churn_events[at] >= 0 or job_events[at] >= 0)
        if not owner and not event and not vendors[at]:
            continue
        positions[count], groups[count] = at, group if owner else _NONE
        group += owner
        if event:
            churn[count], churn_rows[count] = churn_worth[at], churn_events[at]
            job[count], job_rows[count] = job_worth[at], job_events[at]
        count += 1
    return positions[:count], groups[:count], churn[:count], churn_rows[:count], job[:count], job_rows[:count]


Laid = tuple[
    IntArray, FloatArray, FloatArray, IntArray, FloatArray, IntArray,
    Float32Array, IntArray, Float32Array, Float32Array, Float32Array, ByteArray,
]  # fmt: skip


@kernel(I4S, I4S, I4S, F8S, F8S, I4S, F8S, I4S, F8S, I4S_2D, F8S_2D, I4S, F8S, F8S, U4S)
def laid_out(
    pool: IntArray,
    positions: IntArray,
    groups: IntArray,
    base: FloatArray,
    churn: FloatArray,
    churn_rows: IntArray,
    job: FloatArray,
    job_rows: IntArray,
    best_raw: FloatArray,
    top: IntArray,
    contribution: FloatArray,
    rows: IntArray,
    raw: FloatArray,
    decay: FloatArray,
    matched: NDArray[np.uint32],
) -> Laid:
    """Columns of the pool: which owner of evidence each company is, -1 for none; its events; its best hits.

    Args:
        pool: int32[m]; positions: int32[t]; both ascending admitted positions.
        groups, base, churn, churn_rows, job, job_rows: [t] of `touched`, and base scores.
        best_raw, top, contribution: [g] and [g, 5] of `ranking.kernels.weighing.weighed`.
        rows, raw, decay, matched: [h] of the hits.

    Returns:
        [m] groups, base, churn, churn rows, job, job rows and best raw; [m, 5] snippets, raw, decay, contribution and
        the lowest 8 bits of matched.
    """
    m, depth = len(pool), top.shape[1]
    pool_groups, pool_base, pool_raw = np.full(m, _NONE, np.int32), np.zeros(m), np.zeros(m, np.float32)
    pool_churn, pool_churn_rows = np.full(m, -np.inf), np.full(m, _NONE, np.int32)
    pool_job, pool_job_rows = np.full(m, -np.inf), np.full(m, _NONE, np.int32)
    snippets, shown_raw = np.full((m, depth), _NONE, np.int32), np.zeros((m, depth), np.float32)
    shown_decay, shown = np.zeros((m, depth), np.float32), np.zeros((m, depth), np.float32)
    shown_matched = np.zeros((m, depth), np.uint8)
    place = 0
    for member in range(m):
        while place < len(positions) and positions[place] < pool[member]:
            place += 1
        if place == len(positions) or positions[place] != pool[member]:
            continue
        pool_base[member] = base[place]
        pool_churn[member], pool_churn_rows[member] = churn[place], churn_rows[place]
        pool_job[member], pool_job_rows[member] = job[place], job_rows[place]
        group = groups[place]
        if group < 0:
            continue
        pool_groups[member], pool_raw[member] = group, best_raw[group]
        for rank in range(depth):
            hit = top[group, rank]
            if hit < 0:
                break
            snippets[member, rank], shown_raw[member, rank] = rows[hit], raw[hit]
            shown_decay[member, rank], shown[member, rank] = decay[hit], contribution[group, rank]
            shown_matched[member, rank] = matched[hit] & 255
    return (
        pool_groups, pool_base, pool_churn, pool_churn_rows, pool_job, pool_job_rows,
        pool_raw, snippets, shown_raw, shown_decay, shown, shown_matched,
    )  # fmt: skip


@kernel(INTO_F4S_2D, I8, I4S, F8S, F8)
def describe_event(
    features: Float32Array, column: int, events: IntArray, effective_s: FloatArray, as_of_s: float
) -> FloatArray:
    """Age in days of each company's best event, float64[m], NaN without one; also in `column` of the features (F-10).

    Args:
        events: int32[m] snippet rows, -1 without one. `effective_s`: float64[snippets].
    """
    age = np.full(len(events), np.nan)
    for member in range(len(events)):
        if events[member] >= 0:
            age[member] = max((as_of_s - effective_s[events[member]]) / _DAY_S, 0.0)
        features[member, column] = age[member]
    return age


@kernel(INTO_F4S_2D, I8, I4S, I4S, F8S, I4S, F8S, F8)
def describe_companies(
    features: Float32Array,
    column: int,
    companies: IntArray,
    snippets: IntArray,
    newest_s: FloatArray,
    postings: IntArray,
    newest_posting_s: FloatArray,
    as_of_s: float,
) -> None:
    """Fill the pool's features from `snippets`, at `column`, to `posting_newest_days` (F-10).

    Args:
        companies: int32[m] company rows. The others are per company row; times in seconds since the epoch, or NaN.
    """
    for member in range(len(companies)):
        row = companies[member]
        age, posting_age = (as_of_s - newest_s[row]) / _DAY_S, (as_of_s - newest_posting_s[row]) / _DAY_S
        features[member, column] = snippets[row]
        features[member, column + 1] = 0.0 if age < 0.0 else age
        features[member, column + 2] = postings[row]
        features[member, column + 3] = 0.0 if posting_age < 0.0 else posting_age
