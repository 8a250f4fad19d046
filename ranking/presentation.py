"""From rows to leads: the K returned objects, each with evidence, waterfall and one sentence (F-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ranking.answer import RankedLead, Shortfall, Signal
from ranking.cards import CompanyCard, ContactCard
from ranking.cascade import Intent
from ranking.explain import cap, waterfall, why
from ranking.fit import unpack_levels, unverified
from ranking.fusion import FinalWeights
from ranking.intent import INTENT_SOURCES
from ranking.kernels.presenting import account
from ranking.ports import Catalogue, ChosenContacts, EvidenceRequest
from ranking.signals import Signals
from ranking.types import (
    BoolArray,
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

    `best` int32[k] are positions in the pool, best first; `scores`, `fit` float64[m] are the whole pool's.
    """

    best: IntArray
    scores: FloatArray
    fit: FloatArray
    fit_weights: FloatArray
    final: FinalWeights
    intent: Intent
    contacts: ChosenContacts
    query: Query


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

    def leads(self) -> tuple[RankedLead, ...]:
        """The K leads, best first."""
        ranking, candidates, best = self.ranking, self.candidates, self.ranking.best
        contacts, positions = ranking.contacts, self.pool.positions[best]
        levels = candidates.fit_levels.at(positions)
        is_unverified = unverified(levels)
        weights = self._weights()
        steps = [report.step for report in candidates.relaxation]
        columns = zip(
            self.catalogue.company_cards(candidates.source_rows[positions].tolist()),
            self.catalogue.contact_cards(contacts.leads[best].tolist()),
            contacts.matched[best].tolist(),
            self._account(positions, levels, is_unverified, weights).tolist(),
            [INTENT_SOURCES[source] for source in ranking.intent.source[best].tolist()],
            [steps[step] for step in candidates.steps[positions].tolist()],
            is_unverified.tolist(),
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

    def _account(
        self, positions: IntArray, levels: LevelArray, is_unverified: BoolArray, weights: Sequence[float]
    ) -> FloatArray:
        """See `ranking.kernels.presenting.account`."""
        ranking, intent = self.ranking, self.ranking.intent
        industry, size, region = unpack_levels(levels)
        if self.question.industry is not None:
            industry = self.question.industry[positions].astype(np.float64)
        return account(
            ranking.best, ranking.scores, ranking.fit, intent.total, intent.base, intent.churn, intent.job, self.pool.base,
            is_unverified, industry, size, region, np.array(weights),
        )  # fmt: skip

    def _weights(self) -> list[float]:
        """What industry, size, region and intent weigh in the score."""
        final = self.ranking.final
        return [*[final.fit * weight for weight in self.ranking.fit_weights.tolist()], final.intent]

    def _signals(self) -> Signals:
        ranking = self.ranking
        return Signals(
            self.pool, ranking.intent, ranking.final.intent, self.catalogue, self.question, self.signals_shown
        )

    def _merged(self, best: IntArray) -> list[tuple[str, ...]]:
        """Ids of the leads that each returned one stands for."""
        replaced = self.ranking.contacts.replaced(best)
        ids = iter(self.catalogue.lead_ids([row for rows in replaced for row in rows]))
        return [tuple(islice(ids, len(rows))) for rows in replaced]

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
    is_matched: bool,
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
    score, fit, intent, confidence = numbers[:4]
    overflow, shown_city = numbers[16], city_raw or city
    parts = waterfall(numbers[4:10], weights, numbers[10:16])
    if overflow > 0.0:
        parts.append(cap(overflow, weights[3]))
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
        "waterfall": parts,
        "why": why(name, shown_city, country, employees, signals, not is_matched),
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
