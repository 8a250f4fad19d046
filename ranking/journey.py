"""One query on its way: what it asks, what is known of it before leads are made, and what happened meanwhile."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from ranking.answer import Degradation
from ranking.cascade import Intent
from ranking.deadline import Clock
from ranking.doubt import Advice, Aside
from ranking.errors import DeadlineExceeded, DependencyError, Overloaded, UnknownGeneration
from ranking.fit import FitWeights
from ranking.fusion import FinalWeights
from ranking.interleaving import Challenge
from ranking.ports import Catalogue, EvidenceRequest
from ranking.presentation import Ranking
from ranking.tab import Tab
from ranking.types import (
    BoolArray,
    Candidates,
    Float32Array,
    FloatArray,
    Generation,
    IntArray,
    PoolEvidence,
    Query,
)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RankRequest:
    """One query, parsed. `as_of_s` is seconds since the epoch, UTC; with a `challenge` two rankings draft the list.

    `llm` says whether the language model's judgement is wanted: "never", "auto" (it may be asked, and is hardly waited for),
    "wait" (for as long as the deadline allows), or "known" (what is known of it, nobody is asked: computing a list again costs nothing).
    """

    query: Query
    limit: int
    as_of_s: float
    final: FinalWeights
    fit: FitWeights
    candidate_ids: tuple[str, ...] | None = None
    min_score: float = 0.0
    llm: str = "auto"
    max_cost_usd: float | None = None
    query_id: str = ""
    tenant: str | None = None
    aside: Aside = nullcontext
    tab: Tab | None = None
    generation: Generation | None = None
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything known about one query before leads are made of it: who was admitted, the pool, its intent, its order, what it cost.

    Attributes:
        asked: bool[m]; whom the booster was asked about. `features` float32[m, len(FEATURES)] of the whole pool.
        booster: the version that answered; "" where none did. `boosted` float64[asked.sum()] is what it said.
        judged_at: int32[k] in the pool; whom `advice` judges.
    """

    request: RankRequest
    candidates: Candidates
    question: EvidenceRequest
    pool: PoolEvidence
    intent: Intent
    catalogue: Catalogue
    ranking: Ranking
    advice: Advice
    asked: BoolArray
    features: Float32Array
    booster: str
    boosted: FloatArray
    judged_at: IntArray


@dataclass(slots=True)
class Journey:
    """What happened on the way: stage times and everything that was skipped."""

    clock: Clock
    timings_ms: dict[str, float] = field(default_factory=dict)
    degradations: list[Degradation] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; its milliseconds add up when it runs twice."""
        started_s = self.clock()
        try:
            yield
        finally:
            spent_ms = (self.clock() - started_s) * 1000.0
            self.timings_ms[name] = self.timings_ms.get(name, 0.0) + spent_ms

    def degrade(self, stage: str, reason: str) -> None:
        """Note that a stage was skipped."""
        note = Degradation(stage, reason)
        if note not in self.degradations:
            self.degradations.append(note)

    async def or_skip(self, stage: str, call: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """The call's answer; None, with a note, where it cannot be had in time.

        Raises:
            UnknownGeneration: the query is to be asked again, whole.
        """
        try:
            return await call()
        except UnknownGeneration:
            raise
        except DeadlineExceeded:
            self.degrade(stage, "deadline")
        except Overloaded:
            self.degrade(stage, "overloaded")
        except DependencyError:
            self.degrade(stage, "unavailable")
        return None
