"""The pieces of evidence shown for each returned lead, best first, with the share each has in the score (F-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isnan
from typing import Final

import numpy as np

from ranking.answer import Signal
from ranking.cards import SnippetCard
from ranking.cascade import Intent
from ranking.excerpt import Span, excerpt
from ranking.intent import BM25
from ranking.ports import Catalogue, EvidenceRequest
from ranking.types import BoolArray, FloatArray, IntArray, PoolEvidence

_DAY_S: Final = 86_400.0
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DISCOUNT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Signals:
    """Makes the signals of one answer, at most `most` per lead; `intent_weight` is what the intent weighs in the score."""

    pool: PoolEvidence
    intent: Intent
    intent_weight: float
    catalogue: Catalogue
    question: EvidenceRequest
    most: int

    def of(self, best: IntArray) -> list[tuple[Signal, ...]]:
        """The signals of each company at the pool's positions `best` int32[k], in that order."""
        rows, decays, points = self._columns(best)
        shown = _shown(rows, self.most)
        flat = rows[shown].tolist()
        as_of_s = self.question.as_of_s
        made = [
            _signal(card, mentions, as_of_s, decay, share)
            for card, mentions, decay, share in zip(
                self.catalogue.snippet_cards(flat), self.catalogue.mentions(flat, self.question),
                decays[shown].tolist(), points[shown].tolist(), strict=True,
            )
        ]  # fmt: skip
        ends = shown.sum(axis=1).cumsum().tolist()
        return [tuple(made[start:end]) for start, end in zip([0, *ends], ends, strict=False)]

    def _columns(self, best: IntArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Snippet rows, decay and points, [k, 7] each: the snippets that made the base, then the events behind job and churn boost.

        The points are each snippet's share of the base's, by what it contributed, NaN where BM25 did not decide.
        """
        pool = self.pool
        events = np.stack((pool.job_snippets[best], pool.churn_snippets[best]), axis=1)
        discounted = pool.contribution[best].astype(np.float64)
        discounted *= _DISCOUNT ** np.arange(discounted.shape[1])
        total = discounted.sum(axis=1)
        total[(self.intent.source[best] != BM25) | (total <= 0.0)] = np.nan
        base_points = self.intent_weight * self.intent.base[best] / 100.0
        points = base_points[:, None] * discounted / total[:, None]
        return (
            np.concatenate((pool.snippets[best], events), axis=1),
            np.concatenate((pool.decay[best].astype(np.float64), np.ones(events.shape)), axis=1),
            np.concatenate((points, np.full(events.shape, np.nan)), axis=1),
        )


def _shown(rows: IntArray, most: int) -> BoolArray:
    """bool[k, 7]: the first `most` snippets of each company, none of them twice."""
    made_base, job, churn = rows[:, :-2], rows[:, -2], rows[:, -1]
    shown = rows >= 0
    shown[:, -2] &= (made_base != job[:, None]).all(axis=1)
    shown[:, -1] &= (rows[:, :-1] != churn[:, None]).all(axis=1)
    shown &= shown.cumsum(axis=1) <= most
    return shown


def _signal(
    card: SnippetCard, mentions: Sequence[Span], as_of_s: float, decay: float, points: float
) -> Signal:
    snippet_id, kind, whole, source_url, observed_s = card
    text, terms = excerpt(whole, mentions)
    observed_at = age_days = None
    if observed_s is not None:
        observed_at = _date(int(observed_s // _DAY_S))
        age_days = round(max(0.0, (as_of_s - observed_s) / _DAY_S), 2)
    share = None if isnan(points) else points
    return Signal(snippet_id, kind, text, source_url, observed_at, age_days, decay, share, terms)


@lru_cache(maxsize=8192)
def _date(day: int) -> str:
    """ISO 8601 of a day counted from 1970-01-01."""
    return date.fromordinal(_EPOCH + day).isoformat()
