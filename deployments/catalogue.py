"""The catalogue port over a snapshot: facts, contacts, cards and matched words, read in the ingress's own process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from db.filtering.hidden_leads import HiddenLeads
from db.snapshot import Snapshot
from db.snapshot.tables import StringTable
from db.suppressions import Suppression
from models.lexical import LexicalIndex
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
    """`ranking.ports.Catalogue` of one generation. `companies` is float32[n, 4], the columns of `CompanyFacts` side by side."""

    snapshot: Snapshot
    lexical: LexicalIndex
    wishes: Wishes
    directory: Directory
    companies: Float32Array
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
        compile_declared()
        book, leads = Codebook.of(taxonomy), snapshot.leads
        directory = Directory(
            snapshot.companies.members, leads, _id_ranks(leads.ids), seniority_ranks(taxonomy, book)
        )
        return cls(
            snapshot, LexicalIndex.open(snapshot.lexical), Wishes(taxonomy, book), directory, _facts(snapshot),
            suppressed, HiddenLeads(snapshot),
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
            hidden = hidden | ~self._listed(only)
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

    def _listed(self, only: Sequence[str]) -> BoolArray:
        """bool[leads] that "rank my list" may return: those it names, and all leads of businesses it names by company.

        An id that is both is the company's, as in retrieval.
        """
        companies, leads = self.snapshot.companies, self.snapshot.leads
        by_company = companies.by_id.rows_of(list(only), companies.ids)
        by_lead = leads.by_id.rows_of(list(only), leads.ids)
        named = np.zeros(len(companies.active), dtype=np.bool_)
        named[companies.cluster[by_company[by_company >= 0]]] = True
        listed: BoolArray = named[companies.cluster][leads.company]
        listed[by_lead[(by_company < 0) & (by_lead >= 0)]] = True
        return listed


def _id_ranks(ids: StringTable) -> IntArray:
    """int32[m]: position of each id in byte order."""
    encoded = np.array([each.encode() for each in ids.all()], dtype=object)
    ranks = np.empty(len(encoded), dtype=np.int32)
    ranks[np.argsort(encoded, kind="stable")] = np.arange(len(encoded), dtype=np.int32)
    return ranks


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
