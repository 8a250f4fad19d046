"""The pieces of evidence shown for each returned lead, best first, with the share each has in the score (F-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isnan
from typing import Final

from ranking.answer import Signal
from ranking.cascade import Intent
from ranking.excerpt import excerpt
from ranking.kernels.presenting import evidence
from ranking.ports import Catalogue, EvidenceRequest
from ranking.types import IntArray, PoolEvidence

_DAY_S: Final = 86_400.0
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Signals:
    """Makes the signals of one answer, at most `most` per lead.

    `intent_weight` is what the intent weighs in the score, `rank_discount` what the next text counts of the one before it.
    """

    pool: PoolEvidence
    intent: Intent
    intent_weight: float
    rank_discount: float
    catalogue: Catalogue
    question: EvidenceRequest
    most: int

    def of(self, best: IntArray) -> list[tuple[Signal, ...]]:
        """The signals of each company at the pool's positions `best` int32[k], in that order."""
        pool, intent = self.pool, self.intent
        rows, decays, points, ends = evidence(
            best, pool.snippets, pool.contribution, pool.decay, pool.job_snippets, pool.churn_snippets,
            intent.source, intent.base, self.intent_weight, self.rank_discount, self.most,
        )  # fmt: skip
        made = self._made(rows.tolist(), decays.tolist(), points.tolist())
        shown, start = [], 0
        for end in ends.tolist():
            shown.append(tuple(made[start:end]))
            start = end
        return shown

    def _made(self, rows: Sequence[int], decays: Sequence[float], points: Sequence[float]) -> list[Signal]:
        cards, mentions = self.catalogue.snippet_cards(rows), self.catalogue.mentions(rows, self.question)
        as_of_s = self.question.as_of_s
        made: list[Signal] = []
        for (snippet_id, kind, whole, source_url, observed_s, miner_id), spans, decay, share in zip(
            cards, mentions, decays, points, strict=True
        ):
            text, terms = excerpt(whole, spans)
            age_s = None if observed_s is None else as_of_s - observed_s
            made.append({
                "miner_id": miner_id,
                "snippet_id": snippet_id,
                "kind": kind,
                "text": text,
                "source_url": source_url,
                "observed_at": None if observed_s is None else _date(int(observed_s // _DAY_S)),
                "age_days": None if age_s is None else round(age_s / _DAY_S, 2) if age_s > 0.0 else 0.0,
                "decay": decay,
                "points": None if isnan(share) else share,
                "matched_terms": terms,
            })  # fmt: skip
        return made


@lru_cache(maxsize=8192)
def _date(day: int) -> str:
    """ISO 8601 of a day counted from 1970-01-01."""
    return date.fromordinal(_EPOCH + day).isoformat()
