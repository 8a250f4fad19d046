"""From rows to leads: the K returned objects, each with evidence, waterfall and one sentence (F-7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ranking.answer import Contact, RankedLead, Shortfall, Signal
from ranking.cards import CompanyCard
from ranking.cascade import Intent
from ranking.excerpt import excerpt
from ranking.explain import waterfall, why
from ranking.fit import unpack_levels, unverified
from ranking.fusion import FinalWeights
from ranking.ports import Catalogue, ChosenContacts, EvidenceRequest
from ranking.types import Candidates, FloatArray, IntArray, PoolEvidence, Query

_DAY_S = 86_400.0
_DISCOUNT = 0.5


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
    """Makes returned leads out of one ranking."""

    ranking: Ranking
    candidates: Candidates
    pool: PoolEvidence
    catalogue: Catalogue
    question: EvidenceRequest
    signals_shown: int

    def leads(self) -> tuple[RankedLead, ...]:
        """The K leads, best first."""
        return tuple(self._lead(rank, int(at)) for rank, at in enumerate(self.ranking.best, start=1))

    def _lead(self, rank: int, at: int) -> RankedLead:
        ranking, position = self.ranking, int(self.pool.positions[at])
        company = self.catalogue.company(int(self.candidates.source_rows[position]))
        person = self.catalogue.lead(int(ranking.contacts.leads[at]))
        matched = bool(ranking.contacts.matched[at])
        signals = self._signals(at)
        is_unverified = bool(unverified(self.candidates.levels[position : position + 1])[0])
        intent = ranking.intent
        return RankedLead(
            rank=rank,
            lead_id=person.lead_id,
            company_id=company.company_id,
            company_name=company.name,
            domain=company.domain,
            industry=company.sub_industry or company.industry or company.industry_raw,
            employee_count=company.employee_count,
            country=company.country,
            city=company.city_raw or company.city,
            contact=Contact(
                person.name, person.title, person.seniority, person.email, None if matched else "no matching contact"
            ),
            score=float(ranking.scores[at]),
            fit_score=float(ranking.fit[at]),
            intent_score=float(intent.total[at]),
            confidence=self._confidence(at, is_unverified),
            intent_source=intent.source_at(at),
            step=self.candidates.relaxation[int(self.candidates.steps[position])].step,
            unverified=self._unverified_fields(company) if is_unverified else (),
            signals=signals,
            waterfall=waterfall(
                self._levels(position), _triple(ranking.fit_weights),
                (float(intent.base[at]), float(intent.churn[at]), float(intent.job[at])), ranking.final,
            ),
            why=why(company.name, _facts(company), signals, not matched),
            merged=tuple(self.catalogue.lead_id(int(row)) for row in ranking.contacts.replaced[at]),
        )  # fmt: skip

    def _levels(self, position: int) -> tuple[float, float, float]:
        industry, size, region = unpack_levels(self.candidates.levels[position : position + 1])
        likeness = self.question.industry
        named = float(industry[0] if likeness is None else likeness[position])
        return named, float(size[0]), float(region[0])

    def _confidence(self, at: int, is_unverified: bool) -> float:
        """Not calibrated yet: half for known firmographics, half for lexical evidence; comparable within one answer only."""
        return (0.25 if is_unverified else 0.5) + 0.005 * float(self.pool.base[at])

    def _unverified_fields(self, company: CompanyCard) -> tuple[str, ...]:
        include = self.ranking.query.include
        known = {
            "industry": company.industry is not None or not include.industries,
            "employee_count": company.employee_count is not None or not include.employees,
            "country": company.country is not None
            or not (include.countries or include.regions or include.cities),
        }
        return tuple(name for name, is_known in known.items() if not is_known)

    def _signals(self, at: int) -> tuple[Signal, ...]:
        rows = [int(row) for row in self.pool.snippets[at] if row >= 0]
        decided_by_bm25 = self.ranking.intent.source_at(at) == "bm25"
        discounted = self.pool.contribution[at].astype(np.float64) * _DISCOUNT ** np.arange(
            len(self.pool.contribution[at])
        )
        total = float(discounted.sum())
        base_points = self.ranking.final.intent * float(self.ranking.intent.base[at]) / 100.0
        signals = [
            self._signal(
                row, float(self.pool.decay[at, j]),
                base_points * float(discounted[j]) / total if decided_by_bm25 and total > 0.0 else None,
            )
            for j, row in enumerate(rows[: self.signals_shown])
        ]  # fmt: skip
        for row in _unseen((int(self.pool.job_snippets[at]), int(self.pool.churn_snippets[at])), rows):
            if len(signals) < self.signals_shown:
                signals.append(self._signal(row, 1.0, None))
        return tuple(signals)

    def _signal(self, row: int, decay: float, points: float | None) -> Signal:
        card = self.catalogue.snippet(row)
        text, terms = excerpt(card.text, lambda passage: self.catalogue.matched_terms(passage, self.question))
        return Signal(
            snippet_id=card.snippet_id,
            kind=card.kind,
            text=text,
            source_url=card.source_url,
            observed_at=None if card.observed_at is None else card.observed_at.date().isoformat(),
            age_days=_age_days(card.observed_at, self.question.as_of_s),
            decay=decay,
            points=points,
            matched_terms=terms,
        )


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


def _unseen(rows: Iterable[int], shown: list[int]) -> list[int]:
    return [row for row in dict.fromkeys(rows) if row >= 0 and row not in shown]


def _age_days(observed_at: datetime | None, as_of_s: float) -> float | None:
    if observed_at is None:
        return None
    age_s = as_of_s - observed_at.astimezone(UTC).timestamp()
    return round(max(0.0, age_s / _DAY_S), 2)


def _facts(company: CompanyCard) -> list[str]:
    place = ", ".join(part for part in (company.city_raw or company.city, company.country) if part)
    people = "" if company.employee_count is None else f"{company.employee_count:,} employees"
    return [fact for fact in (place, people) if fact]


def _triple(weights: FloatArray) -> tuple[float, float, float]:
    industry, size, region = weights.tolist()
    return industry, size, region
