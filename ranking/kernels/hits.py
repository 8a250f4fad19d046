"""Hits: snippets of admitted companies in which a term occurs. Uniting terms, sifting by need, events told by text.

`flags` is uint16[snippets] of the bits below, as of one time.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import (
    BOOLS,
    F8,
    F8S,
    F8S_2D,
    I4S,
    I8,
    I8S,
    INTO_F4S_2D,
    INTO_F8S,
    INTO_I4S,
    U1S,
    U2S,
    U4S,
    U8S,
    U8S_2D,
    inlined,
    kernel,
)  # fmt: skip
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

FlagArray = NDArray[np.uint16]
BitArray = NDArray[np.uint32]
RoleArray = NDArray[np.uint64]
LongArray = NDArray[np.int64]
Columns = tuple[IntArray, IntArray, FloatArray, BitArray]

KNOWN: Final = 1
USABLE: Final = 2
REPEAT: Final = 4
POST: Final = 8
REMOVES: Final = 16
FLAGGED: Final = 32
STUFFED: Final = 64
NO_NEED: Final = 128
VENDOR_TALK: Final = 256

HIDDEN: Final = 0
SEEN: Final = 1
SETTLED: Final = 2
COUNTED: Final = 3

_DAY_S: Final = 86_400.0


@inlined
def _is_ahead(position: int, row: int, other_position: int, other_row: int) -> bool:
    return position < other_position or (position == other_position and row < other_row)


@kernel(I4S, I4S, F8S, U4S, I4S, I4S, F8S, I8)
def united(
    rows: IntArray,
    positions: IntArray,
    raw: FloatArray,
    matched: BitArray,
    more_rows: IntArray,
    more_positions: IntArray,
    more_raw: FloatArray,
    number: int,
) -> Columns:
    """Rows, positions, raw and matched of the hits so far and those of term `number`, both ascending by position, then row.

    Raw scores add up. They are float32 numbers less than 2^29 apart, so float64 holds the sum exactly in any order.
    """
    limit = len(rows) + len(more_rows)
    all_rows, all_positions = np.empty(limit, dtype=np.int32), np.empty(limit, dtype=np.int32)
    all_raw, all_matched = np.empty(limit, dtype=np.float64), np.empty(limit, dtype=np.uint32)
    bit = np.uint32(1 << number)
    count = one = two = 0
    while one < len(rows) or two < len(more_rows):
        if two == len(more_rows) or (
            one < len(rows) and _is_ahead(positions[one], rows[one], more_positions[two], more_rows[two])
        ):
            all_rows[count], all_positions[count] = rows[one], positions[one]
            all_raw[count], all_matched[count] = raw[one], matched[one]
            one += 1
        elif one == len(rows) or more_rows[two] != rows[one]:
            all_rows[count], all_positions[count] = more_rows[two], more_positions[two]
            all_raw[count], all_matched[count] = more_raw[two], bit
            two += 1
        else:
            all_rows[count], all_positions[count] = rows[one], positions[one]
            all_raw[count], all_matched[count] = raw[one] + more_raw[two], matched[one] | bit
            one += 1
            two += 1
        count += 1
    return all_rows[:count], all_positions[:count], all_raw[:count], all_matched[:count]


@kernel(I4S, I4S, F8S, U4S, U2S, U2S, I8, BOOLS, F8S, F8S_2D)
def sifted(
    rows: IntArray,
    positions: IntArray,
    raw: FloatArray,
    matched: BitArray,
    flags: FlagArray,
    owners: NDArray[np.uint16],
    tenant: int,
    vendors: BoolArray,
    effective_s: FloatArray,
    until: FloatArray,
) -> tuple[ByteArray, IntArray, IntArray, FloatArray, BitArray]:
    """What becomes of each hit, and rows, positions, raw and matched of those that count.

    HIDDEN: of another tenant, or not known yet. SEEN: visible, without need. SETTLED: every concept it matched has been
    settled since. COUNTED: need above 0. Source: F-5.

    Args:
        rows, positions, raw, matched: h hits.
        owners: uint16[snippets], 0 shared, else the tenant that alone may see it; empty when all are shared.
        vendors: bool[n]; sells what the customer sells.
        effective_s: float64[snippets].
        until: float64[concepts, n] when each admitted company last settled each concept, -inf for never; concepts
            are the lowest bits of `matched`. A choice settles its own text too, unless that tells of a removal.
    """
    fate = np.empty(len(rows), dtype=np.uint8)
    kept_rows, kept_positions = np.empty(len(rows), dtype=np.int32), np.empty(len(rows), dtype=np.int32)
    kept_raw, kept_matched = np.empty(len(rows), dtype=np.float64), np.empty(len(rows), dtype=np.uint32)
    count = 0
    for hit in range(len(rows)):
        row, at = rows[hit], positions[hit]
        own = len(owners) == 0 or owners[row] == 0 or owners[row] == tenant
        if not own or not flags[row] & KNOWN:
            fate[hit] = HIDDEN
        elif not flags[row] & USABLE or vendors[at]:
            fate[hit] = SEEN
        elif _is_settled(matched[hit], effective_s[row], flags[row] & REMOVES != 0, until, at):
            fate[hit] = SETTLED
        else:
            fate[hit] = COUNTED
            kept_rows[count], kept_positions[count] = row, at
            kept_raw[count], kept_matched[count] = raw[hit], matched[hit]
            count += 1
    return fate, kept_rows[:count], kept_positions[:count], kept_raw[:count], kept_matched[:count]


@inlined
def _is_settled(matched: int, effective_s: float, removes: bool, until: FloatArray, at: int) -> bool:
    named = 0
    for place in range(until.shape[0]):
        if not matched & (1 << place):
            continue
        named += 1
        last = until[place, at]
        if effective_s > last or (effective_s == last and removes):
            return False
    return named > 0


@kernel(I4S, F8S, F8, U1S, F8S)
def aged(
    rows: IntArray, effective_s: FloatArray, as_of_s: float, kind: ByteArray, taus: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ages in days, float64[h], 0 for what lies ahead of `as_of_s`, and the e-folding times of the hits' kinds (F-5)."""
    age, tau = np.empty(len(rows), dtype=np.float64), np.empty(len(rows), dtype=np.float64)
    for hit in range(len(rows)):
        age[hit] = max((as_of_s - effective_s[rows[hit]]) / _DAY_S, 0.0)
        tau[hit] = taus[kind[rows[hit]]]
    return age, tau


