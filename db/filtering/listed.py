"""The companies and leads of "rank my list": judged by the filters, nothing relaxed, each refusal with its reason (F-2)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from db.filtering.admission import Admission, Gate, Question, intersection
from db.filtering.bitmaps import Words, contains, count
from db.filtering.contacts import Audience, ContactFilter, Proof
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


class Listed(NamedTuple):
    """The distinct ids of the list, and the record row each stands for (-1: nobody the tenant may see)."""

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
        by_company = self._companies.by_id.rows_of(ids, self._companies.ids)
        lead_rows = self._leads.by_id.rows_of(ids, self._leads.ids)
        named = np.flatnonzero((by_company < 0) & (lead_rows >= 0))
        owned = question.view.owned
        if owned is not None:
            named = named[owned[lead_rows[named]]]
        rows = by_company.copy()
        rows[named] = self._leads.company[lead_rows[named]]
        visible = contains(question.view.records, np.maximum(rows, 0)) & (rows >= 0)
        allowed = self._leads_of(by_company[visible & (by_company >= 0)])
        allowed[lead_rows[named]] = True
        return Listed(
            ids,
            np.where(visible, rows, -1).astype(np.int32),
            Audience(None, _both(allowed, question.view.audience.leads)),
            Audience(None, _both(allowed, owned)),
        )

    def _leads_of(self, rows: IntArray) -> BoolArray:
        """bool[m]: all leads of the businesses of these records."""
        gate = self._gate
        whole = gate.space.mask(gate.clusters.spread(gate.space.of_rows(rows)))
        leads: BoolArray = whole[self._leads.company]
        return leads

    def _dropped(
        self, listed: Listed, companies: Words, question: Question, reachable: Words
    ) -> tuple[Dropped, ...]:
        representative = self._gate.clusters.representative[np.maximum(listed.rows, 0)]
        refused = np.flatnonzero((listed.rows < 0) | ~contains(companies, representative))
        if not len(refused):
            return ()
        rows = listed.rows[refused]
        reasons = np.full(len(refused), "", dtype=object)
        reasons[rows < 0] = Refusal.UNKNOWN_ID
        for reason, holds in self._reasons(listed, question, reachable):
            reasons[(reasons == "") & contains(holds, rows)] = reason
        return tuple(
            Dropped(listed.ids[at], str(reason)) for at, reason in zip(refused.tolist(), reasons, strict=True)
        )

    def _reasons(self, listed: Listed, question: Question, reachable: Words) -> list[tuple[Refusal, Words]]:
        """Each possible reason with the records it holds for, in the order of `Refusal`."""
        gate, view = self._gate, question.view
        owned = gate.contacts.records(ContactFilter(), Proof.POSSIBLE, listed.owned)
        reasons = [
            (Refusal.DO_NOT_CONTACT, view.suppressed | (owned & ~reachable)),
            (Refusal.EXEMPLAR, question.exemplars),
        ]
        for name, met in gate.companies.excluded(question.excluded).items():
            reasons.append((_EXCLUDED[name], gate.clusters.spread(met & view.records)))
        reasons += [(Refusal.INACTIVE, ~self._active), (Refusal.NO_CONTACT, ~reachable)]
        reasons += self._contact_reasons(listed, question)[:2]
        for name, (matching, unknown) in gate.companies.matching(question.asked.strict).items():
            reasons.append((_INCLUDED[name], ~(matching | unknown)))
        return reasons + self._contact_reasons(listed, question)[2:]

    def _contact_reasons(self, listed: Listed, question: Question) -> list[tuple[Refusal, Words]]:
        asked, excluded = question.asked.strict, question.excluded
        filters = (
            (Refusal.EXCLUDED_ROLES, ContactFilter(None, None, excluded.roles)),
            (Refusal.EXCLUDED_SENIORITIES, ContactFilter(None, None, excluded.roles, excluded.seniorities)),
            (Refusal.ROLES, ContactFilter(asked.roles, None, excluded.roles, excluded.seniorities)),
            (Refusal.SENIORITIES, ContactFilter.of(asked, excluded)),
        )
        records = self._gate.contacts.records
        return [(reason, ~records(wanted, Proof.POSSIBLE, listed.shown)) for reason, wanted in filters]


def _both(allowed: BoolArray, seen: BoolArray | None) -> BoolArray:
    return allowed if seen is None else allowed & seen
