"""The language model's part in the cascade: who is in doubt, what asking about them is worth, what its judgement changes (F-5).

What an adviser is told of a query and what it says; everything here but the adviser is a value or a function of values.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from ranking.answer import Cost
from ranking.asking import AskingConfig, cuts, outlook, spread_points, value_of_asking
from ranking.deadline import Deadline
from ranking.ports import Catalogue
from ranking.tab import Tab
from ranking.types import Float32Array, FloatArray, Generation, IntArray, Product

Aside = Callable[[], AbstractContextManager[None]]
"""Entered by a query while it waits for what is not computed here: others have its place in work meanwhile."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose query it is and what it allows: `mode` is the request's `llm`, `max_cost_usd` None where it says nothing.

    `tab` is the query's bill where one is open already.
    """

    query_id: str
    tenant: str | None
    mode: str
    limit: int
    max_cost_usd: float | None
    aside: Aside = nullcontext
    tab: Tab | None = None


@dataclass(frozen=True, eq=False)
class Doubts:
    """The pool of one query where BM25 leaves companies undecided that have evidence and can be contacted.

    Attributes:
        product: what is sold; `as_of_s` seconds since the epoch, UTC; `catalogue` opens texts of `generation`.
        pool: number of companies in the pool, m.
        positions: int32[n], ascending; of those in doubt, in the pool.
        rows: int32[n]; their company rows. `snippets` int32[n, 5], best first, -1 padded.
        features: float32[n, len(FEATURES)]; what the booster was told of them.
        fit, base, boosts, scores: float64[m]; fit in [0, 1], intent's base in [0, 100] without the model, churn + job, final score.
        final_weights: float64[2] for fit and intent; `limit` and `min_score` where the list ends.
        booster: the version that made `base`; "" where none did.
    """

    asker: Asker
    product: Product
    generation: Generation
    as_of_s: float
    catalogue: Catalogue
    pool: int
    positions: IntArray
    rows: IntArray
    snippets: IntArray
    features: Float32Array
    fit: FloatArray
    base: FloatArray
    boosts: FloatArray
    scores: FloatArray
    final_weights: FloatArray
    min_score: float
    booster: str = ""

    def __len__(self) -> int:
        return len(self.positions)

    @cached_property
    def judged_base(self) -> FloatArray:
        """float64[n]; the base of those in doubt, as it is without the model."""
        return self.base[self.positions]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is known of some of those in doubt: `at` int32[k] into `Doubts`' columns, `scores` float64[k] in [0, 100]."""

    at: IntArray
    scores: FloatArray

    @classmethod
    def nothing(cls) -> "Judgement":
        """Of nobody."""
        return cls(np.zeros(0, dtype=np.int32), np.zeros(0))

    def __len__(self) -> int:
        return len(self.at)

    def and_then(self, later: "Judgement") -> "Judgement":
        """Both; no company stands in both."""
        if not len(later):
            return self
        return Judgement(np.concatenate((self.at, later.at)), np.concatenate((self.scores, later.scores)))


@dataclass(frozen=True, slots=True, eq=False)
class Advice:
    """What became of asking.

    `bill` makes the receipt for a number of returned leads, and closes the query's bill: what comes later is booked as late.
    `notes` are degradation reasons of the stage "llm".
    """

    judgement: Judgement
    bill: Callable[[int], Cost]
    notes: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, *notes: str, tab: Tab | None = None) -> "Advice":
        """Nobody was asked, for the reasons given; `tab` is the query's bill where one is open already."""
        bill = _no_bill if tab is None else lambda returned: tab.receipt(returned, 0, 0)
        return cls(Judgement.nothing(), bill, notes)


class Adviser(Protocol):
    """The language model as the pipeline sees it."""

    async def advise(self, doubts: Doubts, deadline: Deadline) -> Advice:
        """What is known or said of some of those in doubt; never an error, what was skipped is noted."""
        ...


def _no_bill(_returned: int) -> Cost:
    """The receipt of a query that nobody asked a language model about."""
    return Cost()


def worth_asking(doubts: Doubts, known: Judgement, config: AskingConfig) -> FloatArray:
    """Expected gain of the list's score by one more judgement, float64[n]; 0 for those whose judgement is known.

    Source: `ranking.asking`; F-5, F-10.
    """
    at, base, scores = doubts.positions, doubts.judged_base, doubts.scores
    fit, boosts = doubts.fit[at], doubts.boosts[at]
    spread = spread_points(base, config)
    if len(known):
        base, scores = base.copy(), scores.copy()
        base[known.at], spread[known.at] = known.scores, 0.0
        intent = np.minimum(base[known.at] + boosts[known.at], 100.0)
        weight_fit, weight_intent = doubts.final_weights.tolist()
        scores[at[known.at]] = weight_fit * fit[known.at] + weight_intent * intent / 100.0
    after = outlook(fit, base, boosts, spread, doubts.final_weights)
    value = value_of_asking(scores, at, after, cuts(doubts.asker.limit, config), doubts.min_score)
    value[known.at] = 0.0
    return value
