"""What the pipeline asks of the outside, as Protocols. Only process and I/O borders stand here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ranking.cards import CompanyCard, ContactCard, SnippetCard
from ranking.deadline import Deadline
from ranking.excerpt import Span
from ranking.levels import Levels
from ranking.types import (
    BoolArray,
    ByteArray,
    Candidates,
    Float32Array,
    FloatArray,
    Generation,
    IntArray,
    LevelArray,
    PoolEvidence,
    Query,
)
from ranking.wire import Wired


@dataclass(frozen=True, slots=True)
class RetrievalRequest(Wired):
    """Ask for the companies a query admits.

    `stop_at` is max(4 x K, 200) (F-2). `candidate_ids` (lead or company ids) turns relaxation off ("rank my list").
    `exemplar_vector` is the embedding of free-text exemplars; names in `query.exemplars` are resolved by the leaf.
    `tenant` sees its own records and suppressions beside the shared ones.
    """

    query: Query
    stop_at: int
    candidate_ids: tuple[str, ...] | None = None
    exemplar_vector: Float32Array | None = None
    generation: Generation | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceRequest(Wired):
    """Ask for the evidence of admitted companies, trimmed to the pool (F-4).

    Attributes:
        concepts: taxonomy codes, at most 8 are used (highest idf).
        keywords: folded free words of the prompt, each a concept of its own.
        rows: packed bits over company rows (np.packbits of a bool[companies], at least one octet); `admitted` is their number.
        levels: packed fit levels in row order, or uint16[n].
        industry: float32[n] in [0, 1], what counts in place of the industry levels when exemplars stand for the industry (F-2b); else None.
        fit_weights: float64[3] for industry, size, region; `final_weights`: float64[2] for fit, intent.
        neutral_untargeted: what a dimension nobody asked for counts is already in the levels.
        pool_size: clamp(4 x K, 200, 2000).
        as_of_s: seconds since the epoch, UTC.
    """

    generation: Generation
    concepts: tuple[str, ...]
    keywords: tuple[str, ...]
    rows: ByteArray
    admitted: int
    levels: Levels | LevelArray
    fit_weights: FloatArray
    final_weights: FloatArray
    pool_size: int
    as_of_s: float
    industry: Float32Array | None = None


class Retrieval(Protocol):
    """F-2, F-2b and the levels of F-3."""

    async def retrieve(self, request: RetrievalRequest, deadline: Deadline) -> Candidates:
        """Admit companies step by step; NOT filters hold in every step."""
        ...


class Evidence(Protocol):
    """F-4's trim, F-5's lexical part and F-6."""

    async def gather(self, request: EvidenceRequest, deadline: Deadline) -> PoolEvidence:
        """Score all admitted companies lexically and return the pool's evidence."""
        ...


@dataclass(frozen=True, slots=True)
class Boosted(Wired):
    """What one version of the booster says of a table: base `intent` float64[n] in [0, 100]."""

    version: str
    intent: FloatArray


class Booster(Protocol):
    """F-10's model."""

    async def score(self, features: Float32Array, deadline: Deadline) -> Boosted:
        """What one version says of each row of `features` float32[n, len(FEATURES)]."""
        ...


class Embedder(Protocol):
    """Text to unit vectors."""

    async def embed(self, texts: Sequence[str], deadline: Deadline) -> Float32Array:
        """float32[n, dimension], L2-normalised, in input order."""
        ...


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """Company columns that the booster reads, length m; NaN where unknown.

    `employees` head count, `founded` year, `technologies` number of known technologies, `people` number of contact roles.
    """

    employees: Float32Array
    founded: Float32Array
    technologies: Float32Array
    people: Float32Array


@dataclass(frozen=True, slots=True)
class ChosenContacts:
    """One lead per company (F-3).

    Attributes:
        leads: int32[m]; chosen lead row, -1 where nobody may be contacted.
        ranks: int32[m]; position of the chosen lead's id in byte order, for ties.
        matched: bool[m]; false when a role was asked for and nobody has it.
        replaced: tells for int32[k] positions which lead rows each chosen one stands for.
    """

    leads: IntArray
    ranks: IntArray
    matched: BoolArray
    replaced: Callable[[IntArray], list[list[int]]]


class Catalogue(Protocol):
    """The snapshot's read side in the ingress: facts and contacts by row, cards for what is returned."""

    def facts(self, rows: IntArray) -> CompanyFacts:
        """Facts of company rows."""
        ...

    def contacts(
        self, candidates: Candidates, positions: IntArray, query: Query, only: Sequence[str] | None
    ) -> ChosenContacts:
        """The best contact of each candidate at `positions`; of the leads named in `only` where it names any of the company's."""
        ...

    def company_row(self, identity: str) -> int | None:
        """Representative row of a company id; None when unknown."""
        ...

    def lead_row(self, identity: str) -> int | None:
        """Row of a lead id; None when unknown."""
        ...

    def lead_id(self, row: int) -> str:
        """Id of a lead row, without the rest of its card."""
        ...

    def lead_ids(self, rows: Sequence[int]) -> list[str]:
        """Ids of lead rows, in that order."""
        ...

    def company_of(self, lead: int) -> int:
        """Representative row of a lead row's company."""
        ...

    def company_cards(self, rows: Sequence[int]) -> list[CompanyCard]:
        """Cards of company rows, in that order."""
        ...

    def contact_cards(self, rows: Sequence[int]) -> list[ContactCard]:
        """Cards of lead rows, in that order."""
        ...

    def snippet_cards(self, rows: Sequence[int]) -> list[SnippetCard]:
        """Cards of snippet rows, in that order."""
        ...

    def mentions(self, rows: Sequence[int], request: EvidenceRequest) -> list[list[Span]]:
        """Where the text of each snippet row names the request's concepts and keywords, by start, longer ones first."""
        ...
