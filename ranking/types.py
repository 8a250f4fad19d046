"""The words of the domain as values: query, candidates, evidence, lead.

Candidates and evidence are columns (structure of arrays); one object per lead exists only for the K that are returned.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, NewType

import numpy as np
from numpy.typing import NDArray

from ranking.levels import Levels
from ranking.row_set import RowSet
from ranking.wire import Wired

CompanyId = NewType("CompanyId", str)
LeadId = NewType("LeadId", str)
SnippetId = NewType("SnippetId", str)
QueryId = NewType("QueryId", str)
Generation = NewType("Generation", str)

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]
LevelArray = NDArray[np.uint16]
BoolArray = NDArray[np.bool_]

IntentSource = Literal["bm25", "llm", "gbdt", "none"]
SnippetKind = Literal[
    "job_posting", "tech_change", "news", "web_page", "funding", "launch", "social", "review", "other"
]
SNIPPET_KINDS: tuple[SnippetKind, ...] = (
    "job_posting", "tech_change", "news", "web_page", "funding", "launch", "social", "review", "other",
)  # fmt: skip
StepName = Literal[
    "strict", "unknown", "technology", "stage", "seniority", "role", "region_widened", "employees_widened",
    "region_dropped", "employees_dropped", "sub_industry_widened", "industry_dropped", "exemplar", "candidates",
]  # fmt: skip


FORBID_EXTRA: Final = {"extra": "forbid", "strict": False}


@dataclass(slots=True, unsafe_hash=True)
class Span(Wired):
    """Words of the prompt that caused one parsed value; offsets in code points, end exclusive.

    Never changed; not frozen, since a parse makes half a dozen and a frozen one takes six times as long to make.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    field: str
    value: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EmployeeRange(Wired):
    """Head count from `minimum` to `maximum`, both inclusive; None is open."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Product(Wired):
    """What the customer sells.

    `category` is a phrase of the prompt ("hr software"), `concepts` taxonomy codes in order of importance, `keywords` folded words that no
    concept covers, `comparisons` products named for comparison ("analytics like Tableau"), which are no targets.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    category: str = ""
    concepts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    comparisons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Targets(Wired):
    """Whom the customer sells to, as taxonomy codes; an empty tuple means nobody asked."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    industries: tuple[str, ...] = ()
    employees: tuple[EmployeeRange, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    seniorities: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusions(Wired):
    """What must never be returned: the fields of `Targets`, and companies (names, domains or ids) and keywords."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    industries: tuple[str, ...] = ()
    employees: tuple[EmployeeRange, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    seniorities: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query(Wired):
    """A parsed prompt (F-1). `language` is ISO 639-1; `limit` is K when the prompt states it; `confidence` in [0, 1]."""

    __pydantic_config__: ClassVar[dict[str, object]] = FORBID_EXTRA
    product: Product = field(default_factory=Product)
    include: Targets = field(default_factory=Targets)
    exclude: Exclusions = field(default_factory=Exclusions)
    exemplars: tuple[str, ...] = ()
    language: str = "en"
    limit: int | None = None
    confidence: float = 0.0
    spans: tuple[Span, ...] = ()

    def filters(self) -> "Query":
        """What decides who is admitted, alone: a third of the bytes."""
        return Query(include=self.include, exclude=self.exclude, exemplars=self.exemplars)


@dataclass(frozen=True, slots=True)
class StepReport(Wired):
    """How many distinct companies one relaxation step added."""

    step: StepName
    added: int


@dataclass(frozen=True, slots=True)
class Dropped(Wired):
    """A candidate of "rank my list" that is not ranked, and why."""

    id: str
    reason: str

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """See `pickle`; there are hundreds on a list, and no arrays in them."""
        return Dropped, (self.id, self.reason)


@dataclass(frozen=True, slots=True)
class ExemplarChoice(Wired):
    """The company that an exemplar's name was taken for, and other companies of that name (F-2b)."""

    name: str
    company_id: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Candidates(Wired):
    """Companies a query admits, one row per distinct company (clusters of duplicate records count once).

    n companies are held and sent packed; the columns `rows`, `source_rows`, `steps` and `levels` are written out when first asked for.

    Attributes:
        generation: snapshot the rows belong to.
        companies: rows of the clusters' representative companies.
        fit_levels: packed fit levels of industry, size and region in row order (`ranking.fit.unpack_levels`).
        relaxation: one report per step taken, in order.
        later: uint8[n]; `steps`, None when the first step admitted everybody.
        moved: int32[2, k]; ascending positions at which `source_rows` is not `rows`, and what it is there.
        dropped: violators and unknown ids of "rank my list".
        similarity: float32[n] cosine to the mean exemplar vector, NaN where unknown; None without exemplars.
        unresolved_exemplars: names found neither by name nor by domain.
        exemplars: the companies that the other names were taken for.
    """

    generation: Generation
    companies: RowSet
    fit_levels: Levels
    relaxation: tuple[StepReport, ...]
    later: ByteArray | None
    moved: IntArray
    dropped: tuple[Dropped, ...] = ()
    similarity: Float32Array | None = None
    unresolved_exemplars: tuple[str, ...] = ()
    exemplars: tuple[ExemplarChoice, ...] = ()

    def __len__(self) -> int:
        return self.companies.count

    @property
    def rows(self) -> IntArray:
        """int32[n], ascending; row of the cluster's representative company."""
        return self.companies.rows

    @cached_property
    def source_rows(self) -> IntArray:
        """int32[n]; row of the record whose fit is best within the cluster (mostly equal to `rows`)."""
        positions, rows = self.moved
        sources = self.rows.copy()
        sources[positions] = rows
        return sources

    @cached_property
    def steps(self) -> ByteArray:
        """uint8[n]; index into `relaxation` of the step that admitted the company."""
        return np.zeros(len(self), dtype=np.uint8) if self.later is None else self.later

    @cached_property
    def levels(self) -> LevelArray:
        """uint16[n]; `fit_levels` written out."""
        return self.fit_levels.array()


def moved_sources(rows: IntArray, source_rows: IntArray) -> IntArray:
    """`Candidates.moved` of int32[n] ascending rows and the source row of each."""
    positions = np.flatnonzero(rows != source_rows)
    return np.stack((positions.astype(np.int32), source_rows[positions]))


SIGNALS_PER_COMPANY = 5


@dataclass(frozen=True, slots=True)
class PoolEvidence(Wired):
    """Lexical evidence, boosts and their provenance for the pool (F-4, F-5, F-6), columns of length m.

    Attributes:
        positions: int32[m]; index into the candidates' arrays, ascending.
        base: float64[m]; 100 x (1 - 2^(-E/8)), 0 without evidence.
        churn: float64[m] in [0, 20]; `churn_snippets` int32[m] names the event's snippet row, -1 for none.
        job: float64[m] in [0, 15]; `job_snippets` int32[m] likewise.
        best_raw: float32[m]; max r_i over snippets with need_i > 0, 0 without.
        snippets: int32[m, 5]; snippet rows of the best contributions, -1 padded.
        raw, decay, contribution: float32[m, 5]; r_i, decay_i and c_i of those snippets, in descending c.
        matched: uint8[m, 5]; bit j set when concept j of the request matched.
        counts: float32[m, len(EVIDENCE_FEATURES)]; aggregates for the booster, see `ranking.features`.
        considered: how many admitted companies had any evidence.
    """

    generation: Generation
    positions: IntArray
    base: FloatArray
    churn: FloatArray
    churn_snippets: IntArray
    job: FloatArray
    job_snippets: IntArray
    best_raw: Float32Array
    snippets: IntArray
    raw: Float32Array
    decay: Float32Array
    contribution: Float32Array
    matched: ByteArray
    counts: Float32Array
    considered: int
