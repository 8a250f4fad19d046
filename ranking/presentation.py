"""From rows to leads: the K returned objects, each with evidence, waterfall and one sentence (F-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ranking.answer import RankedLead, Shortfall, Signal
from ranking.cards import CompanyCard, ContactCard
from ranking.cascade import Intent
from ranking.explain import waterfall, why
from ranking.fit import LEVEL_TABLES, NO_LIKENESS
from ranking.fusion import FinalWeights
from ranking.intent import INTENT_SOURCES
from ranking.interleaving import Draft
from ranking.kernels.presenting import account, traits
from ranking.ports import Catalogue, ChosenContacts, EvidenceRequest
from ranking.signals import Signals
from ranking.types import (
    Candidates,
    FloatArray,
    IntArray,
    IntentSource,
    LevelArray,
    PoolEvidence,
    Query,
)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of the pool.

    `best` int32[k] are positions in the pool, best first; `scores`, `fit` float64[m] are the whole pool's. `draft` says how `best` was
    drafted where two rankings share the list: its order is then not that of the scores.
    """

    best: IntArray
    scores: FloatArray
    fit: FloatArray
    fit_weights: FloatArray
    final: FinalWeights
    intent: Intent
    contacts: ChosenContacts
    query: Query
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Presenter:
    """Makes returned leads out of one ranking.

    Everything numeric is taken for all K at once by kernels and becomes lists of Python numbers; one call of numpy costs as much as
    a lead's dictionary, and reading one element of an array as adding up a hundred.
    """

    ranking: Ranking
    candidates: Candidates
    pool: PoolEvidence
    catalogue: Catalogue
    question: EvidenceRequest
    signals_shown: int
    rank_discount: float

    def leads(self) -> tuple[RankedLead, ...]:
        """The K leads, best first."""
        ranking, candidates, best = self.ranking, self.candidates, self.ranking.best
        positions = self.pool.positions
        levels = candidates.fit_levels.at(positions[best])
        weights = self._weights()
        rows, leads, steps, sources, matched, unverified = traits(
            best, positions, levels, candidates.source_rows, candidates.steps, ranking.contacts.leads,
            ranking.contacts.matched, ranking.intent.source,
        ).tolist()  # fmt: skip
        names = [report.step for report in candidates.relaxation]
        columns = zip(
            self.catalogue.company_cards(rows),
            self.catalogue.contact_cards(leads),
            matched,
            self._account(levels, weights).tolist(),
            [INTENT_SOURCES[source] for source in sources],
            [names[step] for step in steps],
            unverified,
            self._signals().of(best),
            self._merged(best),
            strict=True,
        )
        return tuple(
            [
                _lead(
                    rank, company, person, is_matched, numbers, weights, source, step,
                    self._unverified_fields(company) if is_unverified else (), signals, merged,
                )
                for rank, (
                    company, person, is_matched, numbers, source, step, is_unverified, signals, merged,
                ) in enumerate(columns, start=1)
            ]
        )  # fmt: skip

    def _account(self, levels: LevelArray, weights: Sequence[float]) -> FloatArray:
        """See `ranking.kernels.presenting.account`."""
        ranking, intent, likeness = self.ranking, self.ranking.intent, self.question.industry
        return account(
            ranking.best, levels, *LEVEL_TABLES,
            NO_LIKENESS if likeness is None else likeness[self.pool.positions[ranking.best]],
            ranking.scores, ranking.fit, intent.total, intent.base, intent.churn, intent.job, self.pool.base,
            np.array(weights),
        )  # fmt: skip

    def _weights(self) -> list[float]:
        """What industry, size, region and intent weigh in the score."""
        final = self.ranking.final
        return [*[final.fit * weight for weight in self.ranking.fit_weights.tolist()], final.intent]

    def _signals(self) -> Signals:
        ranking = self.ranking
        return Signals(
            self.pool, ranking.intent, ranking.final.intent, self.rank_discount, self.catalogue, self.question, self.signals_shown,
        )  # fmt: skip

    def _merged(self, best: IntArray) -> list[tuple[str, ...]]:
        """Ids of the leads that each returned one stands for."""
        replaced = self.ranking.contacts.replaced(best)
        ids = iter(self.catalogue.lead_ids([row for rows in replaced for row in rows]))
        return [tuple(islice(ids, len(rows))) if rows else () for rows in replaced]

    def _unverified_fields(self, company: CompanyCard) -> tuple[str, ...]:
        include = self.ranking.query.include
        known = {
            "industry": company.industry is not None or not include.industries,
            "employee_count": company.employee_count is not None or not include.employees,
            "country": company.country is not None
            or not (include.countries or include.regions or include.cities),
        }
        return tuple(name for name, is_known in known.items() if not is_known)


def _lead(
    rank: int,
    company: CompanyCard,
    person: ContactCard,
    is_matched: int,
    numbers: Sequence[float],
    weights: Sequence[float],
    source: IntentSource,
    step: str,
    unverified_fields: tuple[str, ...],
    signals: tuple[Signal, ...],
    merged: tuple[str, ...],
) -> RankedLead:
    company_id, name, domain, industry, sub_industry, industry_raw, country, city, city_raw, employees = (
        company
    )
    lead_id, person_name, title, seniority, email = person
    score, fit, intent, confidence, *parts = numbers
    shown_city = city_raw or city
    return {
        "rank": rank,
        "lead_id": lead_id,
        "company_id": company_id,
        "company_name": name,
        "domain": domain,
        "industry": sub_industry or industry or industry_raw,
        "employee_count": employees,
        "country": country,
        "city": shown_city,
        "contact": {
            "name": person_name,
            "title": title,
            "seniority": seniority,
            "email": email,
            "note": None if is_matched else "no matching contact",
        },
        "score": score,
        "fit_score": fit,
        "intent_score": intent,
        "confidence": confidence,
        "intent_source": source,
        "step": step,
        "unverified": unverified_fields,
        "signals": signals,
        "waterfall": waterfall(parts, weights),
        "why": why(name, shown_city, country, employees, signals, unmatched_contact=not is_matched),
        "merged": merged,
    }


def shortfall(
    limit: int, returned: int, available: int, scores: FloatArray, min_score: float
) -> Shortfall | None:
    """Why fewer than `limit` came back; never padded (F-4).

    Args:
        scores: float64[m] of the pool, -inf where nobody may be approached.
    """
    if returned >= limit:
        return None
    reachable = np.isfinite(scores)
    causes = {
        f"score below min_score {min_score:g}": int((scores[reachable] < min_score).sum()),
        "have no contact that may be approached": int((~reachable).sum()),
        "are not among the best by fit and evidence": available - len(scores),
    }
    told = ", ".join(f"{count} {cause}" for cause, count in causes.items() if count)
    reason = f"{available} companies pass the filters that are never relaxed"
    return Shortfall(limit, returned, f"{reason}; {told}" if told else f"only {reason}")
