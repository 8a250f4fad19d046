"""Filters on leads as sets of company records: one and the same lead must have the role and the seniority (F-2)."""

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from db.filtering.bitmaps import BitmapCache, BitSpace, Words
from db.snapshot.columns import LeadColumns
from ranking.codebook import Codebook, positions
from ranking.collapse import UNKNOWN_SENIORITY, role_bits
from ranking.relaxation import Codes, CompanyFilter, Exclusion
from ranking.types import BoolArray, ByteArray, IntArray

RoleWords = NDArray[np.uint64]


class Proof(Enum):
    """What must be known of a lead for it to count."""

    MATCHING = auto()  # wanted role and seniority known to match; unknown values pass exclusions
    POSSIBLE = auto()  # unknown values pass everything
    VERIFIED = auto()  # known wherever something is wanted or excluded


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Roles and seniorities wanted (None: any) and barred."""

    roles: Codes | None = None
    seniorities: Codes | None = None
    barred_roles: Codes = field(default_factory=frozenset)
    barred_seniorities: Codes = field(default_factory=frozenset)

    @classmethod
    def of(cls, asked: CompanyFilter, excluded: Exclusion) -> "ContactFilter":
        """The part of a rung and of the exclusions that speaks about leads."""
        return cls(asked.roles, asked.seniorities, excluded.roles, excluded.seniorities)

    @property
    def is_open(self) -> bool:
        """Whether every lead passes."""
        return self == ContactFilter()


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """The leads that count: `leads` bool[m], or the few at `rows`; all where both are None.

    `key` names it in the cache, None keeps it out.
    """

    key: str | None = ""
    leads: BoolArray | None = None
    rows: IntArray | None = None


class _Contacts(NamedTuple):
    """Columns of some leads: record row, seniority, words of role bits, and whether there are any."""

    company: IntArray
    seniority: ByteArray
    roles: tuple[RoleWords, ...]
    role_known: BoolArray

    def at(self, rows: IntArray) -> "_Contacts":
        """Those at `rows`."""
        roles = tuple(word[rows] for word in self.roles)
        return _Contacts(self.company[rows], self.seniority[rows], roles, self.role_known[rows])


class ContactSets:
    """Sets of company records with at least one lead that passes a filter."""

    def __init__(self, leads: LeadColumns, companies: int, book: Codebook, cache: BitmapCache) -> None:
        self._space = BitSpace(companies)
        self._book = book
        self._cache = cache
        roles = tuple(np.ascontiguousarray(word) for word in leads.roles.T)
        role_known = np.zeros(len(leads.seniority), dtype=np.bool_)
        for word in roles:
            role_known |= word != 0
        self._contacts = _Contacts(leads.company, leads.seniority, roles, role_known)

    def records(self, wanted: ContactFilter, proof: Proof, audience: Audience) -> Words:
        """Records with a lead in the audience that passes."""
        if audience.key is None:
            return self._records(wanted, proof, audience)
        key = (audience.key, wanted, proof)
        return self._cache.get(key, partial(self._records, wanted, proof, audience))

    def _records(self, wanted: ContactFilter, proof: Proof, audience: Audience) -> Words:
        contacts = self._contacts if audience.rows is None else self._contacts.at(audience.rows)
        passing = self._passing(contacts, wanted, proof)
        if audience.leads is not None:
            passing &= audience.leads
        return self._space.of_rows(contacts.company[np.flatnonzero(passing)])

    def _passing(self, contacts: _Contacts, wanted: ContactFilter, proof: Proof) -> BoolArray:
        seniority_known = contacts.seniority != UNKNOWN_SENIORITY
        passing = ~self._with_role(contacts, wanted.barred_roles)
        passing &= ~self._with_seniority(contacts, wanted.barred_seniorities)
        if wanted.roles is not None:
            has_role = self._with_role(contacts, wanted.roles)
            passing &= has_role | ~contacts.role_known if proof is Proof.POSSIBLE else has_role
        if wanted.seniorities is not None:
            has_rank = self._with_seniority(contacts, wanted.seniorities)
            passing &= has_rank | ~seniority_known if proof is Proof.POSSIBLE else has_rank
        if proof is Proof.VERIFIED and wanted.barred_roles:
            passing &= contacts.role_known
        if proof is Proof.VERIFIED and wanted.barred_seniorities:
            passing &= seniority_known
        return passing

    def _with_role(self, contacts: _Contacts, roles: Codes) -> BoolArray:
        found = np.zeros(len(contacts.seniority), dtype=np.bool_)
        for word, bits in zip(contacts.roles, role_bits(roles, self._book), strict=True):
            if bits:
                found |= (word & bits) != 0
        return found

    def _with_seniority(self, contacts: _Contacts, seniorities: Codes) -> BoolArray:
        found = np.zeros(len(contacts.seniority), dtype=np.bool_)
        for code in positions(seniorities, self._book.seniorities):
            found |= contacts.seniority == code
        return found
