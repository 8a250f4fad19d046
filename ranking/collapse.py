"""One lead per company: whom to contact, and whom that lead replaces (F-3).

Works on the columns of a snapshot, only for the companies it is given (the pool).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ranking.codebook import Codebook, positions
from ranking.kernels.contacts import best_leads
from ranking.kernels.presenting import lists_of
from ranking.taxonomy import Taxonomy
from ranking.types import BoolArray, ByteArray, Exclusions, IntArray, Targets

Named = tuple[str, ...]
MaskArray = NDArray[np.uint64]
OffsetArray = NDArray[np.int64]

NO_MATCH: Final = 0
UNKNOWN_MATCH: Final = 1
MATCH: Final = 2
NO_LEAD: Final = -1
UNKNOWN_SENIORITY: Final = 255
_KEPT = 256


class Lists(Protocol):
    """int32 rows per row: row i has values[offsets[i]:offsets[i + 1]]."""

    @property
    def offsets(self) -> OffsetArray:
        """int64[n + 1]."""
        ...

    @property
    def values(self) -> IntArray:
        """int32[total]."""
        ...


class LeadView(Protocol):
    """The lead columns that choosing needs; `db.snapshot.columns.LeadColumns` has them."""

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
class Directory:
    """Everybody who may be contacted, by company.

    Attributes:
        members: the record rows of each business, under the row that represents it.
        leads: the leads of each record.
        id_ranks: int32[m]; position of each lead's id in byte order.
        seniority_ranks: uint8[256]; 0 the highest seniority, 255 unknown.
    """

    members: Lists
    leads: LeadView
    id_ranks: IntArray
    seniority_ranks: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class ContactWish:
    """Which leads are wanted, preferred and barred.

    Attributes:
        roles: uint64[W] bits of the wanted roles; None when nobody asked.
        seniorities: bool[256] by seniority index; None when nobody asked.
        barred_roles: uint64[W]; `barred_seniorities`: bool[256]; unknown values are never barred.
    """

    roles: MaskArray | None
    seniorities: BoolArray | None
    barred_roles: MaskArray
    barred_seniorities: BoolArray


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

    def replaced(self, candidates: IntArray) -> list[list[int]]:
        """Lead rows that the chosen lead of each of some candidates replaces."""
        joined, ends = lists_of(self.replaced_offsets, self.replaced_rows, candidates)
        rows, until = joined.tolist(), ends.tolist()
        return [rows[start:end] for start, end in zip([0, *until], until, strict=False)]


class Wishes:
    """What queries say about leads, as bits and tables. Most say nothing and share one wish; the last ones asked for are kept."""

    def __init__(self, taxonomy: Taxonomy, book: Codebook) -> None:
        self._taxonomy = taxonomy
        self._book = book
        self._of = lru_cache(_KEPT)(self._make)

    def of(self, asked: Targets, excluded: Exclusions) -> ContactWish:
        """The wish of a query's targets and exclusions; a department covers its roles."""
        return self._of(asked.roles, asked.seniorities, excluded.roles, excluded.seniorities)

    def _make(
        self, roles: Named, seniorities: Named, barred_roles: Named, barred_seniorities: Named
    ) -> ContactWish:
        return ContactWish(
            roles=self._roles(roles) if roles else None,
            seniorities=_flags(seniorities, self._book.seniorities) if seniorities else None,
            barred_roles=self._roles(barred_roles),
            barred_seniorities=_flags(barred_seniorities, self._book.seniorities),
        )

    def _roles(self, roles: Named) -> MaskArray:
        covered = chain.from_iterable(map(self._taxonomy.role_children, roles))
        return role_bits(covered, self._book)


def seniority_ranks(taxonomy: Taxonomy, book: Codebook) -> ByteArray:
    """`Directory.seniority_ranks` of a taxonomy."""
    ranks = np.full(256, UNKNOWN_SENIORITY, dtype=np.uint8)
    for code, index in book.seniorities.items():
        ranks[index] = taxonomy.seniority_rank(code)
    return ranks


def role_bits(roles: Iterable[str], book: Codebook) -> MaskArray:
    """uint64[W] with one bit per role: role j is bit j % 64 of word j // 64."""
    bits = np.zeros(max(1, -(-len(book.roles) // 64)), dtype=np.uint64)
    for role in positions(roles, book.roles):
        bits[role // 64] |= np.uint64(1 << role % 64)
    return bits


def collapse(
    companies: IntArray, sources: IntArray, directory: Directory, wish: ContactWish, hidden: BoolArray
) -> Contacts:
    """Choose the lead of each company: its record's fit, role match, seniority, then lead id.

    A wanted seniority goes before a higher one that nobody asked for, and people go before a company-level
    lead of equal rank.

    Args:
        companies: int32[k]; rows that represent their business.
        sources: int32[k]; the record row of best fit of each, the leads of which go first.
        directory: the leads, and the records of each business.
        wish: wanted and barred roles and seniorities.
        hidden: bool[m]; leads that must not be named (suppressed, another tenant's, or not in the list to be ranked).

    Source: F-3.
    """
    leads, members = directory.leads, directory.members
    nothing = wish.barred_roles, wish.barred_seniorities  # not read when nobody asked
    chosen, match, offsets, replaced = best_leads(
        companies,
        sources,
        members.offsets,
        members.values,
        leads.company_offsets,
        leads.seniority,
        leads.roles,
        leads.company_level,
        directory.id_ranks,
        directory.seniority_ranks,
        hidden,
        nothing[0] if wish.roles is None else wish.roles,
        wish.roles is not None,
        nothing[1] if wish.seniorities is None else wish.seniorities,
        wish.seniorities is not None,
        wish.barred_roles,
        wish.barred_seniorities,
    )
    return Contacts(chosen, match, offsets, replaced)


def _flags(codes: Iterable[str], book: Mapping[str, int]) -> BoolArray:
    table = np.zeros(256, dtype=np.bool_)
    table[positions(codes, book)] = True
    return table