@kernel(INTO_F8S, INTO_I4S, I8, F8, I4S, I4S, F8S, F8S, U2S, U8S_2D, U8S, I8S, I4S, BOOLS)
def offer_told(
    worth: FloatArray,
    events: IntArray,
    wanted: int,
    tau_days: float,
    rows: IntArray,
    positions: IntArray,
    age_days: FloatArray,
    log_relevance: FloatArray,
    flags: FlagArray,
    roles: RoleArray,
    tabled_roles: RoleArray,
    offsets: LongArray,
    technologies: IntArray,
    tabled_technologies: BoolArray,
) -> None:
    """Take hits that are events over where they are worth more, as far as no table knows them (F-6).

    Args:
        worth, events: as for `ranking.kernels.admission.offer_listed`.
        wanted: flag of the events, POST or REMOVES.
        rows, positions, age_days: of h hits that count. `log_relevance`: float64[h] ln of what their texts are worth.
        roles: uint64[snippets, W]. `tabled_roles`: uint64[W] those that a table knows; none at all are for removals.
        offsets, technologies: codes per snippet. `tabled_technologies`: bool[codes].
    """
    for hit in range(len(rows)):
        row, at = rows[hit], positions[hit]
        if not flags[row] & wanted:
            continue
        tabled = False
        for word in range(len(tabled_roles)):
            tabled |= roles[row, word] & tabled_roles[word] != 0
        for entry in range(offsets[row], offsets[row + 1]):
            tabled |= tabled_technologies[technologies[entry]]
        offered = log_relevance[hit] - age_days[hit] / tau_days
        if not tabled and offered > worth[at]:
            worth[at] = offered
            events[at] = row


@kernel(INTO_F4S_2D, I8, I4S, I4S, I4S, U1S, U2S, F8S_2D, F8)
def describe_seen(
    features: Float32Array,
    column: int,
    pool: IntArray,
    rows: IntArray,
    positions: IntArray,
    fate: ByteArray,
    flags: FlagArray,
    until: FloatArray,
    as_of_s: float,
) -> None:
    """Fill the pool's features from `discarded`, at `column`, to `vendor_talk`, by all visible hits (F-10).

    Args:
        features: float32[m, ...] of the companies at `pool`, ascending admitted positions.
        rows, positions, fate: of `sifted`, all hits. `until`: likewise.
    """
    features[:, column : column + 7] = 0.0
    hit = 0
    for member in range(len(pool)):
        while hit < len(rows) and positions[hit] < pool[member]:
            hit += 1
        while hit < len(rows) and positions[hit] == pool[member]:
            if fate[hit] != HIDDEN:
                said = flags[rows[hit]]
                features[member, column] += said & (REPEAT | FLAGGED) != 0
                features[member, column + 1] += said & REPEAT != 0
                features[member, column + 2] += said & STUFFED != 0
                features[member, column + 3] += said & NO_NEED != 0
                features[member, column + 4] += fate[hit] == SETTLED
                features[member, column + 6] += said & VENDOR_TALK != 0
            hit += 1
        newest_s = -np.inf
        for place in range(until.shape[0]):
            newest_s = max(newest_s, until[place, pool[member]])
        known = newest_s > -np.inf
        features[member, column + 5] = max((as_of_s - newest_s) / _DAY_S, 0.0) if known else np.nan
