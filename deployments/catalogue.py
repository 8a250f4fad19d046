"""The catalogue port over a snapshot: facts, contacts, cards and matched words, read in the ingress's own process."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from db.filtering.hidden_leads import HiddenLeads
from db.filtering.named import leads_of_businesses, named
from db.snapshot import Catalogue, Snapshot
from db.snapshot.display_growth import DisplayGrowth
from db.snapshot.merging import merged
from db.snapshot.tables import StringTable
from db.suppressions import Suppression
from models.lexical import LexicalIndex
from models.lexical.later import LaterTexts
from models.lexical.later_index import LaterIndex
from ranking.cards import CompanyCard, ContactCard, SnippetCard
from ranking.codebook import Codebook
from ranking.collapse import (
    MATCH,
    UNKNOWN_MATCH,
    Directory,
    Wishes,
    collapse,
    seniority_ranks,
)
from ranking.excerpt import Span
from ranking.kernels.compiled import compile_declared
from ranking.ports import ChosenContacts, CompanyFacts, EvidenceRequest
from ranking.taxonomy import Taxonomy
from ranking.types import BoolArray, Candidates, Float32Array, IntArray, Query


@dataclass(frozen=True, slots=True)
class SnapshotCatalogue:
    """`ranking.ports.Catalogue` of one generation.

    `companies` is float32[n, 4], the columns of `CompanyFacts` side by side. `growth` is shared with the generations that
    add to this one; `built_ranks` are `Directory.id_ranks` without additions.
    """

    snapshot: Snapshot
    lexical: LexicalIndex | LaterIndex
    wishes: Wishes
    directory: Directory
    companies: Float32Array
    suppressed: Callable[[], tuple[Suppression, ...]]
    hidden: HiddenLeads
    growth: DisplayGrowth
    built_ranks: IntArray

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        taxonomy: Taxonomy,
        suppressed: Callable[[], tuple[Suppression, ...]] = tuple,
    ) -> "SnapshotCatalogue":
        """Open the read side of a snapshot."""
        compile_declared()
        book, leads = Codebook.of(taxonomy), snapshot.leads
        directory = Directory(
            snapshot.companies.members, leads, _id_ranks(leads.ids), seniority_ranks(taxonomy, book)
        )
        return cls(
            snapshot, LexicalIndex.open(snapshot.lexical), Wishes(taxonomy, book), directory, _facts(snapshot),
            suppressed, HiddenLeads(snapshot), DisplayGrowth(snapshot.catalogue.display),
            directory.id_ranks,
        )  # fmt: skip

    def followed(self, snapshot: Snapshot) -> "SnapshotCatalogue":
        """The read side of the same generation with more additions."""
        more = snapshot.additions[len(self.snapshot.additions) :]
        lexical = (
            LaterIndex(self.lexical, with_postings=False)
            if isinstance(self.lexical, LexicalIndex)
            else self.lexical
        )
        for addition in more:
            self.growth.add(addition.display)
            lexical = lexical.extended(LaterTexts.of_arrays(addition.lexical))
        cards = Catalogue(self.growth.columns())
        if not any(addition.new is not None or len(addition.gone_companies) for addition in more):
            own = self.snapshot
            after = replace(snapshot, companies=own.companies, leads=own.leads, catalogue=cards)
            return replace(self, snapshot=after, lexical=lexical)
        after = replace(merged(snapshot), catalogue=cards)
        leads = after.leads
        ranks = _ranks_with_more(self.snapshot.built.leads.ids, self.built_ranks, leads.ids)
        directory = Directory(after.companies.members, leads, ranks, self.directory.seniority_ranks)
        return replace(
            self, snapshot=after, lexical=lexical, directory=directory, companies=_facts(after),
            hidden=HiddenLeads(after),
        )  # fmt: skip

    def facts(self, rows: IntArray) -> CompanyFacts:
        """See `ranking.ports.Catalogue`."""
        return CompanyFacts(*np.ascontiguousarray(self.companies.take(rows, axis=0).T))

    def contacts(
        self, candidates: Candidates, positions: IntArray, query: Query, only: Sequence[str] | None
    ) -> ChosenContacts:
        """See `ranking.ports.Catalogue`."""
        wish = self.wishes.of(query.include, query.exclude)
        hidden = self.hidden.of(self.suppressed())
        if only is not None:
            hidden = self._all_but(only, hidden)
        sources = candidates.source_rows[positions]
        chosen = collapse(candidates.rows[positions], sources, self.directory, wish, hidden)
        reachable = np.maximum(chosen.lead_rows, 0)
        ranks = self.directory.id_ranks
        return ChosenContacts(
            leads=chosen.lead_rows,
            ranks=ranks[reachable] if len(ranks) else reachable,
            matched=chosen.match >= (MATCH if wish.roles is not None else UNKNOWN_MATCH),
            replaced=chosen.replaced,
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

    def lead_ids(self, rows: Sequence[int]) -> list[str]:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.leads.ids.take(rows)

    def company_of(self, lead: int) -> int:
        """See `ranking.ports.Catalogue`."""
        return int(self.snapshot.companies.cluster[self.snapshot.leads.company[lead]])

    def company_cards(self, rows: Sequence[int]) -> list[CompanyCard]:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.companies(rows)

    def contact_cards(self, rows: Sequence[int]) -> list[ContactCard]:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.leads(rows)

    def snippet_cards(self, rows: Sequence[int]) -> list[SnippetCard]:
        """See `ranking.ports.Catalogue`."""
        return self.snapshot.catalogue.snippets(rows)

    def mentions(self, rows: Sequence[int], request: EvidenceRequest) -> list[list[Span]]:
        """See `ranking.ports.Catalogue`."""
        return self.lexical.mentions(np.asarray(rows, dtype=np.int64), request.concepts, request.keywords)

    def _all_but(self, only: Sequence[str], hidden: BoolArray) -> BoolArray:
        """`hidden`, bool[leads], and all that "rank my list" does not name, by themselves or by their company."""
        companies, leads = self.snapshot.companies, self.snapshot.leads
        found = named(only, companies, leads)
        businesses = found.companies[found.companies >= 0]
        barred = np.ones(len(hidden), dtype=np.bool_)
        for rows in (leads_of_businesses(businesses, companies, leads), found.leads[found.leads >= 0]):
            barred[rows] = hidden[rows]
        return barred


def _id_ranks(ids: StringTable) -> IntArray:
    """int32[m]: position of each id in byte order."""
    encoded = np.array([each.encode() for each in ids.all()], dtype=object)
    ranks = np.empty(len(encoded), dtype=np.int32)
    ranks[np.argsort(encoded, kind="stable")] = np.arange(len(encoded), dtype=np.int32)
    return ranks


def _ranks_with_more(built: StringTable, built_ranks: IntArray, ids: StringTable) -> IntArray:
    """`_id_ranks` of `ids`, which begin with those of `built`, whose ranks are known."""
    first = len(built)
    order = np.argsort(built_ranks, kind="stable")
    more = sorted((ids[row].encode(), row) for row in range(first, len(ids)))
    sorted_ids = _Sorted(built, order)
    places = np.array([bisect_left(sorted_ids, each) for each, _ in more], dtype=np.int64)
    ranks = np.empty(len(ids), dtype=np.int32)
    ranks[:first] = built_ranks + np.searchsorted(places, built_ranks, side="right")
    ranks[np.array([row for _, row in more], dtype=np.int64)] = places + np.arange(len(more))
    return ranks


class _Sorted(Sequence[bytes]):
    """Ids in byte order."""

    def __init__(self, ids: StringTable, order: NDArray[np.int64]) -> None:
        self._ids, self._order = ids, order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, place: int) -> bytes: ...

    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...

    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        if isinstance(place, slice):
            return [self._ids[int(row)].encode() for row in self._order[place]]
        return self._ids[int(self._order[place])].encode()


def _facts(snapshot: Snapshot) -> Float32Array:
    """float32[n, 4]: one line of memory per company for the four facts of a query's pool."""
    companies = snapshot.companies
    facts = (
        _known(companies.employees),
        _known(companies.founded),
        np.diff(companies.technologies.offsets),
        np.diff(snapshot.leads.company_offsets),
    )
    return np.stack([np.asarray(each, dtype=np.float32) for each in facts], axis=1)


def _known(values: np.ndarray[tuple[int], np.dtype[np.int32 | np.int16]]) -> Float32Array:
    """float32 with NaN for the -1 that stands for unknown."""
    known = values.astype(np.float32)
    known[values < 0] = np.nan
    return known
