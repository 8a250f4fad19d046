"""Whom to contact in each company: one walk over the leads of its records, compiled."""

import numpy as np
from numpy.typing import NDArray

from ranking.kernels.compiled import BOOL, BOOLS, I4S, I8S, U1S, U8S, U8S_2D, inlined, kernel
from ranking.types import BoolArray, ByteArray, IntArray

LongArray = NDArray[np.int64]
MaskArray = NDArray[np.uint64]

_NO_MATCH, _UNKNOWN_MATCH, _MATCH = 0, 1, 2  # as in `ranking.collapse`
_UNKNOWN_SENIORITY = 255


@inlined
def _any_of(roles: MaskArray, lead: int, wanted: MaskArray) -> bool:
    found = False
    for word in range(len(wanted)):
        found |= (roles[lead, word] & wanted[word]) != 0
    return found


@inlined
def _role_match(roles: MaskArray, lead: int, wanted: MaskArray, asked: bool) -> int:
    if not asked or _any_of(roles, lead, wanted):
        return _MATCH
    for word in range(roles.shape[1]):
        if roles[lead, word]:
            return _NO_MATCH
    return _UNKNOWN_MATCH


@inlined
def _seniority_match(seniority: int, wanted: BoolArray, asked: bool) -> int:
    if not asked or wanted[seniority]:
        return _MATCH
    return _UNKNOWN_MATCH if seniority == _UNKNOWN_SENIORITY else _NO_MATCH


@kernel(
    I4S, I4S, I8S, I4S, I8S, U1S, U8S_2D, BOOLS, I4S, U1S, BOOLS, U8S, BOOL, BOOLS, BOOL, U8S, BOOLS
)  # fmt: skip
def best_leads(
    companies: IntArray,
    sources: IntArray,
    member_offsets: LongArray,
    members: IntArray,
    lead_offsets: LongArray,
    seniority: ByteArray,
    roles: MaskArray,
    company_level: BoolArray,
    id_ranks: IntArray,
    seniority_ranks: ByteArray,
    hidden: BoolArray,
    wanted_roles: MaskArray,
    asks_role: bool,
    wanted_seniorities: BoolArray,
    asks_seniority: bool,
    barred_roles: MaskArray,
    barred_seniorities: BoolArray,
) -> tuple[IntArray, ByteArray, LongArray, IntArray]:
    """The lead of each of k companies, its role match, and offsets int64[k + 1] into the leads that it stands for.

    The arguments are the fields of `ranking.collapse.Directory` and `ContactWish`; `companies` and `sources` are int32[k].
    The leads of one record are in the order in which they are chosen where nothing is asked, so that mostly the first is taken
    unseen: what costs here is memory, not comparing.
    """
    count = len(companies)
    chosen = np.full(count, -1, dtype=np.int32)
    matches = np.zeros(count, dtype=np.uint8)
    offsets = np.zeros(count + 1, dtype=np.int64)
    replaced = np.empty(_leads_of(companies, member_offsets, members, lead_offsets), dtype=np.int32)
    bars_role, bars_seniority = barred_roles.any(), barred_seniorities.any()
    end = 0
    for at in range(count):
        first, best_key, best_id = end, 1 << 30, 0
        from_member, to_member = member_offsets[companies[at]], member_offsets[companies[at] + 1]
        in_order = not asks_role and not asks_seniority and to_member - from_member == 1
        for member in range(from_member, to_member):
            record = members[member]
            for lead in range(lead_offsets[record], lead_offsets[record + 1]):
                barred = bars_seniority and barred_seniorities[seniority[lead]]
                if hidden[lead] or barred or (bars_role and _any_of(roles, lead, barred_roles)):
                    continue
                replaced[end] = lead
                end += 1
                if in_order:
                    continue
                match = _role_match(roles, lead, wanted_roles, asks_role)
                key = (0 if record == sources[at] else 4) + _MATCH - match
                key = key * 4 + _MATCH - _seniority_match(seniority[lead], wanted_seniorities, asks_seniority)
                key = (key * 256 + seniority_ranks[seniority[lead]]) * 2 + company_level[lead]
                if key < best_key or (key == best_key and id_ranks[lead] < best_id):
                    best_key, best_id = key, id_ranks[lead]
                    chosen[at], matches[at] = lead, match
        if end > first:
            if in_order:
                chosen[at], matches[at] = replaced[first], _MATCH
            end = _without(replaced, first, end, chosen[at])
        offsets[at + 1] = end
    return chosen, matches, offsets, replaced[:end]


@inlined
def _leads_of(
    companies: IntArray, member_offsets: LongArray, members: IntArray, lead_offsets: LongArray
) -> int:
    count = 0
    for company in companies:
        for member in range(member_offsets[company], member_offsets[company + 1]):
            count += lead_offsets[members[member] + 1] - lead_offsets[members[member]]
    return count


@inlined
def _without(rows: IntArray, first: int, end: int, row: int) -> int:
    """Take one row out of rows[first:end], the others keep their order; the end is one less."""
    kept = first
    for place in range(first, end):
        if rows[place] != row:
            rows[kept] = rows[place]
            kept += 1
    return kept
