"""Retrieval on the snapshot's columns: the hot path of F-2, F-2b and the levels of F-3."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from db.filtering.admission import Admission, Gate, Question
from db.filtering.bit_kernels import ranks
from db.filtering.bitmaps import BitmapCache, Words, contains
from db.filtering.clusters import Clusters, best_records
from db.filtering.companies import CompanySets
from db.filtering.contacts import ContactSets
from db.filtering.likeness import Exemplars, Likeness
from db.filtering.listed import Listing
from db.filtering.vector_parts import VectorParts
from db.filtering.visibility import Views
from db.snapshot.columns import CompanyColumns
from db.snapshot.merging import merged
from db.snapshot.reader import Snapshot
from db.snapshot.tables import NO_ROWS
from db.suppressions import Suppression
from ranking.codebook import Codebook
from ranking.errors import LeadError, UnknownGeneration
from ranking.fit import (
    DEFAULT_WEIGHTS,
    UNVERIFIED,
    LevelTables,
    exact_levels,
    fit_scores,
    levels_of,
)
from ranking.kernels.compiled import compile_declared
from ranking.levels import Levels
from ranking.ports import RetrievalRequest
from ranking.relaxation import Scope, exclusion, rungs, scope
from ranking.row_set import RowSet
from ranking.taxonomy import Taxonomy
from ranking.types import (
    ByteArray,
    Candidates,
    Dropped,
    Float32Array,
    FloatArray,
    IntArray,
    LevelArray,
)

_DEFAULT_CACHE_BYTES = 64 * 1024 * 1024


class SnapshotRetrieval:
    """F-2 on one generation. Sets are computed on first use and kept, so the first queries are slower.

    Not thread-safe beyond what one worker thread needs: the caches are plain dictionaries.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        taxonomy: Taxonomy,
        suppressions: Iterable[Suppression] = (),
        cache_bytes: int = _DEFAULT_CACHE_BYTES,
        vectors: VectorParts | None = None,
    ) -> None:
        compile_declared()
        companies, leads = snapshot.companies, snapshot.leads
        self._snapshot = snapshot
        self._taxonomy = taxonomy
        book = Codebook.of(taxonomy)
        self._tables = LevelTables(book)
        cache = BitmapCache(cache_bytes)
        self._clusters = Clusters(companies)
        self._contacts = ContactSets(leads, len(companies.active), book, cache)
        self._gate = Gate(CompanySets(companies, book, cache), self._contacts, self._clusters)
        self._likeness = Likeness(companies, self._clusters, vectors)
        self._listing = Listing(companies, leads, self._gate)
        self._nobody = self._gate.space.none()
        self._version = 0
        self.suppress(suppressions)

    def followed(self, snapshot: Snapshot) -> "SnapshotRetrieval":
        """Retrieval on the same generation with additions that bring companies or leads, or take some away.

        The vectors of the generation are shared; sets are computed anew.
        """
        news = (addition.new for addition in snapshot.additions)
        later = [new.companies.vectors for new in news if new is not None]
        vectors = self._likeness.vectors.followed_by(later)
        return SnapshotRetrieval(merged(snapshot), self._taxonomy, vectors=vectors)

    def suppress(self, suppressions: Iterable[Suppression]) -> None:
        """Replace the list of those who must not be contacted; holds from the next query on."""
        self._version += 1
        self._views = Views(self._snapshot, self._clusters, self._contacts, suppressions, self._version)

    def retrieve_all(self, requests: Sequence[RetrievalRequest]) -> list[Candidates | LeadError]:
        """One outcome per request, in order; a failing one does not touch its neighbours."""
        return [self._outcome(request) for request in requests]

    def retrieve(self, request: RetrievalRequest) -> Candidates:
        """The companies a query admits.

        Raises:
            UnknownGeneration: the request names another generation.
            InvalidQuery: a filter names a code that the taxonomy has not.
        """
        if request.generation not in (None, self._snapshot.generation):
            raise UnknownGeneration("retrieval", str(request.generation))
        query, view = request.query, self._views.of(request.tenant)
        exemplars = self._likeness.exemplars(query.exemplars, request.exemplar_vector, view)
        asked, excluded = scope(query.include, self._taxonomy), exclusion(query.exclude, self._taxonomy)
        own = self._nobody
        if len(exemplars.rows):
            own = self._clusters.spread(self._gate.space.of_rows(exemplars.rows))
        question = Question(asked, excluded, view, own, self._gate.barred(excluded, view, own))
        dropped: tuple[Dropped, ...] = ()
        if request.candidate_ids is not None:
            admission, dropped = self._listing.admit(request.candidate_ids, question)
        elif exemplars.direction is not None and not asked.strict.asks_company:
            admission = self._nearest(question, exemplars.direction, request.stop_at)
        else:
            admission = self._gate.climb(question, rungs(asked), request.stop_at)
        return self._candidates(question, admission, exemplars, dropped)

    def _outcome(self, request: RetrievalRequest) -> Candidates | LeadError:
        try:
            return self.retrieve(request)
        except LeadError as err:
            return err

    def _nearest(self, question: Question, direction: Float32Array, stop_at: int) -> Admission:
        """A prompt that says nothing but "companies like these": the nearest with a possible contact (F-2b)."""
        view, gate = question.view, self._gate
        open_to = view.eligible & ~question.barred
        for each in gate.passing(question.asked.strict, question.excluded, view.audience, admit_unknown=True):
            open_to &= each
        return self._likeness.nearest(open_to, direction, stop_at, view.audience)

    def _candidates(
        self, question: Question, admission: Admission, exemplars: Exemplars, dropped: tuple[Dropped, ...]
    ) -> Candidates:
        levels = self._levels(question, admission)
        companies = self._gate.space.row_set(admission.companies)
        moved = self._moved(admission, exemplars, levels)
        return Candidates(
            generation=self._snapshot.generation,
            companies=companies,
            fit_levels=levels.of_companies(companies, moved),
            relaxation=admission.relaxation,
            later=_steps(admission, companies),
            moved=moved,
            dropped=dropped,
            similarity=self._similarity(admission, companies, exemplars.direction),
            unresolved_exemplars=exemplars.resolution.unresolved,
            exemplars=exemplars.resolution.choices,
        )

    def _moved(self, admission: Admission, exemplars: Exemplars, levels: "_Levels") -> IntArray:
        """`Candidates.moved`: the businesses that another record stands for than the one that represents them."""
        records = self._clusters.merged(admission.records)
        owners = self._clusters.representative[records]
        best = best_records(owners, records, self._worth(admission, records, exemplars, levels))
        best = best[owners[best] != records[best]]
        return np.stack((ranks(admission.companies.view(np.uint8), owners[best]), records[best]))

    def _worth(
        self, admission: Admission, records: IntArray, exemplars: Exemplars, levels: "_Levels"
    ) -> FloatArray:
        """By what the record that stands for a business is chosen: fit, or likeness where that admitted it."""
        if exemplars.direction is not None and admission.relaxation[0].step == "exemplar":
            return self._likeness.cosines(records, exemplars.direction).astype(np.float64)
        if levels.are_alike:
            return np.zeros(len(records))
        return fit_scores(levels.of(records), DEFAULT_WEIGHTS)

    def _levels(self, question: Question, admission: Admission) -> "_Levels":
        doubtful = self._gate.unverified(question.asked.strict, question.excluded, admission.audience)
        some = doubtful is not None and np.any(doubtful & admission.records)
        return _Levels(
            self._snapshot.companies,
            exact_levels(question.asked.strict),
            None if admission.strict is admission.records else admission.strict,
            doubtful if some else None,
            question.asked,
            self._tables,
        )

    def _similarity(
        self, admission: Admission, companies: RowSet, direction: Float32Array | None
    ) -> Float32Array | None:
        """Cosine of each business: the highest of its admitted records."""
        if direction is None:
            return None
        similarity = self._likeness.cosines(companies.rows, direction)
        records = self._clusters.merged(admission.records)
        if len(records):
            owners = np.searchsorted(companies.rows, self._clusters.representative[records])
            similarity[owners] = np.nan
            np.fmax.at(similarity, owners, self._likeness.cosines(records, direction))
        return similarity


