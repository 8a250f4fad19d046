"""One lead per company: whom to contact, and whom that lead replaces (F-3).

Works on the lead columns of a snapshot, only for the companies it is given (the pool, or the K returned).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ranking.codebook import Codebook, positions
from ranking.relaxation import Codes, CompanyFilter, Exclusion
from ranking.taxonomy import Taxonomy
from ranking.types import BoolArray, ByteArray, FloatArray, IntArray

MaskArray = NDArray[np.uint64]
OffsetArray = NDArray[np.int64]

NO_MATCH: Final = 0
UNKNOWN_MATCH: Final = 1
MATCH: Final = 2
NO_LEAD: Final = -1
UNKNOWN_SENIORITY: Final = 255


class LeadIds(Protocol):
    """Lead ids by row."""

    def __getitem__(self, row: int, /) -> str: ...


class LeadView(Protocol):
    """The lead columns that choosing needs; `db.snapshot.columns.LeadColumns` has them.

    The lead rows of one record are in the order of their ids where seniority and `company_level` are equal.
    """

    @property
    def ids(self) -> LeadIds:
        """Lead ids by row."""
        ...

    @property
    def company_offsets(self) -> OffsetArray:
        """int64[n + 1]; record row i has the lead rows company_offsets[i]:company_offsets[i + 1]."""
        ...

    @property
    def seniority(self) -> ByteArray:
        """uint8[m] taxonomy index, 255 unknown."""
        ...

    @property
    def roles(self) -> MaskArray:
        """uint64[m, W] role bits, none set when unknown."""
        ...

    @property
    def company_level(self) -> BoolArray:
        """bool[m]; a stand-in for the company without a person."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ContactWish:
    """Which leads are wanted, preferred and barred.

    Attributes:
        roles: uint64[W] bits of the wanted roles; None when nobody asked.
        seniorities: bool[256] by seniority index; None when nobody asked.
        barred_roles: uint64[W]; `barred_seniorities`: bool[256]; unknown values are never barred.
        ranks: uint8[256]; 0 the highest seniority, 255 unknown.
    """

    roles: MaskArray | None
    seniorities: BoolArray | None
    barred_roles: MaskArray
    barred_seniorities: BoolArray
    ranks: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The company records behind k candidates (several where duplicates were merged).

    Candidate i has the records rows[offsets[i]:offsets[i + 1]], with the fit of each in `fit` (float64, same
    length as `rows`).
    """

    offsets: OffsetArray
    rows: IntArray
    fit: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """The chosen lead of k candidates.

    Attributes:
        lead_rows: int32[k]; -1 where no lead is left.
        match: uint8[k]; `MATCH` when the lead has a wanted role or none was asked for, `UNKNOWN_MATCH` when
            its role is not known, `NO_MATCH` for a company's best lead in another role ("no matching
            contact") or none at all.
        replaced_offsets: int64[k + 1] into `replaced_rows`, the other leads of each candidate, ascending.
    """

    lead_rows: IntArray
    match: ByteArray
    replaced_offsets: OffsetArray
    replaced_rows: IntArray

    def replaced(self, candidate: int) -> IntArray:
        """Lead rows that the chosen lead of one candidate replaces."""
        return self.replaced_rows[self.replaced_offsets[candidate] : self.replaced_offsets[candidate + 1]]


def contact_wish(
    asked: CompanyFilter, excluded: Exclusion, taxonomy: Taxonomy, book: Codebook
) -> ContactWish:
    """What the strict filter and the exclusions say about leads, as bits and tables."""
    ranks = np.full(256, UNKNOWN_SENIORITY, dtype=np.uint8)
    for code, index in book.seniorities.items():
        ranks[index] = taxonomy.seniority_rank(code)
    return ContactWish(
        roles=None if asked.roles is None else role_bits(asked.roles, book),
        seniorities=None if asked.seniorities is None else _flags(asked.seniorities, book.seniorities),
        barred_roles=role_bits(excluded.roles, book),
        barred_seniorities=_flags(excluded.seniorities, book.seniorities),
        ranks=ranks,
    )


def role_bits(roles: Codes, book: Codebook) -> MaskArray:
    """uint64[W] with one bit per role: role j is bit j % 64 of word j // 64."""
    bits = np.zeros(max(1, -(-len(book.roles) // 64)), dtype=np.uint64)
    for role in positions(roles, book.roles):
        bits[role // 64] |= np.uint64(1 << role % 64)
    return bits


def barred_leads(wish: ContactWish, roles: MaskArray, seniority: ByteArray) -> BoolArray:
    """bool[m]: leads with an excluded role or seniority; unknown ones pass (F-2)."""
    barred = wish.barred_seniorities[seniority]
    if wish.barred_roles.any():
        barred |= (roles & wish.barred_roles).any(axis=1)
    return barred


def collapse(
    records: Records,
    leads: LeadView,
    wish: ContactWish,
    hidden: BoolArray | None = None,
    only: IntArray | None = None,
) -> Contacts:
    """Choose the lead of each candidate: highest fit of its record, role match, seniority, then lead id.

    A wanted seniority goes before a higher one that nobody asked for, and people go before a company-level
    lead of equal rank.

    Args:
        records: the company records of k candidates.
        leads: lead columns.
        wish: wanted and barred roles and seniorities.
        hidden: bool[m]; leads that must not be seen (suppressed, or another tenant's).
        only: int32 lead rows; when given no other lead is considered ("rank my list").

    Source: F-3.
    """
    rows, record = _lead_rows(records, leads)
    kept = ~barred_leads(wish, leads.roles[rows], leads.seniority[rows])
    if hidden is not None:
        kept &= ~hidden[rows]
    if only is not None:
        kept &= np.isin(rows, only)
    rows, record = rows[kept], record[kept]
    owner = np.searchsorted(records.offsets, record, side="right") - 1
    match = _role_match(wish, leads.roles[rows])
    seniority = leads.seniority[rows]
    keys = (
        leads.company_level[rows],
        wish.ranks[seniority],
        MATCH - _seniority_match(wish, seniority),
        MATCH - match,
        -records.fit[record],
        owner,
    )
    order = np.lexsort((rows, *keys))
    counts = np.bincount(owner, minlength=len(records.offsets) - 1)
    having = np.flatnonzero(counts)
    starts = (np.cumsum(counts) - counts)[having]
    best = order[starts]
    for place in np.flatnonzero(np.diff(records.offsets)[having] > 1).tolist():
        group = order[starts[place] : starts[place] + counts[having[place]]]
        best[place] = _lowest_id(group, keys, rows, leads)
    return _contacts(_Considered(rows, owner, match, counts), having, best)


def _lead_rows(records: Records, leads: LeadView) -> tuple[IntArray, NDArray[np.int64]]:
    """Lead rows of all records, and for each the position of its record in `records.rows`."""
    starts = leads.company_offsets[records.rows]
    counts = leads.company_offsets[records.rows + 1] - starts
    record = np.repeat(np.arange(len(records.rows)), counts)
    first = np.cumsum(counts) - counts
    rows = np.arange(len(record)) - first[record] + starts[record]
    return rows.astype(np.int32), record


def _role_match(wish: ContactWish, roles: MaskArray) -> ByteArray:
    if wish.roles is None:
        return np.full(len(roles), MATCH, dtype=np.uint8)
    match = np.where(roles.any(axis=1), np.uint8(NO_MATCH), np.uint8(UNKNOWN_MATCH))
    match[(roles & wish.roles).any(axis=1)] = MATCH
    return match


def _seniority_match(wish: ContactWish, seniority: ByteArray) -> ByteArray:
    if wish.seniorities is None:
        return np.full(len(seniority), MATCH, dtype=np.uint8)
    match = np.where(wish.seniorities[seniority], np.uint8(MATCH), np.uint8(NO_MATCH))
    match[seniority == UNKNOWN_SENIORITY] = UNKNOWN_MATCH
    return match


def _lowest_id(
    group: NDArray[np.int64], keys: tuple[NDArray[Any], ...], rows: IntArray, leads: LeadView
) -> int:
    """Of one candidate's leads in order, the lowest id among those equal to the first but for their ids.

    Lead rows follow the ids within one record; leads of merged records are compared by the ids themselves.
    """
    first = group[0]
    tied: list[int] = [at for at in group.tolist() if all(key[at] == key[first] for key in keys)]
    return min(tied, key=lambda at: leads.ids[int(rows[at])])


class _Considered(NamedTuple):
    """Lead rows that may be contacted, the candidate and match of each, and how many each candidate has."""

    rows: IntArray
    owner: NDArray[np.int64]
    match: ByteArray
    counts: NDArray[np.int64]


def _contacts(leads: _Considered, having: NDArray[np.int64], best: NDArray[np.int64]) -> Contacts:
    lead_rows = np.full(len(leads.counts), NO_LEAD, dtype=np.int32)
    match = np.full(len(leads.counts), NO_MATCH, dtype=np.uint8)
    lead_rows[having] = leads.rows[best]
    match[having] = leads.match[best]
    others = np.ones(len(leads.rows), dtype=np.bool_)
    others[best] = False
    by_row = np.lexsort((leads.rows, leads.owner))
    replaced = leads.rows[by_row][others[by_row]]
    offsets = np.concatenate(([0], np.cumsum(np.maximum(leads.counts - 1, 0))))
    return Contacts(lead_rows, match, offsets, replaced)


def _flags(codes: Codes, book: Mapping[str, int]) -> BoolArray:
    table = np.zeros(256, dtype=np.bool_)
    table[positions(codes, book)] = True
    return table
