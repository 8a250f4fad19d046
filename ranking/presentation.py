"""From rows to leads: the K returned objects, each with evidence, waterfall and one sentence (F-7)."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from ranking.answer import Contact, RankedLead, Shortfall, WaterfallPart
from ranking.cards import CompanyCard, ContactCard
from ranking.cascade import Intent
from ranking.explain import waterfalls, why
from ranking.fit import unpack_levels, unverified
from ranking.fusion import FinalWeights
from ranking.intent import INTENT_SOURCES
from ranking.ports import Catalogue, ChosenContacts, EvidenceRequest
from ranking.signals import Signals
from ranking.types import BoolArray, Candidates, FloatArray, IntArray, LevelArray, PoolEvidence, Query


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

    Everything numeric is taken for all K at once, as columns that become lists of Python floats; reading one element of an array costs
    as much as adding up a hundred.
    """

    ranking: Ranking
    candidates: Candidates
    pool: PoolEvidence
    catalogue: Catalogue
    question: EvidenceRequest
    signals_shown: int

    def leads(self) -> tuple[RankedLead, ...]:
        """The K leads, best first."""
        ranking, best = self.ranking, self.ranking.best
        contacts, positions = ranking.contacts, self.pool.positions[best]
        levels = self.candidates.fit_levels.at(positions)
        unverified_rows = unverified(levels)
        columns = zip(
            self.catalogue.company_cards(self.candidates.source_rows[positions].tolist()),
            self.catalogue.contact_cards(contacts.leads[best].tolist()),
            contacts.matched[best].tolist(),
            ranking.scores[best].tolist(),
            ranking.fit[best].tolist(),
            ranking.intent.total[best].tolist(),
            self._confidence(best, unverified_rows).tolist(),
            ranking.intent.source[best].tolist(),
            self.candidates.steps[positions].tolist(),
            unverified_rows.tolist(),
            self._signals().of(best),
            self._waterfalls(best, positions, levels),
            self._merged(best),
            strict=True,
        )
        steps = [report.step for report in self.candidates.relaxation]
        return tuple(
            [
                RankedLead(
                    rank, person.lead_id, company.company_id, company.name, company.domain,
                    company.sub_industry or company.industry or company.industry_raw, company.employee_count,
                    company.country, company.city_raw or company.city, _contact(person, is_matched),
                    score, fit, intent, confidence, INTENT_SOURCES[source], steps[step],
                    self._unverified_fields(company) if is_unverified else (), signals, parts,
                    why(company.name, _facts(company), signals, not is_matched), merged,
                )
                for rank, (
                    company, person, is_matched, score, fit, intent, confidence, source, step, is_unverified, signals,
                    parts, merged,
                ) in enumerate(columns, start=1)
            ]
        )  # fmt: skip

    def _signals(self) -> Signals:
        ranking = self.ranking
        return Signals(
            self.pool, ranking.intent, ranking.final.intent, self.catalogue, self.question, self.signals_shown
        )

    def _waterfalls(
        self, best: IntArray, positions: IntArray, levels: LevelArray
    ) -> list[tuple[WaterfallPart, ...]]:
        ranking, intent = self.ranking, self.ranking.intent
        industry, size, region = unpack_levels(levels)
        if self.question.industry is not None:
            industry = self.question.industry[positions].astype(np.float64)
        values = zip(industry.tolist(), size.tolist(), region.tolist(), strict=True)
        points = zip(*(part[best].tolist() for part in (intent.base, intent.churn, intent.job)), strict=True)
        return waterfalls(values, _triple(ranking.fit_weights), points, ranking.final)

    def _merged(self, best: IntArray) -> list[tuple[str, ...]]:
        """Ids of the leads that each returned one stands for."""
        replaced = self.ranking.contacts.replaced(best)
        ids = iter(self.catalogue.lead_ids([row for rows in replaced for row in rows]))
        return [tuple(islice(ids, len(rows))) for rows in replaced]

    def _confidence(self, best: IntArray, unverified_rows: BoolArray) -> FloatArray:
        """Not calibrated yet: half for known firmographics, half for lexical evidence; comparable within one answer only."""
        return np.where(unverified_rows, 0.25, 0.5) + 0.005 * self.pool.base[best]

    def _unverified_fields(self, company: CompanyCard) -> tuple[str, ...]:
        include = self.ranking.query.include
        known = {
            "industry": company.industry is not None or not include.industries,
            "employee_count": company.employee_count is not None or not include.employees,
            "country": company.country is not None
            or not (include.countries or include.regions or include.cities),
        }
        return tuple(name for name, is_known in known.items() if not is_known)


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


def _contact(person: ContactCard, is_matched: bool) -> Contact:
    _, name, title, seniority, email = person
    return Contact(name, title, seniority, email, None if is_matched else "no matching contact")


def _facts(company: CompanyCard) -> list[str]:
    city, country, employees = company.city_raw or company.city, company.country, company.employee_count
    facts = [f"{city}, {country}"] if city and country else [place for place in (city, country) if place]
    return facts if employees is None else [*facts, f"{employees:,} employees"]


def _triple(weights: FloatArray) -> tuple[float, float, float]:
    industry, size, region = weights.tolist()
    return industry, size, region
