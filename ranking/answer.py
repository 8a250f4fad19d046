"""The answer's shape (HTTP `POST /query`), made only for the K leads that are returned.

Field names are the wire's: the ingress serialises these values as they are. What exists once per lead or more often is a typed
dictionary: hundreds are made for every answer, and an object of a class takes twice as long to make and to serialise
(docs/decisions/0024). Nothing changes one once it is made.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from ranking.interleaving import Challenger, Team
from ranking.types import Dropped, IntentSource, StepReport


class Contact(TypedDict):
    """The person or role to approach; all null for a company-level lead."""

    name: str | None
    title: str | None
    seniority: str | None
    email: str | None
    note: str | None


class Signal(TypedDict):
    """One dated piece of evidence. `points` is its share of the score's base part, null where the booster or LLM decided."""

    miner_id: str
    snippet_id: str
    kind: str
    text: str
    source_url: str | None
    observed_at: str | None
    age_days: float | None
    decay: float
    points: float | None
    matched_terms: tuple[str, ...]


class WaterfallPart(TypedDict):
    """points = weight x value; the parts of a lead sum to its score to 1e-6 (F-7)."""

    part: str
    value: float
    weight: float
    points: float


class RankedLead(TypedDict):
    """One returned lead; `picked_by` only where two rankings have drafted the list."""

    rank: int
    lead_id: str
    company_id: str
    company_name: str
    domain: str | None
    industry: str | None
    employee_count: int | None
    country: str | None
    city: str | None
    contact: Contact
    score: float
    fit_score: float
    intent_score: float
    confidence: float
    intent_source: IntentSource
    step: str
    unverified: tuple[str, ...]
    signals: tuple[Signal, ...]
    waterfall: list[WaterfallPart]
    why: str
    merged: tuple[str, ...]
    picked_by: NotRequired[Team]


@dataclass(frozen=True, slots=True)
class Degradation:
    """A stage that was skipped or did less, and why."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why fewer leads came back than were asked for."""

    requested: int
    returned: int
    reason: str


@dataclass(frozen=True, slots=True)
class Routes:
    """How many companies of the pool each route scored."""

    bm25: int = 0
    llm: int = 0
    gbdt: int = 0
    none: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What the answer cost, in US dollars and tokens."""

    total_usd: float = 0.0
    per_lead_usd: float = 0.0
    llm_calls: int = 0
    llm_ratio: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    pending_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class RankedList:
    """The ranked leads of one query and the account of how they came about, before the ingress adds its own metadata.

    `booster` is the version that scored; "" where none did. `challenger` is the ranking that has drafted the list with the standing one.
    """

    leads: tuple[RankedLead, ...]
    generation: str
    pool: int
    available: int
    shortfall: Shortfall | None
    relaxation: tuple[StepReport, ...]
    routes: Routes
    dropped: tuple[Dropped, ...]
    degradations: tuple[Degradation, ...]
    timings_ms: dict[str, float]
    unresolved_exemplars: tuple[str, ...]
    cost: Cost
    challenger: Challenger | None = None
    booster: str = ""
