"""The companies and leads of "rank my list": judged by the filters, nothing relaxed, each refusal with its reason (F-2)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from db.filtering.admission import Admission, Gate, Question, intersection
from db.filtering.bitmaps import Words, contains, count
from db.filtering.contacts import Audience, ContactFilter, Proof
from db.filtering.named import leads_of_businesses, named
from db.snapshot.columns import CompanyColumns, LeadColumns
from ranking.refusal import Refusal
from ranking.types import BoolArray, Dropped, IntArray, StepReport

_EXCLUDED = {
    "companies": Refusal.EXCLUDED_COMPANIES,
    "keywords": Refusal.EXCLUDED_KEYWORDS,
    "industries": Refusal.EXCLUDED_INDUSTRIES,
    "employees": Refusal.EXCLUDED_EMPLOYEES,
    "location": Refusal.EXCLUDED_LOCATION,
    "technologies": Refusal.EXCLUDED_TECHNOLOGIES,
    "stages": Refusal.EXCLUDED_STAGES,
}
_INCLUDED = {
    "industries": Refusal.INDUSTRIES,
    "employees": Refusal.EMPLOYEES,
    "location": Refusal.LOCATION,
    "technologies": Refusal.TECHNOLOGIES,
    "stages": Refusal.STAGES,
}


_Reasons = list[tuple[Refusal, Words]]


class Listed(NamedTuple):
    """The distinct ids of the list, the record row each stands for (-1: nobody the tenant may see), and its leads.

    `shown` are those that may be shown, `owned` also those that are suppressed.
    """

    ids: tuple[str, ...]
    rows: IntArray
    shown: Audience
    owned: Audience


class Listing:
    """Judges lists of company and lead ids; an id that is both is the company's."""

    def __init__(self, companies: CompanyColumns, leads: LeadColumns, gate: Gate) -> None:
        self._companies = companies
        self._leads = leads
        self._gate = gate
        self._active = gate.space.pack(companies.active)

    def admit(self, ids: Sequence[str], question: Question) -> tuple[Admission, tuple[Dropped, ...]]:
        """Admit whom the filters let pass (unknown values do), and say why the others are not."""
        gate, view = self._gate, question.view
        listed = self._find(tuple(dict.fromkeys(ids)), question)
        found = gate.space.of_rows(listed.rows[listed.rows >= 0])
        reachable = gate.contacts.records(ContactFilter(), Proof.POSSIBLE, listed.shown)
        passing = gate.passing(question.asked.strict, question.excluded, listed.shown, admit_unknown=True)
        records = intersection(
            gate.clusters.spread(found) & view.records & self._active & reachable,
            [~view.suppressed, ~question.barred, *passing],
        )
        companies = gate.clusters.companies_of(records)
        report = (StepReport("candidates", count(companies)),)
        admission = Admission(records, companies, gate.space.none(), (), report, listed.shown)
        return admission, self._dropped(listed, companies, question, reachable)

    def _find(self, ids: tuple[str, ...], question: Question) -> Listed:
        view = question.view
        found = named(ids, self._companies, self._leads)
        by_lead = np.flatnonzero(found.leads >= 0)
        if view.owned is not None:
            by_lead = by_lead[view.owned[found.leads[by_lead]]]
        rows = found.companies.copy()
        rows[by_lead] = self._leads.company[found.leads[by_lead]]
        visible = contains(view.records, np.maximum(rows, 0)) & (rows >= 0)
        businesses = found.companies[visible & (found.companies >= 0)]
        leads = np.concatenate(
            (leads_of_businesses(businesses, self._companies, self._leads), found.leads[by_lead])
        )
        return Listed(
            ids,
            np.where(visible, rows, -1).astype(np.int32),
            Audience(None, rows=_seen(leads, view.audience.leads)),
            Audience(None, rows=_seen(leads, view.owned)),
        )

    def _dropped(
        self, listed: Listed, companies: Words, question: Question, reachable: Words
    ) -> tuple[Dropped, ...]:
        representative = self._gate.clusters.representative[np.maximum(listed.rows, 0)]
        refused = np.flatnonzero((listed.rows < 0) | ~contains(companies, representative))
        if not len(refused):
            return ()
        rows = listed.rows[refused]
        reasons = self._reasons(listed, question, reachable)
        first = np.full(len(refused), -1)
        for number, (_, holds) in reversed(list(enumerate(reasons))):
            first[contains(holds, rows)] = number
        first[rows < 0] = len(reasons)
        wordings = [*(str(reason) for reason, _ in reasons), str(Refusal.UNKNOWN_ID)]
        ids = listed.ids
        return tuple(
            Dropped(ids[at], wordings[number])
            for at, number in zip(refused.tolist(), first.tolist(), strict=True)
        )

    def _reasons(self, listed: Listed, question: Question, reachable: Words) -> list[tuple[Refusal, Words]]:
        """Each possible reason with the records it holds for, in the order of `Refusal`."""
        gate, view = self._gate, question.view
        owned = gate.contacts.records(ContactFilter(), Proof.POSSIBLE, listed.owned)
        barred, wanted = self._contact_reasons(listed, question)
        reasons = [
            (Refusal.DO_NOT_CONTACT, view.suppressed | (owned & ~reachable)),
            (Refusal.EXEMPLAR, question.exemplars),
        ]
        for name, met in gate.companies.excluded(question.excluded).items():
            reasons.append((_EXCLUDED[name], gate.clusters.spread(met & view.records)))
        reasons += [(Refusal.INACTIVE, ~self._active), (Refusal.NO_CONTACT, ~reachable), *barred]
        for name, (matching, unknown) in gate.companies.matching(question.asked.strict).items():
            reasons.append((_INCLUDED[name], ~(matching | unknown)))
        return reasons + wanted

    def _contact_reasons(self, listed: Listed, question: Question) -> tuple[_Reasons, _Reasons]:
        """Those of excluded roles and seniorities, and those of wanted ones."""
        asked, excluded = question.asked.strict, question.excluded
        roles, seniorities = excluded.roles, excluded.seniorities
        barred = (
            (Refusal.EXCLUDED_ROLES, ContactFilter(None, None, roles)),
            (Refusal.EXCLUDED_SENIORITIES, ContactFilter(None, None, roles, seniorities)),
        )
        wanted = (
            (Refusal.ROLES, ContactFilter(asked.roles, None, roles, seniorities)),
            (Refusal.SENIORITIES, ContactFilter.of(asked, excluded)),
        )
        return self._failing(barred, listed.shown), self._failing(wanted, listed.shown)

    def _failing(self, filters: Iterable[tuple[Refusal, ContactFilter]], shown: Audience) -> _Reasons:
        records = self._gate.contacts.records
        return [(reason, ~records(wanted, Proof.POSSIBLE, shown)) for reason, wanted in filters]


def _seen(leads: IntArray, audience: BoolArray | None) -> IntArray:
    return leads if audience is None else leads[audience[leads]]
