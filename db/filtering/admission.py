"""What a query may admit at all, and climbing the ladder until enough companies are admitted (F-2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.filtering.bitmaps import BitSpace, Words, count
from db.filtering.clusters import Clusters
from db.filtering.companies import CompanySets
from db.filtering.contacts import Audience, ContactFilter, ContactSets, Proof
from db.filtering.visibility import View
from ranking.relaxation import CompanyFilter, Exclusion, Rung, Scope
from ranking.types import StepReport


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query made ready for the columns.

    `barred` holds all records of businesses that are excluded or are exemplars themselves; `exemplars` the latter only.
    """

    asked: Scope
    excluded: Exclusion
    view: View
    exemplars: Words
    barred: Words


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """Who is admitted, and by which step.

    Attributes:
        records: admitted records.
        companies: representatives of their businesses.
        strict: records that match every dimension asked for.
        reached: companies admitted by each step and those before it, in the order of `relaxation`; none where one step did it all.
        relaxation: one report per step.
        audience: the leads that count.
    """

    records: Words
    companies: Words
    strict: Words
    reached: Sequence[Words]
    relaxation: tuple[StepReport, ...]
    audience: Audience


class Gate:
    """The sets behind the filters, and how a rung, the exclusions and the ladder are put together from them."""

    def __init__(self, companies: CompanySets, contacts: ContactSets, clusters: Clusters) -> None:
        self.companies = companies
        self.contacts = contacts
        self.clusters = clusters
        self.space: BitSpace = companies.space

    def barred(self, excluded: Exclusion, view: View, exemplars: Words) -> Words:
        """All records of businesses of which a visible record meets an exclusion, and the exemplars'."""
        sets = self.companies.excluded(excluded).values()
        if not sets:
            return exemplars
        met = self.space.none()
        for each in sets:
            met |= each
        return self.clusters.spread(met & view.records) | exemplars

    def passing(
        self, asked: CompanyFilter, excluded: Exclusion, audience: Audience, *, admit_unknown: bool
    ) -> list[Words]:
        """The sets that a record must be in to pass a rung, besides being eligible and not barred."""
        sets = self.companies.admitted(asked, admit_unknown=admit_unknown)
        wanted = ContactFilter.of(asked, excluded)
        if not wanted.is_open:
            proof = Proof.POSSIBLE if admit_unknown else Proof.MATCHING
            sets.append(self.contacts.records(wanted, proof, audience))
        return sets

    def unverified(self, asked: CompanyFilter, excluded: Exclusion, audience: Audience) -> Words | None:
        """Records that pass, or could, by something that is not known of them; None when nothing is asked."""
        sets = self.companies.unverified(asked, excluded)
        wanted = ContactFilter.of(asked, excluded)
        if not wanted.is_open:
            possible = self.contacts.records(wanted, Proof.POSSIBLE, audience)
            sets.append(possible & ~self.contacts.records(wanted, Proof.VERIFIED, audience))
        if not sets:
            return None
        unverified = self.space.none()
        for each in sets:
            unverified |= each
        return unverified

    def climb(self, question: Question, rungs: Iterable[Rung], stop_at: int) -> Admission:
        """Take one rung after the other until `stop_at` distinct companies are admitted or none is left."""
        open_to_all = question.view.eligible & ~question.barred
        records = companies = strict = self.space.none()
        reached: list[Words] = []
        relaxation: list[StepReport] = []
        total = 0
        for rung in rungs:
            records = intersection(
                open_to_all,
                self.passing(
                    rung.filter, question.excluded, question.view.audience, admit_unknown=rung.admit_unknown
                ),
            )
            companies = self.clusters.companies_of(records)
            if not relaxation:
                strict = records
            reached.append(companies)
            added = count(companies) - total
            total += added
            relaxation.append(StepReport(rung.name, added))
            if total >= stop_at:
                break
        return Admission(records, companies, strict, reached, tuple(relaxation), question.view.audience)


def intersection(start: Words, sets: Iterable[Words]) -> Words:
    """The rows that are in `start` and in all of the sets."""
    common = start.copy()
    for each in sets:
        common &= each
    return common