def _steps(admission: Admission, companies: RowSet) -> ByteArray | None:
    """`Candidates.later`: how many of the steps did not reach each company."""
    if not any(report.added for report in admission.relaxation[1:]):
        return None
    steps = np.zeros(len(companies), dtype=np.uint8)
    for reached in admission.reached[:-1]:
        steps += ~contains(reached, companies.rows)
    return steps


@dataclass(frozen=True, slots=True, eq=False)
class _Levels:
    """Packed levels of admitted records; those in `strict` (None: all) match all that is asked and need no look-up."""

    companies: CompanyColumns
    exact: int
    strict: Words | None
    doubtful: Words | None
    asked: Scope
    tables: LevelTables

    @property
    def are_alike(self) -> bool:
        """Whether all that were admitted have the same."""
        return self.strict is None and self.doubtful is None

    def of_companies(self, companies: RowSet, moved: IntArray) -> Levels:
        """Of the records that stand for the companies; see `Candidates.moved`."""
        if self.are_alike:
            return Levels.alike(self.exact, len(companies))
        sources = companies.rows.copy()
        sources[moved[0]] = moved[1]
        return Levels.of(self.of(sources))

    def of(self, records: IntArray) -> LevelArray:
        """uint16[len(records)]."""
        packed = np.full(len(records), self.exact, dtype=np.uint16)
        loose = NO_ROWS if self.strict is None else np.flatnonzero(~contains(self.strict, records))
        if len(loose):
            rows, companies = records[loose], self.companies
            packed[loose] = levels_of(
                self.tables.of(self.asked),
                companies.industry[rows],
                companies.employees[rows],
                companies.country[rows],
                companies.region[rows],
                companies.city[rows],
            )
        if self.doubtful is not None:
            packed[contains(self.doubtful, records)] |= UNVERIFIED
        return packed
