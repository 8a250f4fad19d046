"""Entries of admitted companies: in postings, lists of sellers, choices and events.

A set of companies is `bits`, np.packbits of a bool[companies], with `before`, the number of members ahead of each byte:
a member's position among the admitted is then two look-ups in a few kilobytes.
"""

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import (
    F4S,
    F8,
    F8S,
    F8S_2D,
    I4S,
    I8S,
    INTO_F8S,
    INTO_F8S_2D,
    INTO_I4S,
    U1S,
    inlined,
    kernel,
)
from ranking.types import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

LongArray = NDArray[np.int64]

_ONES = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)
_DAY_S = 86_400.0


@inlined
def _position(bits: ByteArray, before: IntArray, company: int) -> int:
    """Position of `company` among the admitted, -1 when it is not."""
    row = np.uint32(company)  # unsigned: no index below zero to look out for
    byte, bit = np.uint64(row >> np.uint32(3)), row & np.uint32(7)
    octet = np.uint32(bits[byte])
    if not octet & (np.uint32(128) >> bit):
        return -1
    position: int = before[byte] + _ONES[octet >> (np.uint32(8) - bit)]
    return position


@kernel(U1S)
def members_before(bits: ByteArray) -> IntArray:
    """int32[bytes + 1] how many bits are set ahead of each byte, and in all."""
    before = np.empty(len(bits) + 1, dtype=np.int32)
    total = 0
    for byte in range(len(bits)):
        before[byte] = total
        total += _ONES[bits[byte]]
    before[len(bits)] = total
    return before


@kernel(U1S, I4S, I4S)
def companies_at(bits: ByteArray, before: IntArray, positions: IntArray) -> IntArray:
    """int32[m] company rows of ascending admitted positions."""
    rows = np.empty(len(positions), dtype=np.int32)
    for place in range(len(positions)):
        byte = np.searchsorted(before, positions[place], side="right") - 1
        left = positions[place] - before[byte]
        for bit in range(8):
            if bits[byte] & (128 >> bit):
                if left == 0:
                    rows[place] = 8 * byte + bit
                    break
                left -= 1
    return rows


@kernel(U1S, I4S, I4S)
def marked(bits: ByteArray, before: IntArray, companies: IntArray) -> BoolArray:
    """bool[n] over the admitted: true for those among `companies`, int32[any]."""
    found = np.zeros(before[-1], dtype=np.bool_)
    for company in companies:
        at = _position(bits, before, company)
        if at >= 0:
            found[at] = True
    return found


@kernel(U1S, I4S, I4S, I4S, F4S)
def postings_of(
    bits: ByteArray, before: IntArray, companies: IntArray, rows: IntArray, raw: Float32Array
) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows int32[h], admitted positions int32[h] and raw scores float64[h] of the admitted entries of p postings."""
    kept_rows = np.empty(len(rows), dtype=np.int32)
    positions = np.empty(len(rows), dtype=np.int32)
    kept_raw = np.empty(len(rows), dtype=np.float64)
    count = 0
    for entry in range(len(rows)):
        at = _position(bits, before, companies[entry])
        if at >= 0:
            kept_rows[count] = rows[entry]
            positions[count] = at
            kept_raw[count] = raw[entry]
            count += 1
    return kept_rows[:count], positions[:count], kept_raw[:count]


@kernel(INTO_F8S_2D, U1S, I4S, I8S, I8S, I4S, F8S)
def settle(
    until: FloatArray,
    bits: ByteArray,
    before: IntArray,
    concepts: LongArray,
    offsets: LongArray,
    companies: IntArray,
    effective_s: FloatArray,
) -> None:
    """Raise `until`, float64[concepts, n], to the times of the choices in lists by concept; -1 is nobody's concept."""
    for place in range(len(concepts)):
        concept = concepts[place]
        if concept < 0:
            continue
        for entry in range(offsets[concept], offsets[concept + 1]):
            at = _position(bits, before, companies[entry])
            if at >= 0:
                until[place, at] = max(until[place, at], effective_s[entry])


@kernel(INTO_F8S, INTO_I4S, U1S, I4S, I8S, F8S, I8S, I4S, F8S, I4S, F8S_2D, F8, F8)
def offer_listed(
    worth: FloatArray,
    events: IntArray,
    bits: ByteArray,
    before: IntArray,
    keys: LongArray,
    log_relevance: FloatArray,
    offsets: LongArray,
    companies: IntArray,
    effective_s: FloatArray,
    rows: IntArray,
    until: FloatArray,
    as_of_s: float,
    tau_days: float,
) -> None:
    """Take events of the named keys over into `worth` and `events` where they are worth more (F-6).

    Among equals the earlier stays. What happened before a company had settled all of the query's concepts is past.

    Args:
        worth: float64[n] ln(rel x exp(-age / tau)) of each admitted company's best event so far. `events`: int32[n]
            its snippet row.
        keys: int64[k] roles or technologies. `log_relevance`: float64[k] ln rel.
        offsets, companies, effective_s, rows: of `ranking.boosts.EventLists`.
        until: float64[concepts, n] of `settle`.
    """
    for place in range(len(keys)):
        for entry in range(offsets[keys[place]], offsets[keys[place] + 1]):
            at = _position(bits, before, companies[entry])
            if at < 0 or _is_past(until, at, effective_s[entry]):
                continue
            age_days = max((as_of_s - effective_s[entry]) / _DAY_S, 0.0)
            offered = log_relevance[place] - age_days / tau_days
            if offered > worth[at]:
                worth[at] = offered
                events[at] = rows[entry]


@inlined
def _is_past(until: FloatArray, at: int, effective_s: float) -> bool:
    past: bool = until.shape[0] > 0
    for place in range(until.shape[0]):
        past &= effective_s < until[place, at]
    return past
