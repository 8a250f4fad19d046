"""The catalogue port over a snapshot: facts, contacts, cards and matched words, read in the ingress's own process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from db.filtering.hidden_leads import HiddenLeads
from db.snapshot import Snapshot
from db.suppressions import Suppression
from models.lexical import LexicalIndex
from ranking.cards import CompanyCard, ContactCard, SnippetCard
from ranking.codebook import Codebook
from ranking.collapse import MATCH, UNKNOWN_MATCH, Contacts, Records, collapse, contact_wish
from ranking.ports import ChosenContacts, CompanyFacts, EvidenceRequest
from ranking.relaxation import exclusion, scope
from ranking.taxonomy import Taxonomy
from ranking.types import Candidates, Float32Array, IntArray, Query


@dataclass(frozen=True, slots=True)
class SnapshotCatalogue:
    """`ranking.ports.Catalogue` of one generation. `lead_ranks` is int32[leads]: position of each lead's id in byte order."""

    snapshot: Snapshot
    lexical: LexicalIndex
    taxonomy: Taxonomy
    book: Codebook
    lead_ranks: IntArray
    suppressed: Callable[[], tuple[Suppression, ...]]
    hidden: HiddenLeads

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        taxonomy: Taxonomy,
        suppressed: Callable[[], tuple[Suppression, ...]] = tuple,
    ) -> "SnapshotCatalogue":
        """Open the read side of a snapshot."""
        ids = np.array([each.encode() for each in snapshot.leads.ids.all()], dtype=object)
        ranks = np.empty(len(ids), dtype=np.int32)
        ranks[np.argsort(ids, kind="stable")] = np.arange(len(ids), dtype=np.int32)
        return cls(
            snapshot, LexicalIndex.open(snapshot.lexical), taxonomy, Codebook.of(taxonomy), ranks,
            suppressed, HiddenLeads(snapshot),
        )  # fmt: skip

    def facts(self, rows: IntArray) -> CompanyFacts:
        """See `ranking.ports.Catalogue`."""
        companies = self.snapshot.companies
        people = self.snapshot.leads.company_offsets
        return CompanyFacts(
            employees=_known(companies.employees[rows]),
            founded=_known(companies.founded[rows]),
            technologies=np.diff(companies.technologies.offsets)[rows].astype(np.float32),
            people=(people[rows + 1] - people[rows]).astype(np.float32),
        )

    def contacts(
        self, candidates: Candidates, positions: IntArray, query: Query, only: Sequence[str] | None
    ) -> ChosenContacts:
        """See `ranking.ports.Catalogue`."""
        wish = contact_wish(
            scope(query.include, self.taxonomy).strict,
            exclusion(query.exclude, self.taxonomy),
            self.taxonomy,
            self.book,
        )
        leads = self.snapshot.leads
        records = self._records(candidates, positions)
        chosen = collapse(
            records, leads, wish, hidden=self.hidden.of(self.suppressed()), only=self._only(only, records)
        )
        reachable = np.maximum(chosen.lead_rows, 0)
        ranks = self.lead_ranks[reachable] if len(self.lead_ranks) else reachable
        wanted = MATCH if wish.roles is not None else UNKNOWN_MATCH
        return ChosenContacts(
            leads=chosen.lead_rows,
            ranks=ranks,
            matched=chosen.match >= wanted,
            replaced=Replaced(chosen),
        )

    def company_row(self, identity: str) -> int | None:
        """See `ranking.ports.Catalogue`."""
        companies = self.snapshot.companies
        row = int(companies.by_id.rows_of([identity], companies.ids)[0])
        return int(companies.cluster[row]) if row >= 0 else None

    def lead_row(self, identity: str) -> int | None:
        """See `ranking.ports.Catalogue`."""
        leads = self.snapshot.leads
        row = int(leads.by_id.rows_of([identity], leads.ids)[0])
        return row if row >= 0 else None

    def lead_id(self, row: int) -> str:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.leads.ids[row]

    def company_of(self, lead: int) -> int:
        """See `ranking.ports.Catalogue`."""
        return int(self.snapshot.companies.cluster[self.snapshot.leads.company[lead]])

    def company(self, row: int) -> CompanyCard:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.company(row)

    def lead(self, row: int) -> ContactCard:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.lead(row)

    def snippet(self, row: int) -> SnippetCard:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.snippet(row)

    def matched_terms(self, text: str, request: EvidenceRequest) -> tuple[str, ...]:
        """See `ranking.ports.Catalogue`."""
        return tuple(self.lexical.matched_terms(text, request.concepts, request.keywords))

    def _records(self, candidates: Candidates, positions: IntArray) -> Records:
        """The records behind each candidate; within a cluster the one of best fit goes first."""
        members = self.snapshot.companies.members
        rows = candidates.rows[positions]
        counts = (members.offsets[rows + 1] - members.offsets[rows]).astype(np.int64)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        owner = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(offsets[-1]) - offsets[owner] + members.offsets[rows][owner]
        found = members.values[within].astype(np.int32)
        is_source = found == candidates.source_rows[positions][owner]
        return Records(offsets, found, is_source.astype(np.float64))

    def _only(self, only: Sequence[str] | None, records: Records) -> IntArray | None:
        """The leads "rank my list" may return: those it names, and all leads of businesses it names by company.

        An id that is both is the company's, as in retrieval.
        """
        if only is None:
            return None
        companies, leads = self.snapshot.companies, self.snapshot.leads
        by_company = companies.by_id.rows_of(list(only), companies.ids)
        by_lead = leads.by_id.rows_of(list(only), leads.ids)
        named = by_lead[(by_company < 0) & (by_lead >= 0)]
        businesses = companies.cluster[by_company[by_company >= 0]]
        listed = records.rows[np.isin(companies.cluster[records.rows], businesses)]
        offsets = leads.company_offsets
        whole = [np.arange(offsets[row], offsets[row + 1]) for row in listed.tolist()]
        return np.concatenate([named, *whole]).astype(np.int32)


class Replaced(Sequence[IntArray]):
    """Lead rows that each chosen lead stands for; made for the few candidates that are looked at."""

    def __init__(self, chosen: Contacts) -> None:
        self._chosen = chosen

    def __len__(self) -> int:
        return len(self._chosen.lead_rows)

    @overload
    def __getitem__(self, at: int) -> IntArray: ...
    @overload
    def __getitem__(self, at: slice) -> list[IntArray]: ...
    def __getitem__(self, at: int | slice) -> IntArray | list[IntArray]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._chosen.replaced(at % len(self))


def _known(values: np.ndarray[tuple[int], np.dtype[np.int32 | np.int16]]) -> Float32Array:
    """float32 with NaN for the -1 that stands for unknown."""
    known = values.astype(np.float32)
    known[values < 0] = np.nan
    return known
